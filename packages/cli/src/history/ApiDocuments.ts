/**
 * The API's documents about history, decoded to the types of core.
 */
import { Bytes, type Growth as CoreGrowth, type History } from "@gitlab-registry-usage/core"
import { DateTime, Schema, SchemaTransformation } from "effect"
import { Links } from "./HalClient.ts"

/** A value that is null in documents where it is unknown, and undefined here. */
const nullable = <A, I>(schema: Schema.Codec<A, I>) =>
  Schema.NullOr(schema).pipe(
    Schema.decodeTo(
      Schema.UndefinedOr(Schema.toType(schema)),
      SchemaTransformation.transform<A | undefined, A | null>({
        decode: (value) => value ?? undefined,
        encode: (value) => value ?? null
      })
    )
  )

/** An instant in seconds since 1970. */
const Seconds = Schema.Finite.pipe(
  Schema.decodeTo(
    Schema.DateTimeUtc,
    SchemaTransformation.transform<DateTime.Utc, number>({
      decode: (seconds) => DateTime.makeUnsafe(Math.round(seconds * 1000)),
      encode: (instant) => DateTime.toEpochMillis(instant) / 1000
    })
  )
)

const Size = Schema.NullOr(Schema.Int)
const Sizes = { size: Size, disk_size: Size, unique_size: Size }

export const Linked = Schema.Struct({ _links: Links })

/** The names of the images, in the links of their list. */
export const Names = Schema.Struct({
  _links: Schema.Struct({ items: Schema.optionalKey(Schema.Array(Schema.Struct({ title: Schema.String }))) })
})

/** The sizes in core's type; undefined where they are unknown. */
export const parseSizes = ({ disk_size, size, unique_size }: Schema.Struct<typeof Sizes>["Type"]) =>
  size === null || disk_size === null || unique_size === null
    ? undefined
    : { size: Bytes.make(size), diskSize: Bytes.make(disk_size), uniqueSize: Bytes.make(unique_size) }

const Point = Schema.Struct({
  timestamp: Seconds,
  ...Sizes,
  images: Schema.Int,
  tags: Schema.Int,
  gaps: Schema.Int
})

export const TimeSeries = Schema.Struct({ from: Seconds, to: Seconds, points: Schema.Array(Point) })

export const parseFigures = (point: typeof Point.Type): History.Figures => ({
  sizes: parseSizes(point),
  repositories: point.images,
  tags: point.tags,
  gaps: point.gaps
})

const Change = {
  before: nullable(Schema.Int),
  after: nullable(Schema.Int),
  change: nullable(Schema.Int),
  percent: nullable(Schema.Finite),
  // Servers of earlier releases do not report these.
  new_bytes: Schema.optionalKey(nullable(Schema.Int)),
  freed_bytes: Schema.optionalKey(nullable(Schema.Int)),
  moved_bytes: Schema.optionalKey(nullable(Schema.Int)),
  unread_bytes: Schema.optionalKey(nullable(Schema.Int)),
  partial: Schema.optionalKey(Schema.Boolean)
}

/** The change in core's type, without its presence. */
export const parseChange = ({
  freed_bytes: freedBytes,
  moved_bytes: movedBytes,
  new_bytes: newBytes,
  unread_bytes: unreadBytes,
  ...change
}: Schema.Struct<typeof Change>["Type"]): Omit<CoreGrowth.Change, "presence"> => ({
  ...change,
  partial: change.partial ?? false,
  disk:
    newBytes === undefined || freedBytes === undefined || movedBytes === undefined || unreadBytes === undefined
      ? undefined
      : { newBytes, freedBytes, movedBytes, unreadBytes }
})

/** An image has a `name`, a namespace a `path`. */
const Item = Schema.Struct({
  name: Schema.optionalKey(Schema.String),
  path: Schema.optionalKey(Schema.String),
  ...Change,
  new: Schema.optionalKey(Schema.Boolean),
  gone: Schema.optionalKey(Schema.Boolean)
})

const Projection = Schema.Struct({
  method: Schema.Literal("theil-sen"),
  bytesPerDay: nullable(Schema.Int),
  days: nullable(Schema.Finite),
  fullAt: nullable(Seconds),
  reason: nullable(Schema.Literals(["no-capacity", "too-few-points", "not-growing", "beyond-a-century"])),
  basedOn: Schema.Struct({ points: Schema.Int, from: nullable(Seconds), to: nullable(Seconds) })
}).pipe(Schema.encodeKeys({ bytesPerDay: "bytes_per_day", fullAt: "full_at", basedOn: "based_on" }))

export const Growth = Schema.Struct({
  from: Seconds,
  to: Seconds,
  ...Change,
  matching: Schema.Int,
  capacity: nullable(Schema.Int),
  projection: nullable(Projection),
  _embedded: Schema.Struct({ items: Schema.Array(Item) })
})

const Tag = Schema.Struct({ name: Schema.String, size: Size })

const Tags = Schema.Struct({ _embedded: Schema.optionalKey(Schema.Struct({ items: Schema.Array(Tag) })) })

const Image = Schema.Struct({
  name: Schema.String,
  ...Sizes,
  tags: Schema.NullOr(Schema.Int),
  _embedded: Schema.optionalKey(Schema.Struct({ related: Schema.optionalKey(Tags) }))
})

/** An image with its tags and their sizes. */
export type Image = typeof Image.Type

/** A page of the images of a snapshot. */
export const Images = Schema.Struct({
  timestamp: Seconds,
  disk_size: nullable(Schema.Int),
  gaps: Schema.Int,
  accounting: Schema.Literals(["all", "layers"]),
  _links: Links,
  _embedded: Schema.Struct({ items: Schema.Array(Image) })
})
