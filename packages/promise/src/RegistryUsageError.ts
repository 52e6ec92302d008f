/**
 * The one error of this package.
 */

/**
 * What went wrong: an option that cannot be used, bytes that are no scan, or why the registry could not be read.
 *
 * @category errors
 * @since 0.1.0
 */
export type ErrorCode =
  | "ERR_OPTION_INVALID"
  | "ERR_SCAN_UNREADABLE"
  | "ERR_REGISTRY_UNREACHABLE"
  | "ERR_REGISTRY_SERVER_ERROR"
  | "ERR_REGISTRY_UNAUTHORIZED"
  | "ERR_REGISTRY_DENIED"
  | "ERR_REGISTRY_NOT_FOUND"
  | "ERR_REGISTRY_RATE_LIMITED"
  | "ERR_REGISTRY_MALFORMED"
  | "ERR_REGISTRY_TOO_LARGE"
  | "ERR_REGISTRY_UNSUPPORTED"
  | "ERR_REGISTRY_UNSAFE"

/**
 * What else is known of an error: the `target` is the option, or the repository, tag or project; `status` the HTTP status
 * of the response; `retryAfter` the pause in milliseconds that the registry asked for; `cause` the error of the connection.
 *
 * @category errors
 * @since 0.1.0
 */
export interface ErrorDetails {
  readonly target?: string | undefined
  readonly status?: number | undefined
  readonly retryAfter?: number | undefined
  readonly cause?: unknown
}

/**
 * Every function of this package fails with this error alone, but for the reason of a signal and what a callback throws.
 * `code` is stable; `message` is for people and holds no secret.
 *
 * @category errors
 * @since 0.1.0
 */
export class RegistryUsageError extends Error {
  static {
    // Node prints the name of the class too, and the bundle shortens it.
    Object.defineProperty(this, "name", { value: "RegistryUsageError" })
  }
  override readonly name = "RegistryUsageError"
  readonly code: ErrorCode
  readonly target: string | undefined
  readonly status: number | undefined
  readonly retryAfter: number | undefined

  constructor(code: ErrorCode, message: string, { cause, retryAfter, status, target }: ErrorDetails = {}) {
    super(message, cause === undefined ? undefined : { cause })
    this.code = code
    this.target = target
    this.status = status
    this.retryAfter = retryAfter
  }
}
