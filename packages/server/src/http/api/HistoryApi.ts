/** The time series of the registry, of an image and of a namespace, and their growth. */
import { Growth, type Names } from "@gitlab-registry-usage/core"
import { Schema } from "effect"
import { HttpApiEndpoint, HttpApiGroup, OpenApi } from "effect/http-api"
import { queryOf } from "../query/Parameters.ts"
import { Bearer, Bytes, Count, hal, image, namespace, reading, Sizes, Timestamp } from "./ApiParts.ts"
import { type DocumentsOf, growthIn, HomeLink, historyOf, shows } from "./Resource.ts"

const seriesQuery = queryOf("embed", "links", "from", "to", "step")
const growthQuery = queryOf("embed", "links", "from", "to", "by", "of", "limit")

const Point = Schema.Struct({ timestamp: Timestamp, ...Sizes, images: Count, tags: Count, gaps: Count })

const series = <Fields extends Schema.Struct.Fields>(fields: Fields) =>
  hal(
    {
      ...fields,
      from: Timestamp,
      to: Timestamp,
      step: Schema.Finite.annotate({ description: "Seconds; 0 for every snapshot" }),
      points: Schema.Array(Point)
    },
    "A time series of sizes. A snapshot without the entity has no point. 404 where the store keeps no history"
  )

const Projection = Schema.Struct({
  method: Schema.Literal("theil-sen"),
  bytes_per_day: Schema.NullOr(Schema.Int),
  days: Schema.NullOr(Schema.Finite).annotate({ description: "Until the capacity is reached" }),
  full_at: Schema.NullOr(Timestamp),
  reason: Schema.NullOr(Schema.Literals(["no-capacity", "too-few-points", "not-growing", "beyond-a-century"])),
  based_on: Schema.Struct({ points: Count, from: Schema.NullOr(Timestamp), to: Schema.NullOr(Timestamp) })
})

const Part = Schema.NullOr(Schema.Int)

const growth = hal(
  {
    path: Schema.String,
    from: Timestamp,
    to: Timestamp,
    by: Schema.Literals(Growth.measures),
    of: Schema.Literals(Growth.entityKinds),
    before: Schema.NullOr(Bytes),
    after: Schema.NullOr(Bytes),
    change: Schema.NullOr(Schema.Int),
    percent: Schema.NullOr(Schema.Finite),
    new_bytes: Part.annotate({
      description:
        "Blobs that are new to the registry. This and the next three are null where the snapshots are too large to compare"
    }),
    freed_bytes: Part.annotate({ description: "Blobs that left the registry" }),
    moved_bytes: Part.annotate({ description: "Blobs that it had before, and that are charged to something else now" }),
    unread_bytes: Part.annotate({ description: "What could be read at one of the two instants only" }),
    partial: Schema.optionalKey(Schema.Literal(true)).annotate({
      description: "Something could not be read at one of the two instants"
    }),
    matching: Count,
    capacity: Schema.NullOr(Bytes),
    projection: Schema.NullOr(Projection)
  },
  "The changes between two snapshots, embedded as items, what brought most new bytes first. 404 where the store keeps no history"
)

const documents = HttpApiGroup.make("history").add(
  HttpApiEndpoint.get("history", "/history", {
    query: seriesQuery,
    success: series({ path: Schema.String }),
    error: reading
  })
    .annotate(OpenApi.Summary, "The time series of the registry")
    .annotate(HomeLink, { relation: "history" })
    .pipe(shows(historyOf(() => ({ _tag: "Namespace", path: "" })))),
  HttpApiEndpoint.get("image_history", "/images/:image/history", {
    params: { image },
    query: seriesQuery,
    success: series({ name: Schema.String }),
    error: reading
  })
    .annotate(OpenApi.Summary, "The time series of an image")
    .pipe(shows(historyOf(({ image }) => ({ _tag: "Repository", path: image as Names.RepositoryName })))),
  HttpApiEndpoint.get("namespace_history", "/namespaces/:namespace/history", {
    params: { namespace },
    query: seriesQuery,
    success: series({ path: Schema.String }),
    error: reading
  })
    .annotate(OpenApi.Summary, "The time series of a namespace")
    .pipe(shows(historyOf(({ namespace }) => ({ _tag: "Namespace", path: namespace! })))),
  HttpApiEndpoint.get("growth", "/growth", { query: growthQuery, success: growth, error: reading })
    .annotate(OpenApi.Summary, "What grew, and when the registry will be full")
    .annotate(HomeLink, { relation: "growth" })
    .pipe(shows(growthIn(() => ""))),
  HttpApiEndpoint.get("namespace_growth", "/namespaces/:namespace/growth", {
    params: { namespace },
    query: growthQuery,
    success: growth,
    error: reading
  })
    .annotate(OpenApi.Summary, "What grew in a namespace")
    .pipe(shows(growthIn(({ namespace }) => namespace!)))
)

export const history = documents.middleware(Bearer)

/** The names of the routes of documents. */
export type HistoryDocument = DocumentsOf<typeof documents>
