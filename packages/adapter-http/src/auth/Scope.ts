/**
 * What a token permits.
 *
 * Source: distribution, "Token Scope Documentation"; each scope is `type:name:actions`.
 *
 * @since 0.1.0
 */
import type { Names } from "@gitlab-registry-usage/core"

/**
 * A scope as it is asked for, such as `repository:group/image:pull`.
 *
 * @category models
 * @since 0.1.0
 */
export type Scope = string

/**
 * Listing all repositories. GitLab grants it to administrators only, and only in this form.
 *
 * @category constants
 * @since 0.1.0
 */
export const catalog: Scope = "registry:catalog:*"

/**
 * Reading a repository.
 *
 * @category constructors
 * @since 0.1.0
 */
export const pull = (repository: Names.RepositoryName): Scope => `repository:${repository}:pull`

/**
 * Deleting from a repository.
 *
 * @category constructors
 * @since 0.1.0
 */
export const remove = (repository: Names.RepositoryName): Scope => `repository:${repository}:delete`

/**
 * What a token says that it permits; several scopes in any order.
 *
 * @category models
 * @since 0.1.0
 */
export type Access = ReadonlyArray<{
  readonly type: string
  readonly name: string
  readonly actions: ReadonlyArray<string> | null
}>

/**
 * Which of the scopes an access holds, each with its one action.
 *
 * @category getters
 * @since 0.1.0
 */
export const granted = (access: Access): ReadonlySet<Scope> =>
  new Set(access.flatMap(({ type, name, actions }) => (actions ?? []).map((action) => `${type}:${name}:${action}`)))
