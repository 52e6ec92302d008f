import { Data, Effect, Result } from "effect"
import type { Digest } from "../registry/Digest.ts"
import { State } from "./Inventory.ts"
import type { InventoryBuilder, MeasuredManifest } from "./InventoryBuilder.ts"
import { decode, isObject, type Layer, type Manifest } from "../registry/Manifest.ts"
import * as MediaType from "../registry/MediaType.ts"
import type { RepositoryName } from "../registry/Names.ts"
import { isTransient, Malformed, type Registry, RegistryError, type StoredManifest } from "../registry/Registry.ts"
import type { PreviousInventory } from "./PreviousInventory.ts"
import { storedLayers } from "./StoredLayers.ts"

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

/** No manifest is larger: registries refuse it. */
const maxManifest = 4 * 1024 * 1024

/** How a registry answers, in one way or another, where content is no manifest. */
const answers: ReadonlySet<RegistryError["reason"]["_tag"]> = new Set([
  "NotFound",
  "ServerError",
  "Malformed",
  "TooLarge",
  "Unsupported"
])

const nothingElse = { children: [], config: undefined, layers: [], artifactType: undefined, subject: undefined }

/**
 * Whether what was read before stands in for what failed: the failure may pass, or the answer was none, as the page of
 * something in between or JSON that is cut off, or was not read to its end.
 */
export const isKept = (error: RegistryError): boolean =>
  isTransient(error) || error.reason._tag === "Malformed" || error.reason._tag === "TooLarge"

/** An index may nest; one deeper than this is an attack, not an image. */
const maxDepth = 32

export const manifestReader = (crawling: Crawling): ManifestReader => {
  const { builder, concurrency, earlier, gap, progress, registry, request } = crawling

  const askSize = (repository: RepositoryName, digest: Digest) => request(registry.blobSize(repository, digest))
  const storedSize = storedLayers(askSize)

  /** The sizes that the manifest does not state, and which layers are stored elsewhere: the registry knows both. */
  const measure = Effect.fnUntraced(function* (
    repository: RepositoryName,
    manifest: Manifest,
    size: number
  ): Effect.fn.Return<Result.Result<MeasuredManifest, RegistryError>, Stop> {
    const asked = new Map<Digest, number>()
    const layers: Array<Layer> = []
    for (const layer of manifest.layers) {
      if (!layer.foreign) {
        layers.push(layer)
        continue
      }
      const answer = yield* storedSize(repository, layer.digest)
      if (Result.isFailure(answer)) return Result.fail(answer.failure)
      // Its size is of no use where it takes no disk and the manifest states none.
      asked.set(layer.digest, answer.success ?? layer.size ?? 0)
      layers.push({ ...layer, foreign: answer.success === undefined })
    }
    const { config } = manifest
    for (const { digest, size } of config === undefined ? layers : [config, ...layers]) {
      if (size !== undefined || asked.has(digest)) continue
      const answer = yield* askSize(repository, digest)
      if (Result.isFailure(answer)) return Result.fail(answer.failure)
      asked.set(digest, answer.success)
    }
    const sizeOf = (blob: { readonly digest: Digest; readonly size: number | undefined }) =>
      asked.get(blob.digest) ?? blob.size!
    return Result.succeed({
      manifest: { ...manifest, layers },
      size,
      configSize: config === undefined ? 0 : sizeOf(config),
      layerSizes: layers.map(sizeOf)
    })
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
    if (Result.isFailure(fetched)) return yield* notManifest(number, repository, fetched.failure, depth)
    const malformed = (detail: string) =>
      new RegistryError({
        operation: "manifest",
        target: `${repository}@${digest}`,
        reason: new Malformed({ detail })
      })
    const decoded = decode(fetched.success.body, fetched.success.mediaType)
    if (Result.isFailure(decoded)) {
      return yield* notManifest(number, repository, malformed(decoded.failure.detail), depth)
    }
    if (depth >= maxDepth && decoded.success.children.length > 0) {
      return yield* failed(number, repository, malformed(`indexes nest deeper than ${maxDepth}`), depth)
    }
    const measured = yield* measure(repository, decoded.success, fetched.success.body.length)
    if (Result.isFailure(measured)) return yield* failed(number, repository, measured.failure, depth)
    progress.manifests++
    progress.bytes += fetched.success.body.length
    const children = builder.read(number, measured.success)
    reading.delete(number)
    yield* loadAll(children, repository, depth + 1)
  })

  const loadAll = (numbers: ReadonlyArray<number>, repository: RepositoryName, depth: number) =>
    Effect.forEach(numbers, (number) => load(number, repository, depth), { concurrency, discard: true })

  /** An index may refer to blobs as well: one has the size of its bytes, and refers to nothing. */
  const readBlob = (number: number, size: number) => {
    builder.read(number, {
      manifest: { ...nothingElse, mediaType: builder.mediaType(number) },
      size,
      configSize: 0,
      layerSizes: []
    })
    reading.delete(number)
  }

  /** Whether bytes that the registry cannot give as a manifest are none: it may fail to read a manifest as well. */
  const isOtherContent = Effect.fnUntraced(function* (
    number: number,
    repository: RepositoryName,
    size: number
  ): Effect.fn.Return<boolean, Stop> {
    if (size > maxManifest) return true
    const body = yield* request(registry.blob(repository, builder.digest(number), maxManifest))
    return Result.isSuccess(body) && !isObject(body.success)
  })

  /** A child for which no manifest was given is a blob if there is one with its digest. */
  const notManifest = Effect.fnUntraced(function* (
    number: number,
    repository: RepositoryName,
    error: RegistryError,
    depth: number
  ): Effect.fn.Return<void, Stop> {
    const { _tag } = error.reason
    const isManifest = MediaType.isManifest(builder.mediaType(number))
    const mayBeBlob = isManifest
      ? _tag === "ServerError" || (_tag === "NotFound" && !earlier.isAbsent(builder.digest(number)))
      : answers.has(_tag)
    if (depth === 0 || !mayBeBlob) return yield* failed(number, repository, error, depth)
    const size = yield* askSize(repository, builder.digest(number))
    const isBlob =
      Result.isSuccess(size) &&
      (!isManifest || _tag === "NotFound" || (yield* isOtherContent(number, repository, size.success)))
    return isBlob ? readBlob(number, size.success) : yield* failed(number, repository, error, depth)
  })

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
      // A registry answers the same where it has a manifest of a type that it does not give.
      const isKnownType = MediaType.isManifest(builder.mediaType(number))
      if (error.reason._tag === "NotFound" && depth > 0 && isKnownType) builder.absent(number)
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
      const mediaType = builder.mediaType(number)
      const fetch = () =>
        Effect.flatMap(request(registry.manifest(repository, builder.digest(number), mediaType)), (fetched) =>
          fetchInto(number, repository, fetched, depth)
        )
      const mayBeManifest = mediaType === "" || MediaType.isManifest(mediaType) || MediaType.isJson(mediaType)
      if (mayBeManifest) return fetch()
      // Some registries load a whole blob to find that it is no manifest.
      return Effect.flatMap(askSize(repository, builder.digest(number)), (size) =>
        Result.isSuccess(size) ? Effect.sync(() => readBlob(number, size.success)) : fetch()
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
