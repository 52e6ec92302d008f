/**
 * Reads a registry into an inventory.
 *
 * @since 0.1.0
 */
import { Data, Effect, Result, Semaphore, Stream } from "effect"
import type { Digest } from "./Digest.ts"
import { type Inventory, manifestDigest, type Repository, State } from "./Inventory.ts"
import * as InventoryBuilder from "./InventoryBuilder.ts"
import { type EarlierRepository, earlierOf } from "./internal/earlier.ts"
import { decode } from "./Manifest.ts"
import type { RepositoryName, TagName } from "./Names.ts"
import { isTransient, type ListedTag, Malformed, Registry, RegistryError, type StoredManifest } from "./Registry.ts"

/**
 * What a crawl reports while it runs: what it found so far and how much of it is done. `bytes` are the bytes of the
 * manifests that were fetched.
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
}

/** @category models @since 0.1.0 */
export interface Options {
  /** How many requests may be under way at once. Default 8. */
  readonly concurrency?: number | undefined
  /** An earlier inventory: manifests that it holds are not fetched again, and it stands in for what fails for now. */
  readonly previous?: Inventory | undefined
  /**
   * Reads these repositories alone, and takes all others over from `previous` as they are: for a registry that tells what
   * changed. One of them that the registry does not know any more is left out.
   */
  readonly only?: ReadonlySet<RepositoryName> | undefined
  /** Runs when the tags of a repository are listed, after each tag that is done, and after each repository. */
  readonly onProgress?: ((progress: Progress) => Effect.Effect<void>) | undefined
}

/** An index may nest; one deeper than this is an attack, not an image. */
const maxDepth = 32

/** The registry is taken to be down when this many requests in a row failed for a reason that may pass. */
const maxFailuresInARow = 25

/** Ends the crawl from within: the credentials were refused, or the registry is down. */
class Stop extends Data.TaggedError("Stop")<{ readonly error: RegistryError }> {}

/**
 * Crawls the registry. Each manifest is fetched once, whatever number of tags, repositories and indexes refer to it.
 *
 * What cannot be read becomes a gap of the inventory. The crawl as a whole fails only where the list of repositories
 * cannot be read, the credentials are refused (a second try could ban the client), or nothing answers any more.
 *
 * @category crawling
 * @since 0.1.0
 */
export const crawl = Effect.fn("Crawl.crawl")(function* (
  options: Options = {}
): Effect.fn.Return<Inventory, RegistryError, Registry> {
  const registry = yield* Registry
  const concurrency = options.concurrency ?? 8
  const semaphore = yield* Semaphore.make(concurrency)
  const builder = InventoryBuilder.make()
  const earlier = earlierOf(options.previous)
  const repositories: Array<Repository> = []
  const progress = {
    repositoriesFound: 0,
    repositoriesDone: 0,
    tagsFound: 0,
    tagsDone: 0,
    manifests: 0,
    bytes: 0,
    gaps: 0
  }
  let failuresInARow = 0
  const report = Effect.suspend(() => options.onProgress?.({ ...progress }) ?? Effect.void)

  /** One request to the registry, in its turn. Its failure is a value, unless it ends the crawl. */
  const request = <A>(effect: Effect.Effect<A, RegistryError>): Effect.Effect<Result.Result<A, RegistryError>, Stop> =>
    semaphore
      .withPermits(1)(Effect.result(effect))
      .pipe(
        Effect.tap((result) => {
          if (Result.isSuccess(result)) failuresInARow = 0
          else if (isTransient(result.failure)) failuresInARow++
          const stop =
            Result.isFailure(result) &&
            (result.failure.reason._tag === "Unauthorized" || failuresInARow >= maxFailuresInARow)
          return stop ? Effect.fail(new Stop({ error: result.failure })) : Effect.void
        })
      )

  const gap = (
    repository: RepositoryName,
    error: RegistryError,
    rest: { readonly tag?: TagName; readonly digest?: Digest; readonly kept?: boolean }
  ) => {
    progress.gaps++
    builder.gap({ repository, kept: false, ...rest, reason: error.reason._tag, detail: error.reason.detail })
  }

  /** Sizes of the layers; schema 1 states none, so they are asked for. */
  const layerSizes = Effect.fnUntraced(function* (
    repository: RepositoryName,
    layers: ReadonlyArray<{ readonly digest: Digest; readonly size: number | undefined }>
  ): Effect.fn.Return<Result.Result<ReadonlyArray<number>, RegistryError>, Stop> {
    const asked = new Map<Digest, number>()
    for (const { digest, size } of layers) {
      if (size !== undefined || asked.has(digest)) continue
      const answer = yield* request(registry.blobSize(repository, digest))
      if (Result.isFailure(answer)) return Result.fail(answer.failure)
      asked.set(digest, answer.success)
    }
    return Result.succeed(layers.map(({ digest, size }) => size ?? asked.get(digest)!))
  })

  // Manifests that some fiber is reading, with the other repositories that may be asked if it fails.
  const reading = new Map<number, Array<RepositoryName>>()

  const fetchInto = Effect.fnUntraced(function* (
    number: number,
    repository: RepositoryName,
    fetched: Result.Result<StoredManifest, RegistryError>,
    depth: number
  ): Effect.fn.Return<void, Stop> {
    const digest = builder.digest(number)
    if (Result.isFailure(fetched)) return yield* failed(number, repository, fetched.failure, depth)
    const malformed = (detail: string) =>
      new RegistryError({
        operation: "manifest",
        target: `${repository}@${digest}`,
        reason: new Malformed({ detail })
      })
    const decoded = decode(fetched.success.body, fetched.success.mediaType)
    if (Result.isFailure(decoded)) return yield* failed(number, repository, malformed(decoded.failure.detail), depth)
    if (depth >= maxDepth && decoded.success.children.length > 0) {
      return yield* failed(number, repository, malformed(`indexes nest deeper than ${maxDepth}`), depth)
    }
    const sizes = yield* layerSizes(repository, decoded.success.layers)
    if (Result.isFailure(sizes)) return yield* failed(number, repository, sizes.failure, depth)
    progress.manifests++
    progress.bytes += fetched.success.body.length
    const children = builder.read(number, {
      manifest: decoded.success,
      size: fetched.success.body.length,
      layerSizes: sizes.success
    })
    reading.delete(number)
    yield* loadAll(children, repository, depth + 1)
  })

  const loadAll = (numbers: ReadonlyArray<number>, repository: RepositoryName, depth: number) =>
    Effect.forEach(numbers, (number) => load(number, repository, depth), { concurrency, discard: true })

  /** The next repository that has the manifest is asked, if there is one. */
  const failed = (
    number: number,
    repository: RepositoryName,
    error: RegistryError,
    depth: number
  ): Effect.Effect<void, Stop> =>
    Effect.suspend(() => {
      const next = reading.get(number)?.shift()
      reading.delete(number)
      if (next !== undefined) return load(number, next, depth)
      if (error.reason._tag === "NotFound" && depth > 0) builder.absent(number)
      else gap(repository, error, { digest: builder.digest(number) })
      return Effect.void
    })

  /** Reads a manifest by digest unless it was read or is being read: nobody waits for it, so no cycle can block. */
  const load = (number: number, repository: RepositoryName, depth: number): Effect.Effect<void, Stop> =>
    Effect.suspend(() => {
      if (builder.state(number) === State.read) return Effect.void
      const known = earlier.copyInto(builder, number)
      if (known !== undefined) return loadAll(known, repository, depth + 1)
      const others = reading.get(number)
      if (others !== undefined) {
        others.push(repository)
        return Effect.void
      }
      reading.set(number, [])
      return Effect.flatMap(request(registry.manifest(repository, builder.digest(number))), (fetched) =>
        fetchInto(number, repository, fetched, depth)
      )
    })

  /** The digest of a tag where it can be told without fetching the manifest and is worth asking for. */
  const digestOf = (
    repository: RepositoryName,
    tag: ListedTag,
    before: EarlierRepository | undefined
  ): Effect.Effect<Result.Result<Digest | undefined, RegistryError>, Stop> => {
    const manifest = tag.digest === undefined ? before?.manifest(tag.name) : undefined
    return manifest === undefined
      ? Effect.succeed(Result.succeed(tag.digest))
      : request(registry.resolve(repository, tag.name, manifestDigest(options.previous!, manifest)))
  }

  /** Returns the number of the tag's manifest, −1 where it is unknown. */
  const crawlTag = Effect.fnUntraced(function* (
    repository: RepositoryName,
    tag: ListedTag,
    before: EarlierRepository | undefined
  ): Effect.fn.Return<number, Stop> {
    const unread = (error: RegistryError): number => {
      const manifest = isTransient(error) ? before?.manifest(tag.name) : undefined
      gap(repository, error, { tag: tag.name, kept: manifest !== undefined })
      return manifest === undefined ? -1 : builder.copy(options.previous!, manifest)
    }
    const digest = yield* digestOf(repository, tag, before)
    if (Result.isFailure(digest)) return unread(digest.failure)
    if (digest.success !== undefined) {
      const number = builder.manifest(digest.success)
      yield* load(number, repository, 0)
      return number
    }
    const fetched = yield* request(registry.manifest(repository, tag.name))
    if (Result.isFailure(fetched)) return unread(fetched.failure)
    const number = builder.manifest(fetched.success.digest)
    if (builder.state(number) === State.read || reading.has(number)) return number
    reading.set(number, [])
    yield* fetchInto(number, repository, fetched, 0)
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
    const listed = yield* request(Stream.runCollect(registry.tags(name)))
    if (Result.isFailure(listed)) {
      if (options.only !== undefined && listed.failure.reason._tag === "NotFound") return
      const kept = isTransient(listed.failure) ? before : undefined
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
    const tags = listed.success
    progress.tagsFound += tags.length
    yield* report
    const manifests = new Int32Array(tags.length)
    yield* Effect.forEach(
      tags,
      (tag, i) =>
        Effect.flatMap(crawlTag(name, tag, before), (manifest) => {
          manifests[i] = manifest
          progress.tagsDone++
          return report
        }),
      { concurrency, discard: true }
    )
    repositories[place] = {
      name,
      tagNames: tags.map((tag) => tag.name),
      tagManifests: manifests,
      unreadable: false,
      stale: false
    }
  })

  const { only, previous } = options
  for (const earlierGap of previous?.gaps ?? []) {
    if (only?.has(earlierGap.repository) === false) builder.gap(earlierGap)
  }
  const known = previous?.repositories.map(({ name }) => name) ?? []
  const names = only === undefined ? registry.repositories : Stream.fromIterable(new Set([...known, ...only]))

  yield* names.pipe(
    Stream.mapError((error) => new Stop({ error })),
    Stream.map((name) => ({ name, place: progress.repositoriesFound++ })),
    // The whole list is read ahead: then the progress tells how much there is.
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
  // One that is gone left its place empty.
  return builder.build(repositories.filter((repository) => repository !== undefined))
})
