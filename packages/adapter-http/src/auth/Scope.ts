/**
 * What a token permits.
 *
 * Source: distribution, "Token Scope Documentation"; each scope is `type:name:actions`.
 */
import type { Names } from "@gitlab-registry-usage/core"

/** A scope as a request names it, such as `repository:group/image:pull`. */
export type Scope = string

/** Listing all repositories. GitLab grants it to administrators only, and only in this form. */
export const catalog: Scope = "registry:catalog:*"

/** Reading a repository. */
export const pull = (repository: Names.RepositoryName): Scope => `repository:${repository}:pull`

/** Deleting from a repository. */
export const remove = (repository: Names.RepositoryName): Scope => `repository:${repository}:delete`

/** What a token says that it permits; several scopes in any order. */
export type Access = ReadonlyArray<{
  readonly type: string
  readonly name: string
  readonly actions: ReadonlyArray<string> | null
}>

/** Which of the scopes an access holds, each with its one action. */
export const granted = (access: Access): ReadonlySet<Scope> =>
  new Set(access.flatMap(({ type, name, actions }) => (actions ?? []).map((action) => `${type}:${name}:${action}`)))
