/**
 * The documents of the API that tell of the past, and what they mean.
 */
import { Bytes, type Growth, type History, type Projection } from "@gitlab-registry-usage/core"
import { DateTime, Schema } from "effect"
import { Links } from "./HalClient.ts"

const Size = Schema.NullOr(Schema.Int)
const Sizes = { size: Size, disk_size: Size, unique_size: Size }

export const Linked = Schema.Struct({ _links: Links })

/**
 * An instant as documents tell it: seconds since 1970.
 */
export const instantOf = (seconds: number): DateTime.Utc => DateTime.makeUnsafe(Math.round(seconds * 1000))

/**
 * Sizes as core has them; undefined where they are not known.
 */
export const sizesOf = ({ disk_size, size, unique_size }: Schema.Struct<typeof Sizes>["Type"]) =>
  size === null || disk_size === null || unique_size === null
    ? undefined
    : { size: Bytes.make(size), diskSize: Bytes.make(disk_size), uniqueSize: Bytes.make(unique_size) }

const Point = Schema.Struct({
  timestamp: Schema.Finite,
  ...Sizes,
  images: Schema.Int,
  tags: Schema.Int,
  gaps: Schema.Int
})

export const TimeSeries = Schema.Struct({ from: Schema.Finite, to: Schema.Finite, points: Schema.Array(Point) })

export const figuresOf = (point: typeof Point.Type): History.Figures => ({
  sizes: sizesOf(point),
  repositories: point.images,
  tags: point.tags,
  gaps: point.gaps
})

const Change = {
  before: Size,
  after: Size,
  change: Size,
  percent: Schema.NullOr(Schema.Finite)
}

const Item = Schema.Struct({
  name: Schema.optionalKey(Schema.String),
  path: Schema.optionalKey(Schema.String),
  ...Change,
  new: Schema.optionalKey(Schema.Boolean),
  gone: Schema.optionalKey(Schema.Boolean)
})

const Foreseen = Schema.Struct({
  method: Schema.Literal("theil-sen"),
  bytes_per_day: Schema.NullOr(Schema.Int),
  days: Schema.NullOr(Schema.Finite),
  full_at: Schema.NullOr(Schema.Finite),
  reason: Schema.NullOr(Schema.Literals(["no-capacity", "too-few-points", "not-growing", "beyond-a-century"])),
  based_on: Schema.Struct({
    points: Schema.Int,
    from: Schema.NullOr(Schema.Finite),
    to: Schema.NullOr(Schema.Finite)
  })
})

export const Growing = Schema.Struct({
  from: Schema.Finite,
  to: Schema.Finite,
  ...Change,
  matching: Schema.Int,
  capacity: Size,
  projection: Schema.NullOr(Foreseen),
  _embedded: Schema.Struct({ items: Schema.Array(Item) })
})

const changeOf = ({ after, before, change, percent }: Schema.Struct<typeof Change>["Type"]) => ({
  before: before ?? undefined,
  after: after ?? undefined,
  change: change ?? undefined,
  percent: percent ?? undefined
})

export const growthOf = (document: typeof Growing.Type): Growth.Growth => ({
  // What a namespace as a whole was is not told beyond its sizes.
  presence: "both",
  ...changeOf(document),
  growers: document._embedded.items.map((item) => ({
    path: item.name ?? item.path ?? "",
    presence: item.new === true ? "new" : item.gone === true ? "gone" : "both",
    ...changeOf(item)
  })),
  matching: document.matching
})

export const projectionOf = (foreseen: typeof Foreseen.Type): Projection.Projection => {
  const instant = (seconds: number | null) => (seconds === null ? undefined : instantOf(seconds))
  return {
    method: foreseen.method,
    bytesPerDay: foreseen.bytes_per_day ?? undefined,
    days: foreseen.days ?? undefined,
    fullAt: instant(foreseen.full_at),
    reason: foreseen.reason ?? undefined,
    basedOn: {
      points: foreseen.based_on.points,
      from: instant(foreseen.based_on.from),
      to: instant(foreseen.based_on.to)
    }
  }
}

const Tag = Schema.Struct({ name: Schema.String, size: Size })

const Tags = Schema.Struct({ _embedded: Schema.optionalKey(Schema.Struct({ items: Schema.Array(Tag) })) })

const Image = Schema.Struct({
  name: Schema.String,
  ...Sizes,
  tags: Schema.NullOr(Schema.Int),
  _embedded: Schema.optionalKey(Schema.Struct({ related: Schema.optionalKey(Tags) }))
})

/** An image with its tags, of which the sizes are told. */
export type Image = typeof Image.Type

/**
 * A page of the images of a snapshot.
 */
export const Images = Schema.Struct({
  timestamp: Schema.Finite,
  disk_size: Schema.Int,
  accounting: Schema.Literals(["all", "layers"]),
  _links: Links,
  _embedded: Schema.Struct({ items: Schema.Array(Image) })
})
