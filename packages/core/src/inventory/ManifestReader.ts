import { Data, Effect, Result } from "effect"
import type { Digest } from "../registry/Digest.ts"
import { State } from "./Inventory.ts"
import type { InventoryBuilder } from "./InventoryBuilder.ts"
import { decode } from "../registry/Manifest.ts"
import type { RepositoryName } from "../registry/Names.ts"
import { isTransient, Malformed, type Registry, RegistryError, type StoredManifest } from "../registry/Registry.ts"
import type { PreviousInventory } from "./PreviousInventory.ts"

/** Ends the crawl from within: the credentials were refused, or the registry is down. */
export class Stop extends Data.TaggedError("Stop")<{ readonly error: RegistryError }> {}

/** What the reader needs of the crawl that it is a part of. */
export interface Crawling {
  readonly registry: Registry["Service"]
  readonly builder: InventoryBuilder
  readonly earlier: PreviousInventory
  readonly progress: { manifests: number; bytes: number }
  readonly concurrency: number
  /** One request to the registry, in its turn. Its failure is a value, unless it ends the crawl. */
  readonly request: <A>(effect: Effect.Effect<A, RegistryError>) => Effect.Effect<Result.Result<A, RegistryError>, Stop>
  readonly gap: (
    repository: RepositoryName,
    error: RegistryError,
    rest: { readonly digest: Digest; readonly kept?: boolean }
  ) => void
}

/** Reads manifests with all that they refer to, each once. Manifests are numbers of the builder. */
export interface ManifestReader {
  /** Reads a manifest by its digest, unless it was read, is being read, or is known from earlier. */
  readonly load: (manifest: number, repository: RepositoryName) => Effect.Effect<void, Stop>
  /** Takes a manifest that was fetched already, unless it was read or is being read. */
  readonly fetched: (manifest: number, repository: RepositoryName, stored: StoredManifest) => Effect.Effect<void, Stop>
}

/**
 * Whether what was read before stands in for what failed: the failure may pass, or the answer was none, as the page of
 * something in between or JSON that is cut off.
 */
export const isKept = (error: RegistryError): boolean => isTransient(error) || error.reason._tag === "Malformed"

/** An index may nest; one deeper than this is an attack, not an image. */
const maxDepth = 32

export const manifestReader = (crawling: Crawling): ManifestReader => {
  const { builder, concurrency, earlier, gap, progress, registry, request } = crawling

  /** Sizes of the layers; schema 1 states none, so the registry is asked. */
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

  /** The next repository that has the manifest is asked, if there is one; else what is known from earlier may stand in. */
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
      const kept = isKept(error) ? earlier.keepInto(builder, number) : undefined
      if (error.reason._tag === "NotFound" && depth > 0) builder.absent(number)
      else gap(repository, error, { digest: builder.digest(number), kept: kept !== undefined })
      return kept === undefined ? Effect.void : loadAll(kept, repository, depth + 1)
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

  return {
    load: (manifest, repository) => load(manifest, repository, 0),
    fetched: (manifest, repository, stored) =>
      Effect.suspend(() => {
        if (builder.state(manifest) === State.read || reading.has(manifest)) return Effect.void
        reading.set(manifest, [])
        return fetchInto(manifest, repository, Result.succeed(stored), 0)
      })
  }
}
