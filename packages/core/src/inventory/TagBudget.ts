/** How many tags a crawl holds, so that a registry that lists without end does not exhaust the memory. */
import { Effect, Stream } from "effect"
import { type ListedTag, RegistryError, TooLarge } from "../registry/Registry.ts"
import type { RepositoryName } from "../registry/Names.ts"

/**
 * What a crawl holds at most, over all repositories: a repository that exceeds it is a gap.
 *
 * @category options
 * @since 0.1.0
 */
export interface Limits {
  /** Default 2,000,000. */
  readonly tags?: number | undefined
  /** Bytes of the names of the tags. Default 128 MiB. */
  readonly nameBytes?: number | undefined
}

export const make = ({ nameBytes: maxBytes = 128 * 1024 * 1024, tags: maxTags = 2_000_000 }: Limits) => {
  let tags = 0
  let bytes = 0

  return {
    /** Collects a listing. `TooLarge` where there is no room for it beside the others. */
    collect: Effect.fnUntraced(function* (
      repository: RepositoryName,
      listing: Stream.Stream<ListedTag, RegistryError>
    ): Effect.fn.Return<ReadonlyArray<ListedTag>, RegistryError> {
      const collected: Array<ListedTag> = []
      let ownBytes = 0
      const take = (more: ReadonlyArray<ListedTag>) =>
        Effect.suspend(() => {
          for (const tag of more) {
            collected.push(tag)
            ownBytes += tag.name.length
            bytes += tag.name.length
          }
          tags += more.length
          const limit =
            tags > maxTags ? `${maxTags} tags` : bytes > maxBytes ? `${maxBytes} bytes of names of tags` : undefined
          return limit === undefined
            ? Effect.void
            : Effect.fail(
                new RegistryError({
                  operation: "tags",
                  target: repository,
                  reason: new TooLarge({ detail: `the crawl would hold more than ${limit}` })
                })
              )
        })
      yield* Effect.onError(Stream.runForEachArray(listing, take), () =>
        Effect.sync(() => {
          tags -= collected.length
          bytes -= ownBytes
        })
      )
      return collected
    })
  }
}
