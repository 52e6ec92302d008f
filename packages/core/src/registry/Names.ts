/**
 * Names of repositories and tags.
 *
 * Source: OCI distribution specification, "Pulling manifests".
 *
 * @since 0.1.0
 */
import { Schema } from "effect"

const component = "[a-z0-9]+(?:(?:\\.|_|__|-+)[a-z0-9]+)*"
const repositoryGrammar = new RegExp(`^(?=.{1,255}$)${component}(?:/${component})*$`)
const tagGrammar = /^[a-zA-Z0-9_][a-zA-Z0-9._-]{0,127}$/

/**
 * The name of a repository: lower-case components joined by `/`, at most 255 characters. Under GitLab the leading
 * components are groups and a project.
 *
 * @category models
 * @since 0.1.0
 */
export const RepositoryName = Schema.String.check(
  Schema.isPattern(repositoryGrammar, { expected: "a repository name such as group/project/image" })
).pipe(Schema.brand("RepositoryName"))
/**
 * @category models
 * @since 0.1.0
 */
export type RepositoryName = typeof RepositoryName.Type

/**
 * The name of a tag: at most 128 characters of letters, digits, `.`, `_` and `-`, not beginning with `.` or `-`.
 *
 * @category models
 * @since 0.1.0
 */
export const TagName = Schema.String.check(Schema.isPattern(tagGrammar, { expected: "a tag such as 1.0.0" })).pipe(
  Schema.brand("TagName")
)
/**
 * @category models
 * @since 0.1.0
 */
export type TagName = typeof TagName.Type

/**
 * Whether the text is a repository name.
 *
 * @category guards
 * @since 0.1.0
 */
export const isRepositoryName = (text: string): text is RepositoryName => repositoryGrammar.test(text)

/**
 * Whether the text is a tag name.
 *
 * @category guards
 * @since 0.1.0
 */
export const isTagName = (text: string): text is TagName => tagGrammar.test(text)

/**
 * The namespace in which a repository or a namespace lies: its path without the last component, empty for a path of one
 * component.
 *
 * @category getters
 * @since 0.1.0
 */
export const namespaceOf = (path: string): string => path.slice(0, Math.max(0, path.lastIndexOf("/")))
