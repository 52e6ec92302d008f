/**
 * What a manifest refers to: child manifests, a config, layers.
 *
 * Sources: OCI image specification, manifest.md and image-index.md; Docker image manifest version 2, schemas 1 and 2.
 *
 * @since 0.1.0
 */
import { Result, Schema } from "effect"
import { Bytes } from "./Bytes.ts"
import { Digest } from "./Digest.ts"
import * as MediaType from "./MediaType.ts"
import { issueText } from "../text/IssueText.ts"

/**
 * A reference to a layer. `size` is in compressed bytes, as the descriptor states; `undefined` where the manifest does
 * not state it (schema 1). A `foreign` layer is not stored in the registry.
 *
 * @category models
 * @since 0.1.0
 */
export interface Layer {
  readonly digest: Digest
  readonly size: Bytes | undefined
  readonly mediaType: string
  readonly foreign: boolean
}

/**
 * A reference to a config blob, with its size in bytes.
 *
 * @category models
 * @since 0.1.0
 */
export interface Config {
  readonly digest: Digest
  readonly size: Bytes
  readonly mediaType: string
}

/**
 * A reference from an index to another manifest. An `attestation` is a BuildKit attestation manifest: real bytes, but
 * not an image. `platform` is `os/architecture[/variant]` where it is stated and known.
 *
 * @category models
 * @since 0.1.0
 */
export interface Child {
  readonly digest: Digest
  readonly mediaType: string
  readonly attestation: boolean
  readonly platform: string | undefined
}

/**
 * A decoded manifest. Layers stand as the manifest lists them, repetitions included. `artifactType` classifies what is
 * not a container image: the manifest's `artifactType`, else the config's media type.
 *
 * @category models
 * @since 0.1.0
 */
export interface Manifest {
  readonly mediaType: string
  readonly children: ReadonlyArray<Child>
  readonly config: Config | undefined
  readonly layers: ReadonlyArray<Layer>
  readonly artifactType: string | undefined
  readonly subject: Digest | undefined
}

/**
 * The bytes are not a manifest of a known type.
 *
 * @category errors
 * @since 0.1.0
 */
export class ManifestError extends Schema.TaggedError<ManifestError>()("ManifestError", { detail: Schema.String }) {
  override get message(): string {
    return `not a valid manifest: ${this.detail}`
  }
}

const Text = Schema.optionalKey(Schema.NullOr(Schema.String))

const Descriptor = Schema.Struct({
  mediaType: Text,
  digest: Digest,
  size: Bytes,
  artifactType: Text,
  annotations: Schema.optionalKey(Schema.NullOr(Schema.Record(Schema.String, Schema.Unknown))),
  platform: Schema.optionalKey(Schema.NullOr(Schema.Struct({ os: Text, architecture: Text, variant: Text })))
})
type Descriptor = typeof Descriptor.Type

const List = <S extends Schema.Top>(item: S) => Schema.NullOr(Schema.Array(item))

const Image = Schema.Struct({
  config: Schema.optionalKey(Schema.NullOr(Descriptor)),
  layers: List(Descriptor),
  artifactType: Text,
  subject: Schema.optionalKey(Schema.NullOr(Descriptor))
})
const Index = Schema.Struct({
  manifests: List(Descriptor),
  artifactType: Text,
  subject: Schema.optionalKey(Schema.NullOr(Descriptor))
})
const Schema1 = Schema.Struct({ fsLayers: List(Schema.Struct({ blobSum: Digest })) })

const decodeImage = Schema.decodeUnknownResult(Image)
const decodeIndex = Schema.decodeUnknownResult(Index)
const decodeSchema1 = Schema.decodeUnknownResult(Schema1)

/** Media types that stand for "an image" or "nothing in particular" and so classify no artifact. */
const plainConfigs = new Set([
  "",
  "application/vnd.oci.image.config.v1+json",
  "application/vnd.docker.container.image.v1+json",
  "application/vnd.oci.empty.v1+json"
])

const layerOf = (descriptor: Descriptor): Layer => {
  const mediaType = MediaType.essence(descriptor.mediaType ?? "")
  return { digest: descriptor.digest, size: descriptor.size, mediaType, foreign: MediaType.isForeign(mediaType) }
}

const configOf = (descriptor: Descriptor): Config => ({
  digest: descriptor.digest,
  size: descriptor.size,
  mediaType: MediaType.essence(descriptor.mediaType ?? "")
})

const childOf = (descriptor: Descriptor): Child => {
  const { os, architecture, variant } = descriptor.platform ?? {}
  const known = os != null && architecture != null && os !== "unknown" && architecture !== "unknown"
  return {
    digest: descriptor.digest,
    mediaType: MediaType.essence(descriptor.mediaType ?? ""),
    attestation: descriptor.annotations?.["vnd.docker.reference.type"] === "attestation-manifest",
    platform: known ? [os, architecture, ...(variant == null || variant === "" ? [] : [variant])].join("/") : undefined
  }
}

const fromImage = (mediaType: string, image: typeof Image.Type): Manifest => {
  const config = image.config == null ? undefined : configOf(image.config)
  const classified = image.artifactType ?? config?.mediaType ?? ""
  return {
    mediaType,
    children: [],
    config,
    layers: (image.layers ?? []).map(layerOf),
    artifactType: plainConfigs.has(classified) ? undefined : classified,
    subject: image.subject?.digest
  }
}

/**
 * An index refers to manifests. BuildKit's cache export refers to layers and its own config in the same way, so an
 * entry counts as a blob where its type is no manifest's and the index is such a cache, or where its type is a layer's.
 */
const fromIndex = (mediaType: string, index: typeof Index.Type): Manifest => {
  const entries = index.manifests ?? []
  const typeOf = (entry: Descriptor) => MediaType.essence(entry.mediaType ?? "")
  const cache = entries.find((entry) => typeOf(entry) === MediaType.buildkitCacheConfig)
  const isBlob = (entry: Descriptor) =>
    entry !== cache &&
    !MediaType.isManifest(typeOf(entry)) &&
    (cache !== undefined || /\.(?:layer|rootfs|tar)\b/.test(typeOf(entry)))
  return {
    mediaType,
    children: entries.filter((entry) => entry !== cache && !isBlob(entry)).map(childOf),
    config: cache === undefined ? undefined : configOf(cache),
    layers: entries.filter(isBlob).map(layerOf),
    artifactType: index.artifactType ?? (cache === undefined ? undefined : MediaType.buildkitCacheConfig),
    subject: index.subject?.digest
  }
}

const fromSchema1 = (mediaType: string, manifest: typeof Schema1.Type): Manifest => ({
  mediaType,
  children: [],
  config: undefined,
  layers: (manifest.fsLayers ?? []).map(({ blobSum }) => ({
    digest: blobSum,
    size: undefined,
    mediaType: "",
    foreign: false
  })),
  artifactType: undefined,
  subject: undefined
})

const utf8 = new TextDecoder("utf-8", { fatal: true })

const parse = (body: Uint8Array): Result.Result<Record<string, unknown>, ManifestError> =>
  Result.flatMap(
    Result.try({
      try: () => JSON.parse(utf8.decode(body)) as unknown,
      // The error of the parser quotes the bytes, which may be anything.
      catch: () => new ManifestError({ detail: body.length === 0 ? "it is empty" : "it is not JSON" })
    }),
    (json) =>
      typeof json === "object" && json !== null && !Array.isArray(json)
        ? Result.succeed(json as Record<string, unknown>)
        : Result.fail(new ManifestError({ detail: "not a JSON object" }))
  )

/**
 * Decodes the bytes of a manifest. The shape decides, not the stated media type: an image has `layers`, an index
 * `manifests`, a schema 1 manifest `fsLayers`. What has more than one of them is refused (OCI image specification,
 * manifest.md, "confusion" of types: CVE-2021-41190).
 *
 * @category decoding
 * @since 0.1.0
 */
export const decode = (body: Uint8Array, mediaType: string): Result.Result<Manifest, ManifestError> =>
  Result.flatMap(parse(body), (json) => {
    const shapes = ["manifests", "layers", "fsLayers"].filter((key) => Object.hasOwn(json, key))
    if (shapes.length > 1) {
      return Result.fail(new ManifestError({ detail: `ambiguous: it has ${shapes.join(" and ")}` }))
    }
    const stated = typeof json["mediaType"] === "string" ? json["mediaType"] : ""
    const type = MediaType.essence(MediaType.isManifest(MediaType.essence(mediaType)) ? mediaType : stated || mediaType)
    const decoded =
      shapes[0] === "manifests"
        ? Result.map(decodeIndex(json), (index) => fromIndex(type, index))
        : shapes[0] === "fsLayers"
          ? Result.map(decodeSchema1(json), (manifest) => fromSchema1(type, manifest))
          : // An OCI artifact may leave out `layers`; anything else without one of the three is no manifest.
            shapes[0] === "layers" || Object.hasOwn(json, "config")
            ? Result.map(decodeImage({ layers: [], ...json }), (image) => fromImage(type, image))
            : Result.fail(new ManifestError({ detail: "it has neither layers, manifests nor fsLayers" }))
    return Result.mapError(decoded, (error: ManifestError | Schema.SchemaError) =>
      Schema.isSchemaError(error) ? new ManifestError({ detail: issueText(error.issue) }) : error
    )
  })
