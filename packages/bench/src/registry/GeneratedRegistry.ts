/**
 * A registry of any size: names, digests and manifests are computed from numbers, so that every run has the same.
 */
import { hash } from "node:crypto"
import { Bytes, Crawl, type Digest, type Inventory, MediaType, type Names, Registry } from "@gitlab-registry-usage/core"
import type { Images } from "@gitlab-registry-usage/core/testing"
import { Effect, Option, Stream } from "effect"

/**
 * The size of the registry. Tag `t` of all tags points to manifest `t` modulo `manifests`. Half of the layers of a
 * manifest are its own; the other half belong to a base image, which `manifestsPerBase` successive manifests share.
 */
export interface Options {
  readonly repositories: number
  readonly tagsPerRepository: number
  readonly manifests: number
  readonly manifestsPerBase: number
  readonly layersPerManifest: number
}

const pageSize = 1000

const kinds = { manifest: 1, config: 2, ownLayer: 3, baseLayer: 4 } as const
type Kind = (typeof kinds)[keyof typeof kinds]

/** The finalizer of MurmurHash3: every bit of the result depends on every bit of the number. */
const mix = (number: number): number => {
  let value = number
  value = Math.imul(value ^ (value >>> 16), 0x85ebca6b)
  value = Math.imul(value ^ (value >>> 13), 0xc2b2ae35)
  return (value ^ (value >>> 16)) >>> 0
}

const hexCodes = new TextEncoder().encode("0123456789abcdef")
const hexLength = 64

/** Writes 64 hex digits: the number in the first 8, so that it can be decoded, then pseudo-random digits. */
const writeHex = (into: Uint8Array, at: number, kind: Kind, number: number) => {
  for (let word = 0; word < 8; word++) {
    let value = word === 0 ? number : mix(number * 31 + kind * 7 + word)
    for (let digit = 7; digit >= 0; digit--) {
      into[at + word * 8 + digit] = hexCodes[value & 15]!
      value >>>= 4
    }
  }
}

const latin1 = new TextDecoder("latin1")

const digestOf = (kind: Kind, number: number): Digest.Digest => {
  const hex = new Uint8Array(hexLength)
  writeHex(hex, 0, kind, number)
  return `sha256:${latin1.decode(hex)}` as Digest.Digest
}

const numberOf = (digest: string): number => Number.parseInt(digest.slice(7, 15), 16)

/** The JSON of a manifest with zeros for digests, and where they stand in it. */
const templateOf = (layers: number) => {
  const digest = `sha256:${"0".repeat(hexLength)}`
  const json = JSON.stringify({
    schemaVersion: 2,
    mediaType: MediaType.ociManifest,
    config: { mediaType: "application/vnd.oci.image.config.v1+json", digest, size: 7023 },
    layers: Array.from({ length: layers }, (_, i) => ({
      mediaType: "application/vnd.oci.image.layer.v1.tar+gzip",
      digest,
      size: 1_000_000 + i * 123_457
    }))
  })
  return {
    bytes: new TextEncoder().encode(json),
    places: Array.from(json.matchAll(/sha256:/g), ({ index }) => index + "sha256:".length)
  }
}

/** The functions from numbers to names and manifests. A body is computed at each call. */
const contents = ({ layersPerManifest, manifests, manifestsPerBase, tagsPerRepository }: Options) => {
  const template = templateOf(layersPerManifest)
  const shared = Math.floor(layersPerManifest / 2)
  const nameOf = (r: number) =>
    `group-${Math.floor(r / 100)}/project-${Math.floor(r / 4)}/image-${r}` as Names.RepositoryName
  const tagName = (i: number) => `v1.${i}.0` as Names.TagName
  const manifestAt = (r: number, i: number) => (r * tagsPerRepository + i) % manifests

  const body = (m: number): Uint8Array => {
    const bytes = template.bytes.slice()
    template.places.forEach((at, place) => {
      const layer = place - 1
      if (layer < 0) writeHex(bytes, at, kinds.config, m)
      else if (layer < shared) writeHex(bytes, at, kinds.baseLayer, Math.floor(m / manifestsPerBase) * shared + layer)
      else writeHex(bytes, at, kinds.ownLayer, m * (layersPerManifest - shared) + layer - shared)
    })
    return bytes
  }

  return { nameOf, tagName, manifestAt, body }
}

/**
 * The registry as a port. It holds no manifest: each body is a new one, as one that comes over a network is. Its digests
 * are unique numbers, not hashes. `listDigests`: whether the lists of tags have digests, as with GitLab's metadata
 * database.
 */
export const make = (options: Options, listDigests: boolean): Registry.Registry["Service"] => {
  const { repositories, tagsPerRepository } = options
  const { body, manifestAt, nameOf, tagName } = contents(options)
  const repositoryOf = (name: string) => Number(name.slice(name.lastIndexOf("-") + 1))
  return Registry.Registry.of({
    repositories: Stream.paginate(0, (first) => {
      const last = Math.min(first + pageSize, repositories)
      const page = Array.from({ length: last - first }, (_, i) => nameOf(first + i))
      return Effect.succeed([page, last < repositories ? Option.some(last) : Option.none()] as const)
    }),
    tags: (repository) => {
      const r = repositoryOf(repository)
      return Stream.suspend(() =>
        Stream.fromArray(
          Array.from({ length: tagsPerRepository }, (_, i): Registry.ListedTag => {
            const name = tagName(i)
            return listDigests ? { name, digest: digestOf(kinds.manifest, manifestAt(r, i)) } : { name }
          })
        )
      )
    },
    resolve: (repository, tag) =>
      Effect.sync(() => digestOf(kinds.manifest, manifestAt(repositoryOf(repository), Number(tag.split(".")[1])))),
    manifest: (repository, reference) =>
      Effect.sync(() => {
        const m = reference.startsWith("sha256:")
          ? numberOf(reference)
          : manifestAt(repositoryOf(repository), Number(reference.split(".")[1]))
        return { digest: digestOf(kinds.manifest, m), mediaType: MediaType.ociManifest, body: body(m) }
      }),
    blob: () => Effect.succeed(new Uint8Array(0)),
    blobSize: () => Effect.succeed(Bytes.make(0)),
    deleteManifest: () => Effect.void
  })
}

/**
 * The inventory that a crawl of the registry reads.
 */
export const crawl = (options: Options, listDigests: boolean, previous?: Inventory.Inventory) =>
  Crawl.crawl({ previous }).pipe(Effect.provideService(Registry.Registry, make(options, listDigests)))

/**
 * The registry for real servers: with the true digests of the manifests. It has no blobs, which no crawl requests.
 */
export const images = (options: Options): ReadonlyArray<Images.Repository> => {
  const { body, manifestAt, nameOf, tagName } = contents(options)
  const manifests = Array.from({ length: options.manifests }, (_, m): Images.Image => {
    const bytes = body(m)
    const digest = `sha256:${hash("sha256", bytes, "hex")}` as Digest.Digest
    return { digest, mediaType: MediaType.ociManifest, body: bytes, children: [], blobs: [] }
  })
  return Array.from({ length: options.repositories }, (_, r) => ({
    name: nameOf(r),
    tags: Array.from({ length: options.tagsPerRepository }, (_, i) => ({
      name: tagName(i),
      image: manifests[manifestAt(r, i)]!
    }))
  }))
}
