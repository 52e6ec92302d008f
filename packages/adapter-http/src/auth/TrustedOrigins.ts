/**
 * Where credentials may be sent to.
 *
 * A registry names the token service itself, in its challenge, so that whoever can answer in its place could ask for the
 * credentials (CVE-2020-15157). Only hosts that the configuration names are trusted, each compared as a whole.
 *
 * @since 0.1.0
 */
import { Loopback, Registry } from "@gitlab-registry-usage/core"
import { Result } from "effect"

/**
 * The hosts whose token service is trusted: `hosts` on any port, `hostsWithPort` on that one.
 *
 * @category models
 * @since 0.1.0
 */
export interface Trusted {
  readonly hosts: ReadonlySet<string>
  readonly hostsWithPort: ReadonlySet<string>
}

/**
 * Trusts the hosts of these URLs, and further hosts, each `host` or `host:port`.
 *
 * @category constructors
 * @since 0.1.0
 */
export const trust = (urls: ReadonlyArray<URL>, further: ReadonlyArray<string>): Trusted => {
  const lower = further.map((host) => host.toLowerCase())
  const hasPort = (host: string) => /:\d+$/.test(host)
  return {
    hosts: new Set([...urls.map((url) => url.hostname), ...lower.filter((host) => !hasPort(host))]),
    hostsWithPort: new Set(lower.filter(hasPort))
  }
}

/**
 * Whether what is sent to the URL cannot be read on the way: https, or the loopback interface.
 *
 * @category guards
 * @since 0.1.0
 */
export const isPrivate = (url: URL): boolean =>
  url.protocol === "https:" || (url.protocol === "http:" && Loopback.isLoopback(url))

/**
 * The URL for messages: without user, query and fragment, which may hold secrets.
 *
 * @category formatting
 * @since 0.1.0
 */
export const display = (url: URL): string => url.origin + url.pathname

const portOf = (url: URL) => (url.port !== "" ? url.port : url.protocol === "https:" ? "443" : "80")

/**
 * The URL of the token service that a challenge names, `Unsafe` unless credentials may be sent to it.
 *
 * @category parsing
 * @since 0.1.0
 */
export const realm = (text: string, trusted: Trusted): Result.Result<URL, Registry.Unsafe | Registry.Malformed> => {
  if (!URL.canParse(text)) {
    return Result.fail(new Registry.Malformed({ detail: "the registry names a token service that is not a URL" }))
  }
  const url = new URL(text)
  const named = `the registry names the token service ${display(url)}`
  if (!isPrivate(url)) {
    return Result.fail(new Registry.Unsafe({ detail: `${named}, which is not reached over https` }))
  }
  if (!trusted.hosts.has(url.hostname) && !trusted.hostsWithPort.has(`${url.hostname}:${portOf(url)}`)) {
    return Result.fail(new Registry.Unsafe({ detail: `${named}, which is on none of the configured hosts` }))
  }
  if (url.username !== "" || url.password !== "") {
    return Result.fail(new Registry.Unsafe({ detail: `${named} with credentials in it` }))
  }
  return Result.succeed(url)
}
