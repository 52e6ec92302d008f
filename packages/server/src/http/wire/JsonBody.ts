/** The JSON body of a request. */
import { Effect, Schema } from "effect"
import type { Request } from "./Message.ts"
import { badRequest, type Problem, unsupportedMediaType } from "./Problem.ts"

const maximum = 1024 * 1024

/**
 * Reads a body of JSON, of at most 1 MiB, and decodes it. `expected` describes the body to the sender. Fails with 415 for
 * another media type, 413 for a larger body, and 400 for one that does not fit.
 */
export const jsonBody = Effect.fnUntraced(function* <A>(
  request: Request,
  schema: Schema.ConstraintDecoder<A>,
  expected: string
): Effect.fn.Return<A, Problem> {
  if (!/^application\/(?:[\w.-]+\+)?json\s*(?:;|$)/i.test(request.headers["content-type"] ?? "")) {
    return yield* unsupportedMediaType("send the body as JSON, with its media type")
  }
  const body = yield* request.text(maximum)
  return yield* Effect.mapError(Schema.decodeUnknownEffect(Schema.fromJsonString(schema))(body), () =>
    badRequest(`the body is ${expected}`)
  )
})
