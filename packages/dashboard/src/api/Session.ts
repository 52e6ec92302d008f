/** The token of the person at the screen. */
const key = "gitlab-registry-usage.token"

/** Storage may be denied to the page: then the token is kept in memory alone. */
const storage = (): Storage | undefined => {
  try {
    return sessionStorage
  } catch {
    return undefined
  }
}

/** The token of a person who asked to stay signed in, in this tab. */
export const kept = (): string | undefined => storage()?.getItem(key) ?? undefined

export const keep = (token: string): void => storage()?.setItem(key, token)

export const forget = (): void => storage()?.removeItem(key)
