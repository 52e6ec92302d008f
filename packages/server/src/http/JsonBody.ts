/**
 * The JSON body of a request.
 *
 * @since 0.1.0
 */
import { ByteSize, Effect, Schema } from "effect"
import { HttpIncomingMessage, type HttpServerRequest } from "effect/http"
import { badRequest, type Problem, tooLarge, unsupportedMediaType } from "./Problem.ts"

const maximum = ByteSize.mebibytes(1)

const large = tooLarge("the body takes at most 1 MiB")

/**
 * Reads a body of JSON, of at most 1 MiB, and decodes it. `expected` tells the sender what belongs there. Fails with 415 for
 * another media type, 413 for a larger body, and 400 for one that does not fit.
 *
 * @category decoding
 * @since 0.1.0
 */
export const jsonBody = Effect.fnUntraced(function* <A>(
  request: HttpServerRequest.HttpServerRequest,
  schema: Schema.ConstraintDecoder<A>,
  expected: string
): Effect.fn.Return<A, Problem> {
  if (!/^application\/(?:[\w.-]+\+)?json\s*(?:;|$)/i.test(request.headers["content-type"] ?? "")) {
    return yield* unsupportedMediaType("send the body as JSON, with its media type")
  }
  if (Number(request.headers["content-length"] ?? 0) > Number(maximum)) return yield* large
  const body = yield* request.text.pipe(
    Effect.provideService(HttpIncomingMessage.MaxBodySize, maximum),
    Effect.mapError(() => large)
  )
  return yield* Effect.mapError(Schema.decodeUnknownEffect(Schema.fromJsonString(schema))(body), () =>
    badRequest(`the body is ${expected}`)
  )
})
