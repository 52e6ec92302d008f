/**
 * The parts that the description of the API is made of.
 *
 * @since 0.1.0
 */
import { Listing } from "@gitlab-registry-usage/core"
import { Schema } from "effect"
import { HttpApiMiddleware, HttpApiSchema, HttpApiSecurity, OpenApi } from "effect/http-api"

/** The token of `/auth_token`. */
export class Bearer extends HttpApiMiddleware.Service<Bearer>()("@gitlab-registry-usage/server/Bearer", {
  security: {
    bearer: HttpApiSecurity.bearer.pipe(
      HttpApiSecurity.annotate(OpenApi.Description, "The token that GET /auth_token answers.")
    )
  }
}) {}

/** A problem document (RFC 9457). */
export const problem = (status: number, description: string) =>
  Schema.Struct({ type: Schema.String, title: Schema.String, status: Schema.Int, detail: Schema.String })
    .annotate({ description })
    .pipe(HttpApiSchema.asJson({ contentType: "application/problem+json" }), HttpApiSchema.status(status))

/** What every resource answers without a token. */
export const unauthorized = problem(401, "There is no token, or none that is accepted; WWW-Authenticate tells more")
/** What cannot be told yet, or for now. */
export const unavailable = problem(503, "Not yet, or not for now: ask again after Retry-After seconds")
/** What can go wrong with reading. */
export const reading = [
  problem(400, "A path or a parameter is malformed"),
  unauthorized,
  problem(404, "There is no such thing"),
  problem(406, "Neither application/hal+json nor text/html is accepted"),
  unavailable
] as const

/** A size in bytes. */
export const Bytes = Schema.Int.check(Schema.isGreaterThanOrEqualTo(0))
/** How many there are. */
export const Count = Bytes
/** The three sizes. */
export const Sizes = {
  size: Schema.NullOr(Bytes).annotate({ description: "Bytes of the tags, what they share counted for each" }),
  disk_size: Schema.NullOr(Bytes).annotate({ description: "Bytes on disk; each blob is charged to one tag" }),
  unique_size: Schema.NullOr(Bytes).annotate({ description: "Bytes that deleting this alone would free" })
}
const Links = Schema.Record(Schema.String, Schema.Json).annotate({ description: "With links=true" })
const Embedded = Schema.Record(Schema.String, Schema.Json).annotate({ description: "With embed=1, 2, … or true" })

/** A HAL document with this state. */
export const hal = <Fields extends Schema.Struct.Fields>(fields: Fields, description: string) =>
  Schema.Struct({ ...fields, _links: Schema.optionalKey(Links), _embedded: Schema.optionalKey(Embedded) })
    .annotate({ description })
    .pipe(HttpApiSchema.asJson({ contentType: "application/hal+json" }))

/** A parameter that may be left out. */
export const optionalText = (description: string) => Schema.optionalKey(Schema.String.annotate({ description }))

/** How every document may be asked for. */
export const rendering = {
  embed: optionalText("How many levels to embed: 0, 1, 2, … or true for all"),
  links: optionalText("Whether to have links: true or false")
}
/** How a part of a list is asked for. */
export const selecting = {
  sort: Schema.optionalKey(Schema.Literals(Listing.sorts)),
  filter: optionalText("A part of the name in any case; ^ stands for its begin"),
  page_size: optionalText("How many items a page has, 1 to 1000; without it there is one page with everything"),
  cursor: optionalText("As the links first, prev and next have it")
}

/** How a snapshot of the past is asked for. */
export const at = {
  at: optionalText(
    "The snapshot in force then: 2026-01-31T12:00:00Z, 1769860800, or how long before the latest, such as 7d. Where history is kept"
  )
}

/** An instant in documents. */
export const Timestamp = Schema.Finite.annotate({ description: "Seconds since 1970" })
/** A duration in documents. */
export const Milliseconds = Schema.Finite.annotate({ description: "Milliseconds" })

/** The parameters of paths. */
export const image = Schema.String.annotate({ description: "The image's name, percent-encoded as one segment" })
export const namespace = Schema.String.annotate({ description: "A path of groups, as one segment" })
export const tag = Schema.String.annotate({ description: "The tag" })
