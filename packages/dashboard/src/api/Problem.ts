/** Why a request to the API came to nothing. */

/**
 * `expired`: the token is no longer (or was never) accepted. `unreachable`: no answer came. `unavailable`: the server
 * cannot answer yet or for the moment (503), and is asked again. `gone`: what was asked for is not there any more
 * (404, 410). `failed`: anything else.
 */
export type ProblemKind = "expired" | "unreachable" | "unavailable" | "gone" | "failed"

/** The message is for the person at the screen: the `detail` of the server's problem document where it sent one. */
export class Problem extends Error {
  readonly kind: ProblemKind
  readonly status: number | undefined

  /** The message as a sentence of its own. */
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

/** Anything that was thrown, as a problem. */
export const fromUnknown = (error: unknown): Problem =>
  error instanceof Problem ? error : new Problem("failed", error instanceof Error ? error.message : String(error))

const kindOf = (status: number): ProblemKind =>
  status === 401 ? "expired" : status === 503 ? "unavailable" : status === 404 || status === 410 ? "gone" : "failed"

/** The problem that an answer tells (RFC 9457), or one made of its status. */
export const fromResponse = async (response: Response): Promise<Problem> => {
  const told: unknown = await response.json().catch(() => undefined)
  const detail =
    typeof told === "object" && told !== null && "detail" in told && typeof told.detail === "string"
      ? told.detail
      : `the server answered with status ${response.status}`
  return new Problem(kindOf(response.status), detail, response.status)
}
