/** Why a request to the API failed. */

/**
 * `expired`: the token is not accepted (any more). `unreachable`: there was no response. `unavailable`: the server has
 * nothing to show yet, or is overloaded (503); the page tries again. `gone`: the resource does not exist (404, 410).
 * `failed`: anything else.
 */
export type ProblemKind = "expired" | "unreachable" | "unavailable" | "gone" | "failed"

/** The message is for the user: the `detail` of the server's problem document where there is one. */
export class Problem extends Error {
  readonly kind: ProblemKind
  readonly status: number | undefined

  /** The message with a capital and a full stop. */
  get sentence(): string {
    return `${this.message.slice(0, 1).toUpperCase()}${this.message.slice(1)}.`
  }

  constructor(kind: ProblemKind, message: string, status?: number) {
    super(message)
    this.name = "Problem"
    this.kind = kind
    this.status = status
  }
}

/** Makes a problem of anything that was thrown. */
export const fromUnknown = (error: unknown): Problem =>
  error instanceof Problem ? error : new Problem("failed", error instanceof Error ? error.message : String(error))

const kinds: Readonly<Record<number, ProblemKind>> = { 401: "expired", 404: "gone", 410: "gone", 503: "unavailable" }

/** Makes a problem of a response: of its problem document (RFC 9457), or else of its status. */
export const fromResponse = async (response: Response): Promise<Problem> => {
  const { status } = response
  const body: unknown = await response.json().catch(() => undefined)
  const detail =
    typeof body === "object" && body !== null && "detail" in body && typeof body.detail === "string"
      ? body.detail
      : `the server answered with status ${status}`
  return new Problem(kinds[status] ?? "failed", detail, status)
}
