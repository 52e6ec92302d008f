/**
 * Images as plain data: blobs and manifests with their bytes and digests, the same at every run. They can be put into
 * the in-memory registry, served by an embedded one, or pushed to a real one.
 *
 * @since 0.1.0
 */
import { Effect } from "effect"
import { Digest } from "../registry/Digest.ts"
import * as MediaType from "../registry/MediaType.ts"
import { RepositoryName, TagName } from "../registry/Names.ts"
import type { RegistryReason, StoredManifest } from "../registry/Registry.ts"

/**
 * A blob with its bytes, and the digest of them.
 *
 * @category models
 * @since 0.1.0
 */
export interface Blob {
  readonly digest: Digest
  readonly mediaType: string
  readonly body: Uint8Array
}

/**
 * A manifest with all that it refers to. `children` are the manifests of an index, `blobs` the config and the layers
 * that are stored, each as often as it is referred to.
 *
 * @category models
 * @since 0.1.0
 */
export interface Image extends StoredManifest {
  readonly children: ReadonlyArray<Image>
  readonly blobs: ReadonlyArray<Blob>
}

/**
 * A repository of a test registry: its tags in the order of listing, and where it cannot be read, why.
 *
 * @category models
 * @since 0.1.0
 */
export interface Repository {
  readonly name: RepositoryName
  readonly tags: ReadonlyArray<{ readonly name: TagName; readonly image: Image }>
  readonly unreadable?: RegistryReason | undefined
}

/**
 * A repository with these tags, in the order of the record's keys.
 *
 * @category constructors
 * @since 0.1.0
 */
export const repository = (
  name: string,
  tags: Readonly<Record<string, Image>>,
  unreadable?: RegistryReason
): Repository => ({
  name: RepositoryName.make(name),
  tags: Object.entries(tags).map(([tag, image]) => ({ name: TagName.make(tag), image })),
  unreadable
})

const encoder = new TextEncoder()

const hex = (bytes: ArrayBuffer) =>
  Array.from(new Uint8Array(bytes), (byte) => byte.toString(16).padStart(2, "0")).join("")

/**
 * The sha256 digest of the bytes.
 *
 * @category hashing
 * @since 0.1.0
 */
export const digestOf = (body: Uint8Array): Effect.Effect<Digest> =>
  Effect.map(
    // A copy: WebCrypto's type wants a buffer that is not shared.
    Effect.promise(() => crypto.subtle.digest("SHA-256", new Uint8Array(body))),
    (hash) => Digest.make(`sha256:${hex(hash)}`)
  )

/**
 * A blob of these bytes.
 *
 * @category constructors
 * @since 0.1.0
 */
export const blobOf = (body: Uint8Array, mediaType: string): Effect.Effect<Blob> =>
  Effect.map(digestOf(body), (digest) => ({ digest, mediaType, body }))

/** Bytes that look random and depend on the seed alone (xorshift32, Marsaglia 2003). */
const noise = (seed: string, size: number): Uint8Array => {
  let state = 2463534242
  for (const byte of encoder.encode(seed)) state = Math.imul(state ^ byte, 0x01000193) >>> 0 || 1
  const bytes = new Uint8Array(size)
  for (let i = 0; i < size; i++) {
    state ^= state << 13
    state ^= state >>> 17
    state ^= state << 5
    bytes[i] = state
  }
  return bytes
}

/**
 * A layer of `size` bytes that depend on the seed alone.
 *
 * @category constructors
 * @since 0.1.0
 */
export const layer = (
  seed: string,
  size: number,
  mediaType = "application/vnd.oci.image.layer.v1.tar+gzip"
): Effect.Effect<Blob> => blobOf(noise(seed, size), mediaType)

const descriptor = (blob: { readonly digest: Digest; readonly mediaType: string; readonly body: Uint8Array }) => ({
  mediaType: blob.mediaType,
  digest: blob.digest,
  size: blob.body.length
})

/**
 * A manifest of any media type from its JSON value, with what it refers to.
 *
 * @category constructors
 * @since 0.1.0
 */
export const manifestOf = (
  mediaType: string,
  json: unknown,
  refers: { readonly children?: ReadonlyArray<Image>; readonly blobs?: ReadonlyArray<Blob> } = {}
): Effect.Effect<Image> => {
  const body = encoder.encode(JSON.stringify(json, null, 2))
  return Effect.map(digestOf(body), (digest) => ({
    digest,
    mediaType,
    body,
    children: refers.children ?? [],
    blobs: refers.blobs ?? []
  }))
}

/**
 * What an image is made of.
 *
 * @category models
 * @since 0.1.0
 */
export interface ImageOptions {
  readonly layers: ReadonlyArray<Blob>
  /** Default `oci`. */
  readonly flavour?: "docker" | "oci" | undefined
  /** What goes into the config, so that two images of the same layers can differ. Default: the layers' digests. */
  readonly config?: unknown
  readonly subject?: Image | undefined
  readonly artifactType?: string | undefined
  /** Layers that are referred to and not stored. */
  readonly foreign?: ReadonlyArray<Blob> | undefined
}

/**
 * An image manifest of the given layers, with a config of its own.
 *
 * @category constructors
 * @since 0.1.0
 */
export const image = Effect.fnUntraced(function* (options: ImageOptions) {
  const docker = options.flavour === "docker"
  const config = yield* blobOf(
    encoder.encode(
      JSON.stringify(
        options.config ?? {
          os: "linux",
          rootfs: { type: "layers", diff_ids: options.layers.map((layer) => layer.digest) }
        }
      )
    ),
    docker ? "application/vnd.docker.container.image.v1+json" : "application/vnd.oci.image.config.v1+json"
  )
  const layers = docker
    ? options.layers.map((layer) => ({ ...layer, mediaType: "application/vnd.docker.image.rootfs.diff.tar.gzip" }))
    : options.layers
  const foreign = (options.foreign ?? []).map((layer) => ({
    ...descriptor(layer),
    urls: ["https://elsewhere.example/layer"],
    mediaType: docker
      ? "application/vnd.docker.image.rootfs.foreign.diff.tar.gzip"
      : "application/vnd.oci.image.layer.nondistributable.v1.tar+gzip"
  }))
  const mediaType = docker ? MediaType.dockerManifest : MediaType.ociManifest
  return yield* manifestOf(
    mediaType,
    {
      schemaVersion: 2,
      mediaType,
      ...(options.artifactType === undefined ? {} : { artifactType: options.artifactType }),
      config: descriptor(config),
      layers: [...foreign, ...layers.map(descriptor)],
      ...(options.subject === undefined ? {} : { subject: descriptor(options.subject) })
    },
    { blobs: [config, ...layers] }
  )
})

/**
 * A BuildKit attestation of an image: a manifest of one in-toto statement.
 *
 * @category constructors
 * @since 0.1.0
 */
export const attestation = Effect.fnUntraced(function* (of: Image) {
  const statement = yield* blobOf(
    encoder.encode(JSON.stringify({ _type: "https://in-toto.io/Statement/v0.1", subject: [{ digest: of.digest }] })),
    "application/vnd.in-toto+json"
  )
  return yield* image({ layers: [statement], config: { os: "unknown", architecture: "unknown", of: of.digest } })
})

/**
 * What an index is made of.
 *
 * @category models
 * @since 0.1.0
 */
export interface IndexOptions {
  readonly images: ReadonlyArray<{ readonly image: Image; readonly platform?: string | undefined }>
  /** Attestations, each with the image it speaks of. */
  readonly attestations?: ReadonlyArray<{ readonly attestation: Image; readonly of: Image }> | undefined
  /** Default `oci`. */
  readonly flavour?: "docker" | "oci" | undefined
}

/**
 * An index over images (or further indexes), with attestations in BuildKit's form.
 *
 * @category constructors
 * @since 0.1.0
 */
export const index = (options: IndexOptions): Effect.Effect<Image> => {
  const mediaType = options.flavour === "docker" ? MediaType.dockerManifestList : MediaType.ociIndex
  const attestations = options.attestations ?? []
  return manifestOf(
    mediaType,
    {
      schemaVersion: 2,
      mediaType,
      manifests: [
        ...options.images.map(({ image, platform = "linux/amd64" }) => {
          const [os, architecture, variant] = platform.split("/")
          return { ...descriptor(image), platform: { os, architecture, ...(variant === undefined ? {} : { variant }) } }
        }),
        ...attestations.map(({ attestation, of }) => ({
          ...descriptor(attestation),
          platform: { os: "unknown", architecture: "unknown" },
          annotations: { "vnd.docker.reference.type": "attestation-manifest", "vnd.docker.reference.digest": of.digest }
        }))
      ]
    },
    { children: [...options.images.map(({ image }) => image), ...attestations.map(({ attestation }) => attestation)] }
  )
}

/**
 * A BuildKit cache export: an index whose entries are layers and a config of its own.
 *
 * @category constructors
 * @since 0.1.0
 */
export const buildkitCache = Effect.fnUntraced(function* (layers: ReadonlyArray<Blob>) {
  const config = yield* blobOf(
    encoder.encode(JSON.stringify({ layers: layers.map(({ digest }) => digest) })),
    MediaType.buildkitCacheConfig
  )
  return yield* manifestOf(
    MediaType.ociIndex,
    {
      schemaVersion: 2,
      mediaType: MediaType.ociIndex,
      manifests: [...layers.map(descriptor), descriptor(config)]
    },
    { blobs: [config, ...layers] }
  )
})

/**
 * An unsigned schema 1 manifest: it lists layers newest first, without sizes, and has no config.
 *
 * @category constructors
 * @since 0.1.0
 */
export const schema1 = (name: string, layers: ReadonlyArray<Blob>): Effect.Effect<Image> =>
  manifestOf(
    MediaType.dockerSchema1,
    {
      schemaVersion: 1,
      name,
      tag: "latest",
      architecture: "amd64",
      fsLayers: layers.toReversed().map(({ digest }) => ({ blobSum: digest })),
      history: layers.map(() => ({ v1Compatibility: "{}" }))
    },
    { blobs: layers }
  )
