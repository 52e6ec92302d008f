/** The URLs of requests: where they lead, and what of them may be shown. */
import { Loopback } from "@gitlab-registry-usage/core"

/** Appends a path to a base URL, which may have a path of its own. */
export const resolve = (base: URL, path: string): string => `${base.origin}${base.pathname.replace(/\/+$/, "")}/${path}`

/** The URL for messages: without user, query and fragment, which may hold secrets. */
export const withoutSecrets = (url: URL): string => url.origin + url.pathname

/** Whether nobody on the network can read what is sent to the URL: https, or the loopback interface. */
export const isConfidential = (url: URL): boolean =>
  url.protocol === "https:" || (url.protocol === "http:" && Loopback.isLoopback(url))
