/**
 * What the description of the API tells of history and growth.
 *
 * @since 0.1.0
 */
import { Growth } from "@gitlab-registry-usage/core"
import { Schema } from "effect"
import { HttpApiEndpoint, HttpApiGroup, OpenApi } from "effect/http-api"
import {
  Bearer,
  Bytes,
  Count,
  hal,
  image,
  namespace,
  optionalText,
  reading,
  rendering,
  Sizes,
  Timestamp
} from "./ApiParts.ts"

const instants =
  "2026-01-31T12:00:00Z, 1769860800 (seconds since 1970), or how long before the latest snapshot, such as 7d"

const course = {
  ...rendering,
  from: optionalText(`The begin: ${instants}. Default 30d`),
  to: optionalText(`The end: ${instants}. Default the latest snapshot`),
  step: optionalText(
    "Of each step of so long (UTC), such as 1h or 1d, the last snapshot; 0 for every one, up to 5000. Default: what gives up to 500"
  )
}

const Point = Schema.Struct({ timestamp: Timestamp, ...Sizes, images: Count, tags: Count, gaps: Count })

const courseOf = <Fields extends Schema.Struct.Fields>(fields: Fields) =>
  hal(
    {
      ...fields,
      from: Timestamp,
      to: Timestamp,
      step: Schema.Finite.annotate({ description: "Seconds; 0 for every snapshot" }),
      points: Schema.Array(Point)
    },
    "How sizes went. A snapshot in which it was not there has no point. 404 where no history is kept"
  )

const changes = {
  ...rendering,
  from: optionalText(`The begin: ${instants}. Default 7d`),
  to: optionalText(`The end: ${instants}. Default the latest snapshot`),
  by: Schema.optionalKey(Schema.Literals(Growth.measures)),
  of: Schema.optionalKey(Schema.Literals(Growth.entityKinds)),
  limit: optionalText("How many items are told, 1 to 1000. Default 20")
}

const Projection = Schema.Struct({
  method: Schema.Literal("theil-sen"),
  bytes_per_day: Schema.NullOr(Schema.Int),
  days: Schema.NullOr(Schema.Finite).annotate({ description: "Until the capacity is reached" }),
  full_at: Schema.NullOr(Timestamp),
  reason: Schema.NullOr(Schema.Literals(["no-capacity", "too-few-points", "not-growing", "beyond-a-century"])),
  based_on: Schema.Struct({ points: Count, from: Schema.NullOr(Timestamp), to: Schema.NullOr(Timestamp) })
})

const Change = {
  before: Schema.NullOr(Bytes),
  after: Schema.NullOr(Bytes),
  change: Schema.NullOr(Schema.Int),
  percent: Schema.NullOr(Schema.Finite)
}

const growth = hal(
  {
    path: Schema.String,
    from: Timestamp,
    to: Timestamp,
    by: Schema.Literals(Growth.measures),
    of: Schema.Literals(Growth.entityKinds),
    ...Change,
    matching: Count,
    capacity: Schema.NullOr(Bytes),
    projection: Schema.NullOr(Projection)
  },
  "What changed between two snapshots, embedded as items, the largest growth first. 404 where no history is kept"
)

/**
 * The course of the registry, of an image and of a namespace, and what grew in them.
 *
 * @category definitions
 * @since 0.1.0
 */
export const history = HttpApiGroup.make("history")
  .add(
    HttpApiEndpoint.get("history", "/history", {
      query: course,
      success: courseOf({ path: Schema.String }),
      error: reading
    }).annotate(OpenApi.Summary, "How the registry grew"),
    HttpApiEndpoint.get("image_history", "/images/:image/history", {
      params: { image },
      query: course,
      success: courseOf({ name: Schema.String }),
      error: reading
    }).annotate(OpenApi.Summary, "How an image grew"),
    HttpApiEndpoint.get("namespace_history", "/namespaces/:namespace/history", {
      params: { namespace },
      query: course,
      success: courseOf({ path: Schema.String }),
      error: reading
    }).annotate(OpenApi.Summary, "How a group grew"),
    HttpApiEndpoint.get("growth", "/growth", { query: changes, success: growth, error: reading }).annotate(
      OpenApi.Summary,
      "What grew, and when the registry will be full"
    ),
    HttpApiEndpoint.get("namespace_growth", "/namespaces/:namespace/growth", {
      params: { namespace },
      query: changes,
      success: growth,
      error: reading
    }).annotate(OpenApi.Summary, "What grew in a group")
  )
  .middleware(Bearer)
