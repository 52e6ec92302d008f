/**
 * The target of an argument: a repository, a tag, or a manifest.
 */
import { Digest, Names, Suggestion, Usage } from "@gitlab-registry-usage/core"
import { Effect } from "effect"
import * as RepositoryPattern from "./RepositoryPattern.ts"
import { type CommandFailure, usageError } from "../output/CommandFailure.ts"

export interface Target {
  readonly repository: Names.RepositoryName
  readonly tag?: Names.TagName | undefined
  readonly digest?: Digest.Digest | undefined
}

/** Parses `REPOSITORY`, `REPOSITORY:TAG` or `REPOSITORY@DIGEST`. */
export const parse = (text: string): Effect.Effect<Target, CommandFailure> => {
  const at = text.indexOf("@")
  const colon = text.indexOf(":")
  const separator = at >= 0 ? at : colon
  const repository = separator < 0 ? text : text.slice(0, separator)
  const reference = separator < 0 ? undefined : text.slice(separator + 1)
  if (!Names.isRepositoryName(repository)) {
    return Effect.fail(
      usageError(`${JSON.stringify(repository)} is not the name of a repository, such as group/project`)
    )
  }
  if (reference === undefined) return Effect.succeed({ repository })
  if (at >= 0) {
    return Digest.isDigest(reference)
      ? Effect.succeed({ repository, digest: reference })
      : Effect.fail(usageError(`${JSON.stringify(reference)} is not a digest, such as sha256:… with 64 digits`))
  }
  return Names.isTagName(reference)
    ? Effect.succeed({ repository, tag: reference })
    : Effect.fail(usageError(`${JSON.stringify(reference)} is not the name of a tag`))
}

/** The number of the repository in the snapshot. Fails with status 2 where it is missing or unreadable. */
export const findRepository = (usage: Usage.Usage, { repository }: Target): Effect.Effect<number, CommandFailure> => {
  const r = Usage.findRepository(usage, repository)
  if (r === undefined) {
    return Effect.fail(
      usageError(`there is no repository ${repository} in this snapshot`, RepositoryPattern.hint(usage, repository))
    )
  }
  return usage.inventory.repositories[r]!.unreadable
    ? Effect.fail(usageError(`the repository ${repository} could not be read`))
    : Effect.succeed(r)
}

/** The number of the tag in the snapshot. */
export const findTag = (usage: Usage.Usage, r: number, tag: Names.TagName): Effect.Effect<number, CommandFailure> => {
  const found = Usage.findTag(usage, r, tag)
  if (found !== undefined) return Effect.succeed(found)
  const { name, tagNames } = usage.inventory.repositories[r]!
  const suggestion = Suggestion.suggest(tag, tagNames)
  return Effect.fail(
    usageError(
      `there is no tag ${name}:${tag} in this snapshot`,
      suggestion === undefined ? `ls --tags ${name} lists its tags` : `did you mean ${name}:${suggestion}?`
    )
  )
}
