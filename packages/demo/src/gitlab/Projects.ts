/**
 * The groups and projects of GitLab that the repositories belong to.
 */
import { type Account, holds } from "../auth/Account.ts"
import type { Contents, StoredRepository } from "../data/Contents.ts"

/**
 * The path of a repository's project: its first two segments. GitLab allows deeper projects, but nothing else here
 * separates the project from the image.
 */
export const projectOf = (repository: string): string => repository.split("/").slice(0, 2).join("/")

/** The ids of groups, projects and repositories. They do not change while the registry runs. */
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

/** A reader: its account, the contents, and the ids. */
export interface Reader {
  readonly account: Account
  readonly contents: Contents
  readonly ids: Ids
}

/**
 * The repositories that the account may see. All repositories get their ids in the listed order, independent of the
 * account.
 */
const visibleTo = ({ account, contents, ids }: Reader): ReadonlyArray<StoredRepository> => {
  for (const name of contents.keys()) {
    const project = projectOf(name)
    ids.of("repositories", name)
    ids.of("projects", project)
    for (const group of groupsOf(project)) ids.of("groups", group)
  }
  return [...contents.values()].filter(({ name }) => holds(account, name))
}

/**
 * The repositories of a group or project (by path or id) that the account may see, ordered by id; undefined if it may
 * see no such group or project.
 */
export const repositoriesOf = (
  kind: "groups" | "projects",
  id: string,
  reader: Reader
): ReadonlyArray<StoredRepository> | undefined => {
  const placesOf = ({ name }: StoredRepository) => (kind === "projects" ? [projectOf(name)] : groupsOf(projectOf(name)))
  const visible = visibleTo(reader)
  const number = (place: string) => String(reader.ids.of(kind, place))
  const path = visible.flatMap(placesOf).find((place) => place === id || number(place) === id)
  if (path === undefined) return undefined
  return visible
    .filter((repository) => placesOf(repository).includes(path))
    .sort((a, b) => reader.ids.of("repositories", a.name) - reader.ids.of("repositories", b.name))
}

/** The repository with this id, if the account may see it. */
export const repositoryBy = (id: string, reader: Reader): StoredRepository | undefined =>
  visibleTo(reader).find(({ name }) => String(reader.ids.of("repositories", name)) === id)
