/** Searching for repositories and tags: `web`, `web:nightly`, `:latest`. */

/** Both parts are found anywhere in the name, in any case. Without a colon there is no `tag`. */
export interface Search {
  readonly repository: string
  readonly tag: string | undefined
}

/** Neither the name of a repository nor that of a tag holds a colon. */
export const parse = (query: string): Search => {
  const [repository = "", tag] = query.trim().toLowerCase().split(":")
  return { repository: repository.trim(), tag: tag?.trim() }
}

export const matches = (name: string, part: string): boolean => name.toLowerCase().includes(part)
