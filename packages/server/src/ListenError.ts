/** The server cannot listen on its address. */
import { Predicate, Schema } from "effect"
import type { HttpServerError } from "effect/http"

const advice: Readonly<Record<string, string>> = {
  EADDRINUSE: "another program listens there; stop it, or choose another port",
  EACCES: "this user may not listen there; choose a port above 1023",
  EADDRNOTAVAIL: "the machine has no such address; choose one that it has, such as 127.0.0.1 or 0.0.0.0"
}

/**
 * The server cannot listen on the address. `code` is the system's, such as `EADDRINUSE`; the message says what to do.
 *
 * @category errors
 * @since 0.1.0
 */
export class ListenError extends Schema.TaggedError<ListenError>()("ListenError", {
  host: Schema.String,
  port: Schema.Int,
  code: Schema.String
}) {
  override get message(): string {
    return `cannot listen on ${this.host}:${this.port} (${this.code})${this.code in advice ? `: ${advice[this.code]}` : ""}`
  }
}

/** Adds the address to the error. */
export const fromServeError =
  (at: { readonly host: string; readonly port: number }) =>
  ({ cause }: HttpServerError.ServeError): ListenError =>
    new ListenError({ ...at, code: Predicate.hasProperty(cause, "code") ? String(cause.code) : String(cause) })
