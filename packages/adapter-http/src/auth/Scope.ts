/**
 * What a token permits.
 *
 * Source: distribution, "Token Scope Documentation"; each scope is `type:name:actions`.
 */
import type { Names } from "@gitlab-registry-usage/core"
import { Schema } from "effect"

/** A scope as a request names it, such as `repository:group/image:pull`. */
export type Scope = string

/** Listing all repositories. GitLab grants it to administrators only, and only in this form. */
export const catalog: Scope = "registry:catalog:*"

/** Reading a repository. */
export const pull = (repository: Names.RepositoryName): Scope => `repository:${repository}:pull`

/** Deleting from a repository. */
export const remove = (repository: Names.RepositoryName): Scope => `repository:${repository}:delete`

/** What a token says that it permits; several scopes in any order. */
export const Access = Schema.Array(
  Schema.Struct({ type: Schema.String, name: Schema.String, actions: Schema.NullOr(Schema.Array(Schema.String)) })
)

/** Which of the scopes an access holds, each with its one action. */
export const granted = (access: typeof Access.Type): ReadonlySet<Scope> =>
  new Set(access.flatMap(({ type, name, actions }) => (actions ?? []).map((action) => `${type}:${name}:${action}`)))
