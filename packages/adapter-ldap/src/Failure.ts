/**
 * What a failure of a directory means for the person who signs in.
 *
 * @since 0.1.0
 */
import { Authentication } from "@gitlab-registry-usage/core"
import { Predicate } from "effect"
import { ResultCodeError } from "ldapts"

/**
 * The directory could not be asked; the detail is for the operator.
 *
 * @category constructors
 * @since 0.1.0
 */
export const unavailable = (detail: string): Authentication.DirectoryError =>
  new Authentication.DirectoryError({ reason: new Authentication.DirectoryUnavailable({ detail }) })

/**
 * The person may not sign in, for a reason that is not told.
 *
 * @category constructors
 * @since 0.1.0
 */
export const invalidCredentials = (): Authentication.DirectoryError =>
  new Authentication.DirectoryError({ reason: new Authentication.InvalidCredentials() })

/**
 * A failure in one line for the operator's log: the result code or the code of the system, and the text that came with
 * it.
 *
 * @category formatting
 * @since 0.1.0
 */
export const describe = (cause: unknown): string => {
  if (!Predicate.isError(cause)) return "an unknown failure"
  const text = cause.message.replaceAll(/\s+/g, " ").slice(0, 300)
  if (cause instanceof ResultCodeError) return `result code ${cause.code}: ${text}`
  const code = Predicate.hasProperty(cause, "code") ? String(cause.code) : ""
  return [code, text].filter((part) => part !== "").join(": ")
}

/**
 * The result codes of a bind that speak about the credentials (RFC 4511, appendix A): a constraint such as a locked
 * account (19), no password that could be compared (48), a wrong one (49), or one that the server is unwilling to take
 * (53). Every other one, also those not known yet, speaks about the directory.
 */
const refusals: ReadonlySet<number> = new Set([19, 48, 49, 53])

/**
 * A failed bind with the person's password. Only the code is kept: a directory might repeat in its text what it was sent.
 *
 * @category errors
 * @since 0.1.0
 */
export const classifyBind = (cause: unknown): Authentication.DirectoryError => {
  if (!(cause instanceof ResultCodeError)) return unavailable(`bind: ${describe(cause)}`)
  return refusals.has(cause.code) ? invalidCredentials() : unavailable(`bind: result code ${cause.code}`)
}
