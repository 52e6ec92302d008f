/** Searching for repositories and tags: `web`, `web:nightly`, `:latest`, `latest`. */

/** Each part matches anywhere in the name, in any case. Without a colon there is no `tag`. */
export interface Search {
  readonly repository: string
  readonly tag: string | undefined
}

/** Names of repositories and tags hold no colon. */
export const parse = (query: string): Search => {
  const [repository = "", tag] = query.trim().toLowerCase().split(":")
  return { repository: repository.trim(), tag: tag?.trim() }
}

/** A text without a colon that is in the name of no repository is looked for in the names of tags. */
export const orTags = (search: Search, repositories: ReadonlyArray<{ readonly name: string }>): Search =>
  search.tag !== undefined ||
  search.repository === "" ||
  repositories.some(({ name }) => matches(name, search.repository))
    ? search
    : { repository: "", tag: search.repository }

export const matches = (name: string, part: string): boolean => name.toLowerCase().includes(part)
