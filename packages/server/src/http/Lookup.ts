/**
 * From the path below `/images` to a resource.
 *
 * @since 0.1.0
 */
import { type Hal, type Names, Usage, UsageResources } from "@gitlab-registry-usage/core"
import { Result } from "effect"
import { notFound, type Problem } from "./Problem.ts"
import type { Segment } from "./Target.ts"

/** What a path may mean: an image, the tags of it, or one of them. */
interface Reading {
  readonly image: string
  readonly tags: boolean
  readonly tag?: string
}

const join = (segments: ReadonlyArray<Segment>) => segments.map(({ text }) => text).join("/")

/** The canonical reading: the image's name is one segment. */
const canonical = (segments: ReadonlyArray<Segment>): ReadonlyArray<Reading> => {
  const [image, tags, tag] = segments.map(({ text }) => text)
  if (image === undefined || segments.length > 3 || (tags !== undefined && tags !== "tags")) return []
  return [{ image, tags: tags !== undefined, ...(tag === undefined ? {} : { tag }) }]
}

/** Every other reading: the image's name is spread over several segments, its slashes not encoded. */
const spread = (segments: ReadonlyArray<Segment>): ReadonlyArray<Reading> => {
  if (segments.some(({ encodedSlash }) => encodedSlash)) return []
  const last = segments.length - 1
  return [
    { image: join(segments), tags: false },
    ...(segments[last]?.text === "tags" ? [{ image: join(segments.slice(0, -1)), tags: true }] : []),
    ...(segments[last - 1]?.text === "tags"
      ? [{ image: join(segments.slice(0, -2)), tags: true, tag: segments[last]!.text }]
      : [])
  ]
}

const find = (view: UsageResources.View, reading: Reading): Hal.Resource | undefined => {
  const { usage } = view.snapshot
  const r = Usage.findRepository(usage, reading.image as Names.RepositoryName)
  if (r === undefined) return undefined
  if (!reading.tags) return UsageResources.image(view, r)
  if (reading.tag === undefined) return UsageResources.tags(view, r)
  const tag = Usage.findTag(usage, r, reading.tag as Names.TagName)
  return tag === undefined ? undefined : UsageResources.tag(view, r, tag)
}

/**
 * The resource that the segments behind `/images` name. The form with the name percent-encoded as one segment is never
 * ambiguous and is tried first; a name whose slashes are not encoded is found where exactly one reading of it exists.
 *
 * @category lookup
 * @since 0.1.0
 */
export const lookup = (
  view: UsageResources.View,
  segments: ReadonlyArray<Segment>
): Result.Result<Hal.Resource, Problem> => {
  if (segments.length === 0) return Result.succeed(UsageResources.images(view))
  for (const readings of [canonical(segments), spread(segments)]) {
    const found = readings.map((reading) => find(view, reading)).filter((resource) => resource !== undefined)
    if (found.length === 1) return Result.succeed(found[0]!)
    if (found.length > 1) {
      return Result.fail(
        notFound("this path has more than one meaning: write the image's name as one segment, with %2F")
      )
    }
  }
  return Result.fail(notFound("there is no such image or tag in the current snapshot"))
}
