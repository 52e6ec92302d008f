/**
 * The groups and projects of GitLab that the repositories belong to.
 */
import { type Account, holds } from "../auth/Account.ts"
import type { Contents, StoredRepository } from "../data/Contents.ts"

/**
 * The path of the project that a repository belongs to: its first two names. GitLab allows deeper ones; here nothing
 * else says where the project ends and the image begins.
 */
export const projectOf = (repository: string): string => repository.split("/").slice(0, 2).join("/")

/** Whether the repository lies in the group or below. */
const isIn = (repository: string, group: string): boolean => projectOf(repository).startsWith(`${group}/`)

/**
 * Numbers for what GitLab numbers, each the same for as long as the registry runs.
 */
export interface Ids {
  readonly of: (kind: "groups" | "projects" | "repositories", path: string) => number
}

export const ids = (): Ids => {
  const known = {
    groups: new Map<string, number>(),
    projects: new Map<string, number>(),
    repositories: new Map<string, number>()
  }
  return {
    of: (kind, path) => {
      const numbers = known[kind]
      const id = numbers.get(path) ?? numbers.size + 1
      numbers.set(path, id)
      return id
    }
  }
}

/** The paths of the groups above a project. */
const groupsOf = (project: string): ReadonlyArray<string> => {
  const names = project.split("/")
  return names.slice(1).map((_, i) => names.slice(0, i + 1).join("/"))
}

/** Numbers everything in the order of listing, whoever asks and for whatever. */
const numberAll = (contents: Contents, ids: Ids): void => {
  for (const name of contents.keys()) {
    const project = projectOf(name)
    ids.of("repositories", name)
    ids.of("projects", project)
    for (const group of groupsOf(project)) ids.of("groups", group)
  }
}

/**
 * The repositories of a group or project, named by its path or number, that the account may see, by their numbers;
 * undefined where it can see no such group or project.
 */
export const repositoriesOf = (
  kind: "groups" | "projects",
  id: string,
  from: { readonly contents: Contents; readonly account: Account; readonly ids: Ids }
): ReadonlyArray<StoredRepository> | undefined => {
  const { account, contents, ids } = from
  numberAll(contents, ids)
  const visible = [...contents.values()].filter(({ name }) => holds(account, name))
  const places = new Set(
    visible.flatMap(({ name }) => (kind === "projects" ? [projectOf(name)] : groupsOf(projectOf(name))))
  )
  const path = [...places].find((place) => place === id || String(ids.of(kind, place)) === id)
  if (path === undefined) return undefined
  return visible
    .filter(({ name }) => (kind === "projects" ? projectOf(name) === path : isIn(name, path)))
    .sort((a, b) => ids.of("repositories", a.name) - ids.of("repositories", b.name))
}

/**
 * The repository with the number, if the account may see it.
 */
export const repositoryBy = (
  id: string,
  from: { readonly contents: Contents; readonly account: Account; readonly ids: Ids }
): StoredRepository | undefined => {
  const { account, contents, ids } = from
  numberAll(contents, ids)
  return [...contents.values()].find(({ name }) => holds(account, name) && String(ids.of("repositories", name)) === id)
}
