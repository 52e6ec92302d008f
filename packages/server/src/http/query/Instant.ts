/**
 * Instants in queries.
 */
import { Instant } from "@gitlab-registry-usage/core"
import { Result } from "effect"
import { badRequest, type Problem } from "../wire/Problem.ts"

/** Reads the value of a query parameter. Fails with 400 where it is no instant. */
export const parse = (name: string, text: string): Result.Result<Instant.Instant, Problem> => {
  // A plus sign that was not percent-encoded arrives as a space.
  const instant = Instant.parse(text.replace(/ (?=\d{2}:\d{2}$)/, "+"))
  return instant === undefined
    ? Result.fail(
        badRequest(
          `${name} takes an instant such as 2026-01-31T12:00:00Z, 2026-01-31 or 1769860800 (seconds since 1970), or how long before the latest snapshot, such as 7d or 12h`
        )
      )
    : Result.succeed(instant)
}
