/** The token of whoever is signed in, kept for this tab: a reload keeps it, and closing the tab ends it. */
const key = "gitlab-registry-usage.token"

/** The browser may deny storage to the page: then the token is held in memory only. */
const storage = (): Storage | undefined => {
  try {
    return sessionStorage
  } catch {
    return undefined
  }
}

export const read = (): string | undefined => storage()?.getItem(key) ?? undefined

export const write = (token: string): void => storage()?.setItem(key, token)

export const clear = (): void => storage()?.removeItem(key)
