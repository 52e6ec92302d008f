/** `POST /unique_size`: the unique size of several images and tags together. */
import { type Names, type Snapshot, Usage } from "@gitlab-registry-usage/core"
import { Effect, Iterable, Result } from "effect"
import { Items, maximumItems } from "../api/UsageApi.ts"
import type { Request } from "../wire/Message.ts"
import * as Missing from "./Missing.ts"
import { jsonBody } from "../wire/JsonBody.ts"
import { type Problem, unprocessable } from "../wire/Problem.ts"

/** The tags of an item. The name of an image has no colon. */
const tagsOf = (usage: Usage.Usage, item: string): Result.Result<readonly [number, ReadonlyArray<number>], Problem> => {
  const colon = item.indexOf(":")
  const image = colon < 0 ? item : item.slice(0, colon)
  const r = Usage.findRepository(usage, image as Names.RepositoryName)
  if (r === undefined) return Result.fail(unprocessable(Missing.image(usage, image)))
  const { tagNames, unreadable } = usage.inventory.repositories[r]!
  if (unreadable) return Result.fail(unprocessable(`the image ${JSON.stringify(image)} could not be read`))
  const start = usage.tagStarts[r]!
  if (colon < 0) return Result.succeed([r, tagNames.map((_, i) => start + i)])
  const tag = Usage.findTag(usage, r, item.slice(colon + 1) as Names.TagName)
  return tag === undefined
    ? Result.fail(unprocessable(Missing.tag(usage, r, item.slice(colon + 1))))
    : Result.succeed([r, [tag]])
}

/**
 * The unique size of these items in bytes, null where nothing of them could be read and `partial` where some of them, and
 * the number of their tags and images. Fails with 422 at the first item that does not exist.
 */
export const uniqueSize = ({ usage }: Snapshot.Snapshot, items: ReadonlyArray<string>) =>
  Result.map(Result.all(Iterable.map(items, (item) => tagsOf(usage, item))), (found) => {
    const tags = new Set(found.flatMap(([, tags]) => tags))
    const size = Usage.uniqueSizeOf(usage, tags)
    const partial = [...tags].some((tag) => Usage.tagSizes(usage, tag) === undefined)
    return {
      unique_size: partial && size === 0 ? null : size,
      ...(partial ? { partial } : {}),
      tags: tags.size,
      images: new Set(found.map(([r]) => r)).size
    }
  })

/** Reads the items from the body, which is JSON of at most 1 MiB. */
export const items = (request: Request) =>
  Effect.map(
    jsonBody(request, Items, `{"items": ["group/app", "group/app:1.0", …]} with at most ${maximumItems} items`),
    ({ items }) => items
  )
