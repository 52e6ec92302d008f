/** The URLs of requests: where they lead, and what of them may be shown. */
import { Loopback } from "@gitlab-registry-usage/core"

/** The URL with one slash at its end, and without the path of the API, with which people often give it. */
const baseOf = (url: URL, api: RegExp): URL =>
  new URL(`${url.origin}${url.pathname.replace(/\/+$/, "").replace(api, "").replace(/\/+$/, "")}/`)

/** The base of a registry, from its own address or that of its API, `/v2/`. */
export const registryBase = (url: URL): URL => baseOf(url, /\/v2$/)

/** The base of a GitLab, from its own address or that of its API, `/api/v4`. */
export const gitlabBase = (url: URL): URL => baseOf(url, /\/api\/v4$/)

/** Appends a path to a base URL, which may have a path of its own. */
export const resolve = (base: URL, path: string): string => `${base.origin}${base.pathname.replace(/\/+$/, "")}/${path}`

/** The URL for messages: without user, query and fragment, which may hold secrets. */
export const withoutSecrets = (url: URL): string => url.origin + url.pathname

/** Whether nobody on the network can read what is sent to the URL: https, or the loopback interface. */
export const isConfidential = (url: URL): boolean =>
  url.protocol === "https:" || (url.protocol === "http:" && Loopback.isLoopback(url))
