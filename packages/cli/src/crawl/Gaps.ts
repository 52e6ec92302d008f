/**
 * Gaps of a snapshot in messages.
 */
import type { Inventory } from "@gitlab-registry-usage/core"

/** What could not be read: a repository, `repository:tag` or `repository:tag@digest`. */
export const target = ({ digest, repository, tag }: Inventory.Gap): string =>
  `${repository}${tag === undefined ? "" : `:${tag}`}${digest === undefined ? "" : `@${digest}`}`
