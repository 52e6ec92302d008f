/** Searching for repositories and tags: `web`, `web:nightly`, `:latest`. */

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

export const matches = (name: string, part: string): boolean => name.toLowerCase().includes(part)
