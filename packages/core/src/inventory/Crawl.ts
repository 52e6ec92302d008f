/**
 * Reads a registry into an inventory.
 *
 * @since 0.1.0
 */
import { Clock, Effect, Queue, Result, Stream } from "effect"
import type { Digest } from "../registry/Digest.ts"
import { type Inventory, manifestDigest, type Repository } from "./Inventory.ts"
import * as InventoryBuilder from "./InventoryBuilder.ts"
import { type PreviousRepository, previousInventory, type Verification } from "./PreviousInventory.ts"
import { isKept, manifestReader, Stop } from "./ManifestReader.ts"
import { measureSizes } from "./BlobSizes.ts"
import { quoted } from "../text/IssueText.ts"
import * as OptionRange from "../text/OptionRange.ts"
import * as TagBudget from "./TagBudget.ts"
import { isRepositoryName, isTagName, type RepositoryName, type TagName } from "../registry/Names.ts"
import { isTransient, Malformed, Registry, type RegistryError } from "../registry/Registry.ts"

/**
 * What a crawl reports while it runs: what it found so far and how much of it is done. `bytes` are the bytes of the
 * manifests that were fetched, `requests` the operations of the registry, of which a listing may take several pages, and
 * `elapsed` the milliseconds since the begin.
 *
 * @category models
 * @since 0.1.0
 */
export interface Progress {
  readonly repositoriesFound: number
  readonly repositoriesDone: number
  readonly tagsFound: number
  readonly tagsDone: number
  readonly manifests: number
  readonly bytes: number
  readonly gaps: number
  readonly requests: number
  readonly elapsed: number
}

/**
 * How many milliseconds a crawl will still take, or `undefined` before a repository is done. It takes the repositories that
 * are still to come to be like those that are done.
 *
 * @category getters
 * @since 0.1.0
 */
export const remaining = ({ elapsed, repositoriesDone, repositoriesFound }: Progress): number | undefined =>
  repositoriesDone === 0 ? undefined : (elapsed * (repositoriesFound - repositoriesDone)) / repositoriesDone

/** @category models @since 0.1.0 */
export interface Options {
  /** How many requests may be under way at once, 1 to 10,000, where the adapter lets as many. Default 64. */
  readonly concurrency?: number | undefined
  /** An earlier inventory: manifests that it holds are not fetched again, and it stands in for what fails for now. */
  readonly previous?: Inventory | undefined
  /**
   * Reads manifests of `previous` again, because the registry may have deleted them since: `all` of them, or, with a
   * whole number that grows by one with each crawl, those that no tag names: all of these where they are at most 1000,
   * else about a tenth, so that ten crawls read each. Default none.
   */
  readonly verify?: Verification | undefined
  /**
   * The number of blobs whose size is measured although nothing contradicts the manifests. Each takes one request. The
   * largest come first; blobs that `previous` has as measured are left out. A size that cannot be true is always measured:
   * 0, more than 1 TiB, or one that manifests disagree about. Default 0.
   */
  readonly measure?: number | undefined
  /**
   * Reads these repositories alone, and takes all others over from `previous` as they are: for a registry that reports
   * changes. One of them that the registry does not know any more is left out.
   */
  readonly only?: ReadonlySet<RepositoryName> | undefined
  /** What the crawl holds at most. */
  readonly limits?: Limits | undefined
  /** Runs when the tags of a repository are listed, after each tag that is done, and after each repository. */
  readonly onProgress?: ((progress: Progress) => Effect.Effect<void>) | undefined
}

/**
 * What a crawl holds at most, over all repositories: a repository that exceeds it is a gap.
 *
 * @category options
 * @since 0.1.0
 */
export type Limits = TagBudget.Limits

/** The registry is taken to be down when this many requests in a row got no response of its own. */
const maxFailuresInARow = 25

/** The registry answers with an error of its own, so it is not down. */
const isAlive = (error: RegistryError): boolean => !isTransient(error) || error.reason._tag === "ServerError"

/** A tag whose name is one, with its digest where the listing includes it. */
interface Tag {
  readonly name: TagName
  readonly digest?: Digest | undefined
}

/**
 * Crawls the registry. Each manifest is fetched once, whatever number of tags, repositories and indexes refer to it.
 *
 * An option out of its range is a defect. What cannot be read becomes a gap of the inventory. The crawl as a whole fails only where the list of repositories
 * cannot be read, the credentials are refused (a second try could ban the client), or nothing answers any more.
 *
 * @category crawling
 * @since 0.1.0
 */
export const crawl = Effect.fn("Crawl.crawl")(function* (
  options: Options = {}
): Effect.fn.Return<Inventory, RegistryError, Registry> {
  const { limits, verify } = options
  OptionRange.check("Crawl.crawl", {
    concurrency: [options.concurrency, OptionRange.concurrency],
    measure: [options.measure, OptionRange.whole(0)],
    verify: [verify === "all" ? undefined : verify, OptionRange.whole(0, Number.MAX_SAFE_INTEGER)],
    "limits.tags": [limits?.tags, OptionRange.whole(1)],
    "limits.nameBytes": [limits?.nameBytes, OptionRange.whole(1)]
  })
  const registry = yield* Registry
  const concurrency = options.concurrency ?? 64
  // A semaphore visits all waiting fibers whenever one is done, and here thousands may wait.
  const turns = yield* Queue.make<void>()
  yield* Queue.offerAll(
    turns,
    Array.from({ length: concurrency }, () => undefined)
  )
  const builder = InventoryBuilder.make(options)
  const budget = TagBudget.make(options.limits ?? {})
  const earlier = previousInventory(options.previous, options.verify)
  const repositories: Array<Repository> = []
  const progress = {
    repositoriesFound: 0,
    repositoriesDone: 0,
    tagsFound: 0,
    tagsDone: 0,
    manifests: 0,
    bytes: 0,
    gaps: 0,
    requests: 0
  }
  let failuresInARow = 0
  const began = yield* Clock.currentTimeMillis
  const { onProgress } = options
  const report =
    onProgress === undefined
      ? Effect.void
      : Effect.flatMap(Clock.currentTimeMillis, (now) => onProgress({ ...progress, elapsed: now - began }))

  /** One request to the registry, in its turn. Its failure is a value, unless it ends the crawl. */
  const request = <A>(effect: Effect.Effect<A, RegistryError>): Effect.Effect<Result.Result<A, RegistryError>, Stop> =>
    // A fiber that is interrupted while it waits has no turn to give back.
    Effect.uninterruptibleMask((restore) =>
      Effect.flatMap(restore(Queue.take(turns)), () =>
        Effect.ensuring(restore(Effect.result(effect)), Queue.offer(turns, undefined))
      )
    ).pipe(
      Effect.tap((result) => {
        progress.requests++
        if (Result.isSuccess(result)) failuresInARow = 0
        else failuresInARow = isAlive(result.failure) ? 0 : failuresInARow + 1
        const stop =
          Result.isFailure(result) &&
          (result.failure.reason._tag === "Unauthorized" || failuresInARow >= maxFailuresInARow)
        return stop ? Effect.fail(new Stop({ error: result.failure })) : Effect.void
      })
    )

  const gap = (
    repository: RepositoryName | undefined,
    { reason }: Pick<RegistryError, "reason">,
    rest: { readonly tag?: TagName; readonly digest?: Digest; readonly kept?: boolean } = {}
  ) => {
    progress.gaps++
    const of = repository === undefined ? {} : { repository }
    builder.gap({ ...of, kept: false, ...rest, reason: reason._tag, detail: reason.detail })
  }

  /** What a listing has beyond its valid names is one gap. Without `repository` it is the list of repositories. */
  const leftOut = (names: ReadonlyArray<string>, repository?: RepositoryName) => {
    if (names.length === 0) return
    const what = repository === undefined ? "repositories" : "tags"
    const some = names.slice(0, 3).map(quoted).join(", ")
    const detail = `${names.length} listed ${what} are left out, because their names are not valid: ${some}`
    gap(repository, { reason: new Malformed({ detail }) })
  }

  const manifests = manifestReader({ registry, builder, earlier, progress, concurrency, request, gap })

  /** The digest of a tag, where the listing or a request cheaper than fetching the manifest gives it. */
  const digestOf = (
    repository: RepositoryName,
    tag: Tag,
    before: PreviousRepository | undefined
  ): Effect.Effect<Result.Result<Digest | undefined, RegistryError>, Stop> => {
    const isAsked = tag.digest === undefined && options.verify !== "all"
    const manifest = isAsked ? before?.manifest(tag.name) : undefined
    return manifest === undefined
      ? Effect.succeed(Result.succeed(tag.digest))
      : request(registry.resolve(repository, tag.name, manifestDigest(options.previous!, manifest)))
  }

  /** Returns the number of the tag's manifest, −1 where it is unknown. */
  const crawlTag = Effect.fnUntraced(function* (
    repository: RepositoryName,
    tag: Tag,
    before: PreviousRepository | undefined
  ): Effect.fn.Return<number, Stop> {
    const unread = (error: RegistryError): number => {
      const manifest = isKept(error) ? before?.manifest(tag.name) : undefined
      gap(repository, error, { tag: tag.name, kept: manifest !== undefined })
      return manifest === undefined ? -1 : builder.copy(options.previous!, manifest)
    }
    const digest = yield* digestOf(repository, tag, before)
    if (Result.isFailure(digest)) return unread(digest.failure)
    if (digest.success !== undefined) {
      const number = builder.manifest(digest.success)
      yield* manifests.load(number, repository)
      return number
    }
    const fetched = yield* request(registry.manifest(repository, tag.name))
    if (Result.isFailure(fetched)) return unread(fetched.failure)
    const number = builder.manifest(fetched.success.digest)
    yield* manifests.fetched(number, repository, fetched.success)
    return number
  })

  const crawlRepository = Effect.fnUntraced(function* (
    name: RepositoryName,
    place: number
  ): Effect.fn.Return<void, Stop> {
    const known = earlier.repository(name)
    if (options.only?.has(name) === false && known !== undefined) {
      repositories[place] = known.copyInto(builder)
      return
    }
    const before = known?.readable === true ? known : undefined
    const listed = yield* request(budget.collect(name, registry.tags(name)))
    if (Result.isFailure(listed)) {
      if (options.only !== undefined && listed.failure.reason._tag === "NotFound") return
      const kept = isKept(listed.failure) ? before : undefined
      gap(name, listed.failure, { kept: kept !== undefined })
      if (kept !== undefined) {
        repositories[place] = { ...kept.copyInto(builder), stale: true }
        return
      }
      repositories[place] = {
        name,
        tagNames: [],
        tagManifests: new Int32Array(0),
        unreadable: true,
        stale: false
      }
      return
    }
    const tags = listed.success.filter((tag): tag is Tag => isTagName(tag.name))
    leftOut(
      listed.success.flatMap(({ name }) => (isTagName(name) ? [] : [name])),
      name
    )
    progress.tagsFound += tags.length
    yield* report
    const tagManifests = new Int32Array(tags.length)
    yield* Effect.forEach(
      tags,
      (tag, i) =>
        Effect.flatMap(crawlTag(name, tag, before), (manifest) => {
          tagManifests[i] = manifest
          progress.tagsDone++
          return report
        }),
      { concurrency, discard: true }
    )
    repositories[place] = {
      name,
      tagNames: tags.map((tag) => tag.name),
      tagManifests,
      unreadable: false,
      stale: false
    }
  })

  const { only, previous } = options
  for (const earlierGap of previous?.gaps ?? []) {
    // The gaps of wrong sizes follow from the inventory.
    if (earlierGap.blob !== undefined) continue
    if (only !== undefined && (earlierGap.repository === undefined || !only.has(earlierGap.repository))) {
      builder.gap(earlierGap)
    }
  }
  const known = previous?.repositories.map(({ name }) => name) ?? []
  const names: Stream.Stream<string, RegistryError> =
    only === undefined ? registry.repositories : Stream.fromIterable(new Set([...known, ...only]))
  const invalidNames: Array<string> = []

  yield* names.pipe(
    // The repositories before the limit count.
    Stream.catchIf(
      ({ reason }) => reason._tag === "TooLarge" && progress.repositoriesFound > 0,
      (error) => Stream.drain(Stream.sync(() => gap(undefined, error)))
    ),
    Stream.mapError((error) => new Stop({ error })),
    Stream.filter((name): name is RepositoryName => isRepositoryName(name) || !invalidNames.push(name)),
    Stream.map((name) => ({ name, place: progress.repositoriesFound++ })),
    // The whole list is read ahead, so that the progress has the total.
    Stream.buffer({ capacity: "unbounded" }),
    Stream.mapEffect(
      ({ name, place }) =>
        Effect.andThen(
          crawlRepository(name, place),
          Effect.suspend(() => {
            progress.repositoriesDone++
            return report
          })
        ),
      { concurrency, unordered: true }
    ),
    Stream.runDrain,
    Effect.mapError((stop) => stop.error)
  )
  leftOut(invalidNames)
  // One that is gone left its place empty.
  const sizes = builder.sizeClaims()
  const inventory = builder.build(repositories.filter((repository) => repository !== undefined))
  const gaps = yield* measureSizes({
    registry,
    request,
    concurrency,
    inventory,
    sizes,
    previous,
    budget: options.measure ?? 0,
    again: options.verify === "all"
  })
  progress.gaps += gaps.length
  return { ...inventory, gaps: [...inventory.gaps, ...gaps] }
})
