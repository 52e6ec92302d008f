/**
 * Errors for Node code without Effect.
 *
 * @since 0.1.0
 */

/**
 * An error with a stable `code`. A subclass sets its `name` and its codes.
 *
 * @category errors
 * @since 0.1.0
 */
export abstract class CodedError<Code extends string> extends Error {
  abstract override readonly name: string
  readonly code: Code

  constructor(code: Code, message: string) {
    super(message)
    this.code = code
  }
}
