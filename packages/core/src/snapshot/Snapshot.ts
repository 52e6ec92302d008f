/**
 * The state of a registry at one instant, measured, and the form in which it is kept.
 *
 * @since 0.1.0
 */
import { DateTime, Duration, Effect, Result, Schema, Struct } from "effect"
import { type Container, pack, unpack } from "./Container.ts"
import { packDigests, unpackDigests } from "./DigestSection.ts"
import { crawl, type Options as CrawlOptions } from "../inventory/Crawl.ts"
import { Gap, type Inventory, statedSources } from "../inventory/Inventory.ts"
import { RepositoryName, type TagName } from "../registry/Names.ts"
import { printable } from "../text/PrintableText.ts"
import type { Registry, RegistryError } from "../registry/Registry.ts"
import { faultOf } from "../inventory/InventoryFault.ts"
import { inSlices, type Sliced } from "../inventory/TimeSlices.ts"
import { type Accounting, measure, measuring, type Usage } from "../usage/Usage.ts"

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
  duration: Schema.Finite.check(Schema.isGreaterThanOrEqualTo(0)),
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
  const packedDigests = packDigests(blobs.digests)
  return pack({
    version,
    header,
    sections: new Map([
      ["digests", packedDigests.digests],
      ["otherDigests", packedDigests.otherDigests],
      ["blobSizes", bytesOf(blobs.sizes as Float64Array<ArrayBuffer>)],
      ["sizeSources", blobs.sources],
      ["manifestBlobs", bytesOf(manifests.blobs as Uint32Array<ArrayBuffer>)],
      ["manifestStates", manifests.states],
      ["manifestMediaTypes", bytesOf(manifests.mediaTypes as Uint16Array<ArrayBuffer>)],
      ["referenceStarts", bytesOf(manifests.referenceStarts as Uint32Array<ArrayBuffer>)],
      ["references", bytesOf(manifests.references as Uint32Array<ArrayBuffer>)],
      ["roles", manifests.roles],
      ["childStarts", bytesOf(manifests.childStarts as Uint32Array<ArrayBuffer>)],
      ["children", bytesOf(manifests.children as Uint32Array<ArrayBuffer>)],
      ["attestations", manifests.attestations],
      ["tagManifests", bytesOf(tagManifests)],
      ["tagNames", encoder.encode(repositories.map(({ tagNames }) => tagNames.join("\n")).join("\n\n"))]
    ])
  })
}

/** The sections, each with the bytes of one of its elements. */
const elementSizes = {
  digests: 32,
  otherDigests: 1,
  blobSizes: 8,
  manifestBlobs: 4,
  manifestStates: 1,
  manifestMediaTypes: 2,
  referenceStarts: 4,
  references: 4,
  roles: 1,
  childStarts: 4,
  children: 4,
  attestations: 1,
  tagManifests: 4,
  tagNames: 1
} as const

type SectionName = keyof typeof elementSizes

/** The section, from which its array takes whole elements. */
const sectionOf = ({ sections }: Container, name: SectionName): Result.Result<ArrayBuffer, string> => {
  const found = sections.get(name)
  if (found === undefined) return Result.fail(`the section ${name} is missing`)
  if (found.length % elementSizes[name] !== 0) return Result.fail(`the section ${name} is cut off`)
  // A copy begins at an aligned address. Not by `slice`: that of Node's Buffer copies nothing.
  return Result.succeed(new Uint8Array(found).buffer)
}

type Header = typeof Header.Type

/** The names of the tags of each repository; `undefined` where their numbers are not those of the header. */
function* tagNamesOf({ repositories }: Header, text: string): Sliced<Array<Array<TagName>> | undefined> {
  const lists = text.split("\n\n")
  // The names of no repository are the same text as those of one without tags.
  if (lists.length !== Math.max(1, repositories.length)) return undefined
  const names: Array<Array<TagName>> = []
  for (let r = 0; r < repositories.length; r++) {
    yield
    const list = lists[r] === "" ? [] : (lists[r]!.split("\n") as Array<string> as Array<TagName>)
    if (list.length !== repositories[r]!.tags) return undefined
    names.push(list)
  }
  return names
}

/** The inventory, or what contradicts itself in it: the checksum does not prove who wrote the file. */
function* inventoryOf(
  header: Header,
  sections: Readonly<Record<SectionName, ArrayBuffer>>,
  sizeSources: Uint8Array | undefined
): Sliced<Result.Result<Inventory, string>> {
  const digests = yield* unpackDigests({
    digests: new Uint8Array(sections.digests),
    otherDigests: new Uint8Array(sections.otherDigests)
  })
  if (Result.isFailure(digests)) return Result.fail(digests.failure)
  const tagManifests = new Int32Array(sections.tagManifests)
  const tagNames = yield* tagNamesOf(header, decoder.decode(sections.tagNames))
  if (tagNames === undefined || tagManifests.length !== header.repositories.reduce((sum, { tags }) => sum + tags, 0)) {
    return Result.fail("the tags differ in number from those of the header")
  }
  let start = 0
  const inventory: Inventory = {
    blobs: {
      digests: digests.success,
      sizes: new Float64Array(sections.blobSizes),
      sources: sizeSources ?? new Uint8Array(sections.blobSizes.byteLength / Float64Array.BYTES_PER_ELEMENT)
    },
    manifests: {
      blobs: new Uint32Array(sections.manifestBlobs),
      states: new Uint8Array(sections.manifestStates),
      mediaTypes: new Uint16Array(sections.manifestMediaTypes),
      mediaTypeNames: header.mediaTypeNames,
      referenceStarts: new Uint32Array(sections.referenceStarts),
      references: new Uint32Array(sections.references),
      roles: new Uint8Array(sections.roles),
      childStarts: new Uint32Array(sections.childStarts),
      children: new Uint32Array(sections.children),
      attestations: new Uint8Array(sections.attestations)
    },
    repositories: header.repositories.map(({ name, tags, unreadable = false, stale = false }, r) => ({
      name,
      tagNames: tagNames[r]!,
      tagManifests: tagManifests.slice(start, (start += tags)),
      unreadable,
      stale
    })),
    gaps: header.gaps
  }
  const fault = yield* faultOf(inventory)
  if (fault !== undefined) return Result.fail(fault)
  if (sizeSources !== undefined) return Result.succeed(inventory)
  // Files of earlier releases do not hold the sources of sizes.
  const { blobs, manifests } = inventory
  return Result.succeed({ ...inventory, blobs: { ...blobs, sources: statedSources(blobs.sizes.length, manifests) } })
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
  const malformed = (detail: string) => new SnapshotError({ detail })
  const container = yield* Effect.mapError(unpack(bytes), malformed)
  if (container.version !== version) {
    return yield* malformed(`version ${container.version}, while this program reads ${version}`)
  }
  const header = yield* Effect.mapError(decodeHeader(container.header), ({ message }) =>
    malformed(printable(message, 300))
  )
  const sections: Partial<Record<SectionName, ArrayBuffer>> = {}
  for (const name of Struct.keys(elementSizes)) {
    sections[name] = yield* Effect.mapError(Effect.fromResult(sectionOf(container, name)), malformed)
  }
  const inventory = yield* inSlices(() =>
    inventoryOf(header, sections as Required<typeof sections>, container.sections.get("sizeSources"))
  )
  if (Result.isFailure(inventory)) return yield* malformed(inventory.failure)
  const usage = yield* inSlices(() => measuring(inventory.success, options))
  return { takenAt: header.takenAt, duration: header.duration, stale: true, usage }
})

/**
 * The instant of the snapshot in seconds since 1970, with fractions.
 *
 * @category getters
 * @since 0.1.0
 */
export const timestamp = (snapshot: Snapshot): number => DateTime.toEpochMillis(snapshot.takenAt) / 1000
