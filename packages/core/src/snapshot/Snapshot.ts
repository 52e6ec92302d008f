/**
 * The state of a registry at one instant, measured, and the form in which it is kept.
 *
 * @since 0.1.0
 */
import { DateTime, Duration, Effect, Schema } from "effect"
import { type Container, pack, unpack } from "./Container.ts"
import { packDigests, unpackDigests } from "./DigestSection.ts"
import { crawl, type Options as CrawlOptions } from "../inventory/Crawl.ts"
import { Gap, type Inventory, SizeSource, statedSources } from "../inventory/Inventory.ts"
import { RepositoryName, type TagName } from "../registry/Names.ts"
import type { Registry, RegistryError } from "../registry/Registry.ts"
import { type Accounting, measure, type Usage } from "../usage/Usage.ts"

/**
 * A measured crawl. `takenAt` is the end of the crawl, or of a later reading of what changed; `duration` is the
 * crawl's length in milliseconds. A `stale` snapshot was
 * not refreshed when it should have been: a later crawl failed, or none has ended since the start.
 *
 * @category models
 * @since 0.1.0
 */
export interface Snapshot {
  readonly takenAt: DateTime.Utc
  readonly duration: number
  readonly stale: boolean
  readonly usage: Usage
}

/**
 * Crawls the registry and measures what was read. Fails as `Crawl.crawl` does.
 *
 * @category constructors
 * @since 0.1.0
 */
export const take = Effect.fnUntraced(function* (
  options: CrawlOptions & { readonly accounting?: Accounting | undefined } = {}
): Effect.fn.Return<Snapshot, RegistryError, Registry> {
  const [elapsed, inventory] = yield* Effect.timed(crawl(options))
  return {
    takenAt: yield* DateTime.now,
    duration: Math.round(Duration.toMillis(elapsed)),
    stale: false,
    usage: measure(inventory, options)
  }
})

/**
 * The bytes are not a snapshot that can be read: cut off, altered, or of a version that this program does not know.
 *
 * @category errors
 * @since 0.1.0
 */
export class SnapshotError extends Schema.TaggedError<SnapshotError>()("SnapshotError", { detail: Schema.String }) {
  override get message(): string {
    return `not a readable snapshot: ${this.detail}`
  }
}

/**
 * The version of the format that is written. Versions that are read: 1.
 *
 * @category constants
 * @since 0.1.0
 */
export const version = 1

const Count = Schema.Int.check(Schema.isGreaterThanOrEqualTo(0))

const Header = Schema.Struct({
  takenAt: Schema.DateTimeUtcFromMillis,
  duration: Schema.Finite,
  mediaTypeNames: Schema.Array(Schema.String),
  repositories: Schema.Array(
    Schema.Struct({
      name: RepositoryName,
      tags: Count,
      unreadable: Schema.optionalKey(Schema.Literal(true)),
      stale: Schema.optionalKey(Schema.Literal(true))
    })
  ),
  gaps: Schema.Array(Gap)
})

const decodeHeader = Schema.decodeUnknownEffect(Header)
const encodeHeader = Schema.encodeSync(Header)

const encoder = new TextEncoder()
const decoder = new TextDecoder()

const bytesOf = (values: ArrayBufferView<ArrayBuffer>) =>
  new Uint8Array(values.buffer, values.byteOffset, values.byteLength)

/**
 * A snapshot as bytes: a header as JSON, then the tables as little-endian arrays, with a checksum
 * over everything. The usage is not kept: it follows from the inventory.
 *
 * @category encoding
 * @since 0.1.0
 */
export const encode = (snapshot: Snapshot): Effect.Effect<Uint8Array> => {
  const { blobs, manifests, repositories, gaps } = snapshot.usage.inventory
  const tagManifests = new Int32Array(snapshot.usage.tagStarts.at(-1) ?? 0)
  repositories.forEach((repository, r) => tagManifests.set(repository.tagManifests, snapshot.usage.tagStarts[r]))
  const header = encodeHeader({
    takenAt: snapshot.takenAt,
    duration: snapshot.duration,
    mediaTypeNames: manifests.mediaTypeNames,
    repositories: repositories.map(({ name, tagNames, unreadable, stale }) => ({
      name,
      tags: tagNames.length,
      ...(unreadable ? { unreadable } : {}),
      ...(stale ? { stale } : {})
    })),
    gaps
  })
  return pack({
    version,
    header,
    sections: {
      ...packDigests(blobs.digests),
      blobSizes: bytesOf(blobs.sizes as Float64Array<ArrayBuffer>),
      sizeSources: blobs.sources,
      manifestBlobs: bytesOf(manifests.blobs as Uint32Array<ArrayBuffer>),
      manifestStates: manifests.states,
      manifestMediaTypes: bytesOf(manifests.mediaTypes as Uint16Array<ArrayBuffer>),
      referenceStarts: bytesOf(manifests.referenceStarts as Uint32Array<ArrayBuffer>),
      references: bytesOf(manifests.references as Uint32Array<ArrayBuffer>),
      roles: manifests.roles,
      childStarts: bytesOf(manifests.childStarts as Uint32Array<ArrayBuffer>),
      children: bytesOf(manifests.children as Uint32Array<ArrayBuffer>),
      attestations: manifests.attestations,
      tagManifests: bytesOf(tagManifests),
      tagNames: encoder.encode(repositories.map(({ tagNames }) => tagNames.join("\n")).join("\n\n"))
    }
  })
}

const inventoryOf = (header: typeof Header.Type, container: Container): Inventory => {
  const section = (name: string): Uint8Array<ArrayBuffer> => {
    const found = container.sections[name]
    if (found === undefined) throw new SnapshotError({ detail: `the section ${name} is missing` })
    // A copy begins at an aligned address. Not by `slice`: that of Node's Buffer copies nothing.
    return new Uint8Array(found)
  }
  const uint32 = (name: string) => new Uint32Array(section(name).buffer)
  const tagManifests = new Int32Array(section("tagManifests").buffer)
  const tagNames = decoder.decode(section("tagNames")).split("\n\n")
  let start = 0
  const sizes = new Float64Array(section("blobSizes").buffer)
  const manifests = {
    blobs: uint32("manifestBlobs"),
    states: section("manifestStates"),
    mediaTypes: new Uint16Array(section("manifestMediaTypes").buffer),
    mediaTypeNames: header.mediaTypeNames,
    referenceStarts: uint32("referenceStarts"),
    references: uint32("references"),
    roles: section("roles"),
    childStarts: uint32("childStarts"),
    children: uint32("children"),
    attestations: section("attestations")
  }
  return {
    blobs: {
      digests: unpackDigests({ digests: section("digests"), otherDigests: section("otherDigests") }),
      sizes,
      // Files of earlier releases have none.
      sources:
        container.sections["sizeSources"]?.length === sizes.length
          ? section("sizeSources").map((source) => Math.min(source, SizeSource.none))
          : statedSources(sizes.length, manifests)
    },
    manifests,
    repositories: header.repositories.map(({ name, tags, unreadable = false, stale = false }, r) => ({
      name,
      tagNames: tags === 0 ? [] : (tagNames[r]!.split("\n") as Array<string> as Array<TagName>),
      tagManifests: tagManifests.slice(start, (start += tags)),
      unreadable,
      stale
    })),
    gaps: header.gaps
  }
}

/**
 * Reads the bytes of `encode` and measures the inventory. The snapshot is stale: the registry may have changed since.
 *
 * @category decoding
 * @since 0.1.0
 */
export const decode = Effect.fnUntraced(function* (
  bytes: Uint8Array,
  options?: { readonly accounting?: Accounting | undefined }
): Effect.fn.Return<Snapshot, SnapshotError> {
  const container = yield* Effect.mapError(unpack(bytes), (detail) => new SnapshotError({ detail }))
  if (container.version !== version) {
    return yield* new SnapshotError({ detail: `version ${container.version}, while this program reads ${version}` })
  }
  const header = yield* Effect.mapError(
    decodeHeader(container.header),
    (error) => new SnapshotError({ detail: error.message })
  )
  const usage = yield* Effect.try({
    try: () => measure(inventoryOf(header, container), options),
    catch: (cause) => (cause instanceof SnapshotError ? cause : new SnapshotError({ detail: String(cause) }))
  })
  return { takenAt: header.takenAt, duration: header.duration, stale: true, usage }
})

/**
 * The instant of the snapshot in seconds since 1970, with fractions.
 *
 * @category getters
 * @since 0.1.0
 */
export const timestamp = (snapshot: Snapshot): number => DateTime.toEpochMillis(snapshot.takenAt) / 1000
