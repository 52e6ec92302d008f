/**
 * How many requests a server still accepts, by the headers of its response.
 *
 * Source: GitLab, "User and IP rate limits", "Response headers".
 */
import { DateTime, Option } from "effect"
import type { Headers } from "effect/http"

/** `RateLimit-Reset` is a time at GitLab and a number of seconds in drafts of a standard; no pause is as long as this. */
const aTime = 1_000_000_000

/**
 * Milliseconds until the server takes requests again, where it says that none are left; undefined otherwise. A time is
 * measured from the `Date` of the response where there is one, so that the clocks need not agree.
 */
export const pause = (headers: Headers.Headers, now: number): number | undefined => {
  const reset = headers["ratelimit-reset"] ?? ""
  if (headers["ratelimit-remaining"]?.trim() !== "0" || !/^\d{1,12}$/.test(reset)) return undefined
  const seconds = Number(reset)
  if (seconds < aTime) return seconds * 1000
  const sent = Option.match(DateTime.make(headers["date"] ?? ""), {
    onNone: () => now,
    onSome: DateTime.toEpochMillis
  })
  return Math.max(seconds * 1000 - sent, 0)
}
