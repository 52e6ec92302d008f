/** Maps failures of a directory to errors of the port. */
import { Authentication } from "@gitlab-registry-usage/core"
import { Predicate } from "effect"
import { ResultCodeError } from "ldapts"

/** The directory does not work; the detail is for the operator. */
export const unavailable = (detail: string): Authentication.DirectoryError =>
  new Authentication.DirectoryError({ reason: new Authentication.DirectoryUnavailable({ detail }) })

/** The user may not sign in. The error does not reveal the reason. */
export const invalidCredentials = (): Authentication.DirectoryError =>
  new Authentication.DirectoryError({ reason: new Authentication.InvalidCredentials() })

/** A failure in one line for the operator's log: the result code or the system's error code, and the message. */
export const describe = (cause: unknown): string => {
  if (!Predicate.isError(cause)) return "an unknown failure"
  const text = cause.message.replaceAll(/\s+/g, " ").slice(0, 300)
  if (cause instanceof ResultCodeError) return `result code ${cause.code}: ${text}`
  const code = Predicate.hasProperty(cause, "code") ? String(cause.code) : ""
  return [code, text].filter((part) => part !== "").join(": ")
}

/**
 * The result codes of a bind that mean refused credentials (RFC 4511, appendix A): a constraint such as a locked
 * account (19), an entry without a password (48), a wrong password (49), a user who may not bind (50), or an unwilling
 * server (53). A directory may decide after it has checked the password, so that any other answer than to a wrong password
 * would reveal a right one. Every other code, known or not, means a failure of the directory.
 */
const refusals: ReadonlySet<number> = new Set([19, 48, 49, 50, 53])

/** Whether the directory refused the credentials of a bind, rather than failed. */
export const isRefusal = (cause: unknown): boolean => cause instanceof ResultCodeError && refusals.has(cause.code)

/**
 * The error of a failed bind with the user's password. It keeps only the code, because the message might quote the
 * password.
 */
export const classifyBind = (cause: unknown): Authentication.DirectoryError => {
  if (isRefusal(cause)) return invalidCredentials()
  return unavailable(`bind: ${cause instanceof ResultCodeError ? `result code ${cause.code}` : describe(cause)}`)
}
