/** Schemas that several endpoints share. */
import { Schema } from "effect"
import { HttpApiMiddleware, HttpApiSchema, HttpApiSecurity, OpenApi } from "effect/http-api"

/** The token of `/auth_token`. */
export class Bearer extends HttpApiMiddleware.Service<Bearer>()("@gitlab-registry-usage/server/Bearer", {
  security: {
    bearer: HttpApiSecurity.bearer.pipe(
      HttpApiSecurity.annotate(OpenApi.Description, "The token that GET /auth_token returns.")
    )
  }
}) {}

/** A problem document (RFC 9457). */
export const problem = (status: number, description: string) =>
  Schema.Struct({ type: Schema.String, title: Schema.String, status: Schema.Int, detail: Schema.String })
    .annotate({ description })
    .pipe(HttpApiSchema.asJson({ contentType: "application/problem+json" }), HttpApiSchema.status(status))

/** The problem of a request without a valid token. */
export const unauthorized = problem(401, "The request has no valid token; WWW-Authenticate says why")
/** The problem before the first snapshot, and while another service does not respond. */
export const unavailable = problem(503, "Not available yet, or temporarily: retry after Retry-After seconds")
/** The problems that reading any resource can have. */
export const reading = [
  problem(400, "A path or a parameter is malformed"),
  unauthorized,
  problem(404, "The resource does not exist; detail names what is missing, and the nearest name"),
  problem(406, "Accept has neither application/hal+json nor text/html"),
  unavailable
] as const
/** The problem of a page whose snapshot is gone. */
export const cursorGone = problem(410, "The cursor belongs to a snapshot that is gone: begin at the first page")

/** A size in bytes. */
export const Bytes = Schema.Int.check(Schema.isGreaterThanOrEqualTo(0))
/** A non-negative integer. */
export const Count = Bytes
/** The three sizes. */
export const Sizes = {
  size: Schema.NullOr(Bytes).annotate({ description: "Bytes of all tags; each tag counts the blobs that it shares" }),
  disk_size: Schema.NullOr(Bytes).annotate({ description: "Bytes on disk; each blob is charged to one tag" }),
  unique_size: Schema.NullOr(Bytes).annotate({ description: "Bytes that deleting this alone would free" })
}
/** The three sizes of something that consists of several things. */
export const Sums = {
  ...Sizes,
  partial: Schema.optionalKey(Schema.Literal(true)).annotate({
    description: "Something could not be read: the sizes are the least that they can be"
  })
}
const Links = Schema.Record(Schema.String, Schema.Json).annotate({ description: "With links=true; always at /" })
const Embedded = Schema.Record(Schema.String, Schema.Json).annotate({
  description: "With embed=1, 2, … or true, and in a page (page_size or limit)"
})

/** A HAL document with this state. */
export const hal = <Fields extends Schema.Struct.Fields>(fields: Fields, description: string) =>
  Schema.Struct({ ...fields, _links: Schema.optionalKey(Links), _embedded: Schema.optionalKey(Embedded) })
    .annotate({ description })
    .pipe(HttpApiSchema.asJson({ contentType: "application/hal+json" }))

/** An instant in documents. */
export const Timestamp = Schema.Finite.annotate({ description: "Seconds since 1970" })
/** A duration in documents. */
export const Milliseconds = Schema.Finite.annotate({ description: "Milliseconds" })

/** The parameters of paths. */
export const image = Schema.String.annotate({
  description: "The name of the image, percent-encoded as one segment: group%2Fapp for group/app",
  examples: ["group/app"]
})
export const namespace = Schema.String.annotate({
  description:
    "The path of the namespace (a group or subgroup of GitLab), percent-encoded as one segment: group%2Fsub for group/sub",
  examples: ["group"]
})
export const tag = Schema.String.annotate({ description: "The name of the tag", examples: ["latest"] })
