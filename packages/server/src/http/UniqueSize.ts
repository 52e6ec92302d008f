/**
 * `POST /unique_size`: what deleting several images and tags together would free.
 *
 * @since 0.1.0
 */
import { type Names, type Snapshot, Usage } from "@gitlab-registry-usage/core"
import { ByteSize, Effect, Result, Schema } from "effect"
import { HttpIncomingMessage, type HttpServerRequest } from "effect/http"
import { badRequest, type Problem, tooLarge, unprocessable, unsupportedMediaType } from "./Problem.ts"

/** @category constants @since 0.1.0 */
export const maximumItems = 10_000
const maximumBody = ByteSize.mebibytes(1)

/**
 * What is asked: images such as `group/app`, and tags such as `group/app:1.0`.
 *
 * @category schemas
 * @since 0.1.0
 */
export const Payload = Schema.Struct({
  items: Schema.Array(Schema.String.check(Schema.isMaxLength(400))).check(Schema.isMaxLength(maximumItems))
})

const decode = Schema.decodeUnknownEffect(Schema.fromJsonString(Payload))

/** The tags that an item stands for. A name of an image has no colon. */
const tagsOf = (usage: Usage.Usage, item: string): Result.Result<readonly [number, ReadonlyArray<number>], Problem> => {
  const colon = item.indexOf(":")
  const image = colon < 0 ? item : item.slice(0, colon)
  const r = Usage.findRepository(usage, image as Names.RepositoryName)
  if (r === undefined) return Result.fail(unprocessable(`there is no image ${JSON.stringify(image)}`))
  const { tagNames, unreadable } = usage.inventory.repositories[r]!
  if (unreadable) return Result.fail(unprocessable(`the image ${JSON.stringify(image)} could not be read`))
  const start = usage.tagStarts[r]!
  if (colon < 0) return Result.succeed([r, tagNames.map((_, i) => start + i)])
  const tag = Usage.findTag(usage, r, item.slice(colon + 1) as Names.TagName)
  return tag === undefined
    ? Result.fail(unprocessable(`there is no tag ${JSON.stringify(item)}`))
    : Result.succeed([r, [tag]])
}

/**
 * The sum for these items: `unique_size` in bytes, and how many tags of how many images they are. Fails with 422 at the
 * first item that is not there.
 *
 * @category measuring
 * @since 0.1.0
 */
export const uniqueSize = ({ usage }: Snapshot.Snapshot, items: ReadonlyArray<string>) =>
  Result.map(Result.all(items.map((item) => tagsOf(usage, item))), (found) => {
    const tags = new Set(found.flatMap(([, tags]) => tags))
    return {
      unique_size: Usage.uniqueSizeOf(usage, tags),
      tags: tags.size,
      images: new Set(found.map(([r]) => r)).size
    }
  })

/**
 * Reads the items from the body, which is JSON of at most 1 MiB.
 *
 * @category decoding
 * @since 0.1.0
 */
export const items = Effect.fnUntraced(function* (request: HttpServerRequest.HttpServerRequest) {
  const mediaType = request.headers["content-type"] ?? ""
  if (!/^application\/(?:[\w.-]+\+)?json\s*(?:;|$)/i.test(mediaType)) {
    return yield* unsupportedMediaType("send the items as application/json")
  }
  const size = Number(request.headers["content-length"] ?? 0)
  const large = tooLarge("the body takes at most 1 MiB")
  if (size > Number(maximumBody)) return yield* large
  const body = yield* request.text.pipe(
    Effect.provideService(HttpIncomingMessage.MaxBodySize, maximumBody),
    Effect.mapError(() => large)
  )
  const { items } = yield* Effect.mapError(decode(body), () =>
    badRequest(`the body is {"items": ["group/app", "group/app:1.0", …]} with at most ${maximumItems} items`)
  )
  return items
})
