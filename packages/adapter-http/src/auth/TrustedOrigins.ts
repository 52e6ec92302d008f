/**
 * Where credentials may be sent.
 *
 * A registry names its token service in its challenge, so an attacker who answers for the registry could ask for the
 * credentials (CVE-2020-15157). Only hosts of the configuration are trusted, each compared as a whole.
 */
import { Registry } from "@gitlab-registry-usage/core"
import { Result } from "effect"
import { isConfidential, withoutSecrets } from "../transport/RequestUrl.ts"

/** The hosts whose token service is trusted: `host` on any port, `host:port` on that port. */
export type TrustedOrigins = ReadonlySet<string>

/** Trusts the hosts of these URLs, and further hosts, each `host` or `host:port`. */
export const trust = (urls: ReadonlyArray<URL>, further: ReadonlyArray<string>): TrustedOrigins =>
  new Set([...urls.map((url) => url.hostname), ...further.map((host) => host.toLowerCase())])

const effectivePort = (url: URL) => (url.port !== "" ? url.port : url.protocol === "https:" ? "443" : "80")

/** The URL of the token service that a challenge names, `Unsafe` unless credentials may be sent to it. */
export const parseRealm = (
  text: string,
  trusted: TrustedOrigins
): Result.Result<URL, Registry.Unsafe | Registry.Malformed> => {
  if (!URL.canParse(text)) {
    return Result.fail(new Registry.Malformed({ detail: "the registry names a token service that is not a URL" }))
  }
  const url = new URL(text)
  const unsafe = (why: string) =>
    Result.fail(new Registry.Unsafe({ detail: `the registry names the token service ${withoutSecrets(url)}${why}` }))
  if (!isConfidential(url)) return unsafe(", which is not reached over https")
  if (!trusted.has(url.hostname) && !trusted.has(`${url.hostname}:${effectivePort(url)}`)) {
    return unsafe(", which is on none of the configured hosts")
  }
  return url.username !== "" || url.password !== "" ? unsafe(" with credentials in it") : Result.succeed(url)
}
