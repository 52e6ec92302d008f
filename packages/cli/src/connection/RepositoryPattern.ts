/**
 * Names and globs that choose repositories.
 */
import { Names, Namespaces, Suggestion, Usage } from "@gitlab-registry-usage/core"
import { Effect, Glob } from "effect"
import { type CommandFailure, usageError } from "../output/CommandFailure.ts"

/** A pattern that names no repository but a group, with or without a slash at its end, is everything in the group. */
const withGroups = (usage: Usage.Usage, pattern: string): string => {
  const path = pattern.replace(/\/+$/, "")
  const isRepository = Names.isRepositoryName(pattern) && Usage.findRepository(usage, pattern) !== undefined
  return !isRepository && path !== "" && Namespaces.namespaceAt(usage, path) !== undefined ? `${path}/**` : pattern
}

/** Whether one of the names, groups or globs matches the repository; without any, every repository matches. */
export const chooses = (usage: Usage.Usage, only: ReadonlyArray<string>): ((name: Names.RepositoryName) => boolean) => {
  const globs = only.map((pattern) => Glob.make(withGroups(usage, pattern)))
  return (name) => globs.length === 0 || globs.some((glob) => Glob.match(glob, name))
}

/** The namespaces that a path lies in. */
const ancestors = (path: string): ReadonlyArray<string> => {
  const parent = Names.namespaceOf(path)
  return parent === "" ? [] : [parent, ...ancestors(parent)]
}

/** The namespaces that repositories of these names lie in. */
export const namespacesOf = (names: ReadonlyArray<string>): ReadonlySet<string> => new Set(names.flatMap(ancestors))

/** What the pattern may have been meant as: the content of a namespace, or the nearest name. */
const suggest = (usage: Usage.Usage, pattern: string): string | undefined => {
  const path = pattern.replace(/\/+$/, "")
  if (path !== "" && Namespaces.namespaceAt(usage, path) !== undefined) return `${path}/**`
  const names = usage.inventory.repositories.map(({ name }) => name)
  return Suggestion.suggest(pattern, [...names, ...Array.from(namespacesOf(names), (path) => `${path}/**`)])
}

/** The hint about a name or pattern that matches no repository. */
export const hint = (usage: Usage.Usage, pattern: string): string => {
  const suggestion = suggest(usage, pattern)
  return suggestion === undefined ? "ls lists the repositories" : `did you mean ${suggestion}?`
}

/** Fails with status 2 where a pattern matches no repository, unless that is allowed. `of` begins the message. */
export const requireMatches = (
  usage: Usage.Usage,
  patterns: ReadonlyArray<string>,
  { allowEmpty, of = "" }: { readonly allowEmpty: boolean; readonly of?: string }
): Effect.Effect<void, CommandFailure> => {
  const { repositories } = usage.inventory
  const unmatched = patterns.find((pattern) => !repositories.some(({ name }) => chooses(usage, [pattern])(name)))
  return allowEmpty || unmatched === undefined
    ? Effect.void
    : Effect.fail(
        usageError(
          `${of}no repository matches ${JSON.stringify(unmatched)}`,
          `${hint(usage, unmatched)} (or add --allow-empty)`
        )
      )
}
