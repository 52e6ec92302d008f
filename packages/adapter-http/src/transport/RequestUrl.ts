/** The URLs of requests: where they lead, and what of them may be shown. */

/** Appends a path to a base URL, which may have a path of its own. */
export const resolve = (base: URL, path: string): string => `${base.origin}${base.pathname.replace(/\/+$/, "")}/${path}`

/** The URL for messages: without user, query and fragment, which may hold secrets. */
export const withoutSecrets = (url: URL): string => url.origin + url.pathname

const isLoopback = (url: URL): boolean =>
  url.hostname === "localhost" || url.hostname === "[::1]" || /^127\.\d+\.\d+\.\d+$/.test(url.hostname)

/** Whether nobody on the network can read what is sent to the URL: https, or the loopback interface. */
export const isConfidential = (url: URL): boolean =>
  url.protocol === "https:" || (url.protocol === "http:" && isLoopback(url))
