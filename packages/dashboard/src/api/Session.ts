/** The token of the user, stored for this tab: it survives a reload, and closing the tab removes it. */
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
