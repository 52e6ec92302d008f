/**
 * What a manifest refers to: child manifests, a config, layers.
 *
 * Sources: OCI image specification, manifest.md and image-index.md; Docker image manifest version 2, schemas 1 and 2.
 *
 * @since 0.1.0
 */
import { Result, Schema } from "effect"
import { type Bytes, isBytes } from "./Bytes.ts"
import { Digest, isDigest } from "./Digest.ts"
import * as MediaType from "./MediaType.ts"
import { issueText } from "../text/IssueText.ts"

/**
 * A reference to a layer. `size` is in compressed bytes, as the descriptor states; `undefined` where the manifest states
 * none (schema 1) or no valid one, so that the registry has to be asked. A `foreign` layer may be stored elsewhere, which
 * the registry alone knows.
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
 * A reference to a config blob, with its size in bytes, `undefined` as for a layer.
 *
 * @category models
 * @since 0.1.0
 */
export interface Config {
  readonly digest: Digest
  readonly size: Bytes | undefined
  readonly mediaType: string
}

/**
 * A reference from an index to another manifest, or, where its media type is none of a manifest, to anything. An `attestation` is a BuildKit attestation manifest: real bytes, but
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

/** A field that says nothing about bytes may hold anything: it costs no tag. */
const Cosmetic = Schema.optionalKey(Schema.Unknown)

const Descriptor = Schema.Struct({
  mediaType: Cosmetic,
  digest: Digest,
  size: Cosmetic,
  annotations: Cosmetic,
  platform: Cosmetic
})
type Descriptor = typeof Descriptor.Type

const List = <S extends Schema.Top>(item: S) => Schema.NullOr(Schema.Array(item))

const Image = Schema.Struct({
  config: Schema.UndefinedOr(Descriptor),
  layers: List(Descriptor),
  artifactType: Cosmetic,
  subject: Cosmetic
})
const Index = Schema.Struct({ manifests: List(Descriptor), artifactType: Cosmetic, subject: Cosmetic })
const Schema1 = Schema.Struct({ fsLayers: List(Schema.Struct({ blobSum: Digest })) })

const decodeImage = Schema.decodeUnknownResult(Image)
const decodeIndex = Schema.decodeUnknownResult(Index)
const decodeSchema1 = Schema.decodeUnknownResult(Schema1)

const text = (value: unknown): string => (typeof value === "string" ? value : "")

const typeOf = (descriptor: Descriptor): string => MediaType.essence(text(descriptor.mediaType))

const sizeOf = ({ size }: Descriptor): Bytes | undefined => (isBytes(size) ? size : undefined)

/** A field of an object, `undefined` where there is no object or no field. */
const field = (value: unknown, name: string): unknown =>
  typeof value === "object" && value !== null && Object.hasOwn(value, name)
    ? (value as Record<string, unknown>)[name]
    : undefined

const subjectOf = (value: unknown): Digest | undefined => {
  const digest = text(field(value, "digest"))
  return isDigest(digest) ? digest : undefined
}

/** Media types that stand for "an image" or "nothing in particular" and so classify no artifact. */
const plainConfigs = new Set([
  "",
  "application/vnd.oci.image.config.v1+json",
  "application/vnd.docker.container.image.v1+json",
  "application/vnd.oci.empty.v1+json"
])

const layerOf = (descriptor: Descriptor): Layer => {
  const mediaType = typeOf(descriptor)
  return { digest: descriptor.digest, size: sizeOf(descriptor), mediaType, foreign: MediaType.isForeign(mediaType) }
}

const configOf = (descriptor: Descriptor): Config => ({
  digest: descriptor.digest,
  size: sizeOf(descriptor),
  mediaType: typeOf(descriptor)
})

const childOf = (descriptor: Descriptor): Child => {
  const [os, architecture, variant] = ["os", "architecture", "variant"].map((name) =>
    text(field(descriptor.platform, name))
  )
  const known = [os, architecture].every((name) => name !== "" && name !== "unknown")
  return {
    digest: descriptor.digest,
    mediaType: typeOf(descriptor),
    attestation: field(descriptor.annotations, "vnd.docker.reference.type") === "attestation-manifest",
    platform: known ? [os, architecture, ...(variant === "" ? [] : [variant])].join("/") : undefined
  }
}

const fromImage = (mediaType: string, image: typeof Image.Type): Manifest => {
  const config = image.config === undefined ? undefined : configOf(image.config)
  const classified = text(image.artifactType) || (config?.mediaType ?? "")
  return {
    mediaType,
    children: [],
    config,
    layers: (image.layers ?? []).map(layerOf),
    artifactType: plainConfigs.has(classified) ? undefined : classified,
    subject: subjectOf(image.subject)
  }
}

/**
 * An index refers to manifests. BuildKit's cache export refers to layers and its own config in the same way, so an
 * entry counts as a blob where its type is no manifest's and the index is such a cache, or where its type is a layer's.
 */
const fromIndex = (mediaType: string, index: typeof Index.Type): Manifest => {
  const entries = index.manifests ?? []
  const cache = entries.find((entry) => typeOf(entry) === MediaType.buildkitCacheConfig)
  const isBlob = (entry: Descriptor) =>
    entry !== cache &&
    !MediaType.isManifest(typeOf(entry)) &&
    (cache !== undefined || (!MediaType.isJson(typeOf(entry)) && /\.(?:layer|rootfs|tar)\b/.test(typeOf(entry))))
  return {
    mediaType,
    children: entries.filter((entry) => entry !== cache && !isBlob(entry)).map(childOf),
    config: cache === undefined ? undefined : configOf(cache),
    layers: entries.filter(isBlob).map(layerOf),
    artifactType: text(index.artifactType) || (cache === undefined ? undefined : MediaType.buildkitCacheConfig),
    subject: subjectOf(index.subject)
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

/** Annotations may be in another encoding; digests and sizes are ASCII in all of them. */
const decoder = new TextDecoder()

const parse = (body: Uint8Array): Result.Result<Record<string, unknown>, ManifestError> =>
  Result.flatMap(
    Result.try({
      try: () => JSON.parse(decoder.decode(body)) as unknown,
      // The error of the parser quotes the bytes, which may be anything.
      catch: () => new ManifestError({ detail: body.length === 0 ? "it is empty" : "it is not JSON" })
    }),
    (json) =>
      typeof json === "object" && json !== null && !Array.isArray(json)
        ? Result.succeed(json as Record<string, unknown>)
        : Result.fail(new ManifestError({ detail: "not a JSON object" }))
  )

/**
 * Whether the bytes are a JSON object, as every manifest is.
 *
 * @category guards
 * @since 0.1.0
 */
export const isObject = (body: Uint8Array): boolean => Result.isSuccess(parse(body))

/** What a serializer writes for a field that is not set. */
const isEmpty = (value: unknown): boolean =>
  value == null || value === "" || (typeof value === "object" && Object.keys(value).length === 0)

const isList = (value: unknown): boolean => value === null || Array.isArray(value)

/** A descriptor that is not set refers to nothing: Go writes it with an empty digest and the size 0. */
const isUnset = (value: unknown): boolean =>
  isEmpty(value) || (typeof value === "object" && isEmpty(field(value, "digest")) && !field(value, "size"))

/** The fields that decide what a manifest is, each with the media type of a manifest that states none of its own. */
const shapes = {
  manifests: MediaType.ociIndex,
  layers: MediaType.ociManifest,
  blobs: MediaType.ociArtifact,
  fsLayers: MediaType.dockerSchema1
}
type Shape = keyof typeof shapes

const isShape = (name: string): name is Shape => Object.hasOwn(shapes, name)

/** A known type of the answer counts before the manifest's own; one that any answer may have does not count. */
const mediaTypeOf = (answered: string, stated: string, shape: Shape): string => {
  if (MediaType.isManifest(answered)) return answered
  return stated || (answered.startsWith("application/vnd.") ? answered : shapes[shape])
}

const fail = (detail: string) => Result.fail(new ManifestError({ detail }))

/**
 * A field of the object that programs in Go, registries among them, take for one of these names: to them, case does not
 * matter, and the last one counts. Bytes could be hidden by it.
 */
const otherSpelling = (value: unknown, names: ReadonlyArray<string>): string | undefined =>
  Object.keys(Object(value)).find((key) =>
    names.some(
      (name) => key !== name && key.length === name.length && key.toUpperCase().toLowerCase() === name.toLowerCase()
    )
  )

const ofManifests = [...Object.keys(shapes), "config"]
const ofDescriptors = ["digest", "blobSum"]

/** The field that decides what a manifest is: the one that is filled, or without any one that is there. */
const shapeOf = (json: Record<string, unknown>, stated: string): Result.Result<Shape, ManifestError> => {
  const present = Object.keys(json).filter(isShape)
  const filled = present.filter((name) => !isEmpty(json[name]))
  const { config } = json
  if (filled.length > 1) return fail(`ambiguous: it has ${filled.join(" and ")}`)
  const [shape] = filled
  if (shape !== undefined) {
    const isAmbiguous = shape !== "layers" && text(field(config, "digest")) !== ""
    return isAmbiguous ? fail(`ambiguous: it has ${shape} and config`) : Result.succeed(shape)
  }
  const [empty] = [...present.filter((name) => isList(json[name])), ...present]
  if (isUnset(config) && empty !== undefined) return Result.succeed(empty)
  // An artifact may leave out what it has none of.
  if ("config" in json) return Result.succeed("layers")
  return [MediaType.ociArtifact, MediaType.orasArtifact].includes(stated)
    ? Result.succeed("blobs")
    : fail("it has neither layers, manifests, blobs nor fsLayers")
}

/**
 * Decodes the bytes of a manifest. The shape decides, not the stated media type: an image has `layers`, an artifact
 * `blobs`, an index `manifests`, a schema 1 manifest `fsLayers`. What has more than one of them, or a config beside
 * another than `layers`, is refused (OCI image specification, manifest.md, "confusion" of types: CVE-2021-41190); a field
 * that is null or empty is none.
 *
 * Fields that refer to bytes have to be valid, but for sizes, which are `undefined` then. All others may have any value.
 *
 * @category decoding
 * @since 0.1.0
 */
export const decode = (body: Uint8Array, mediaType: string): Result.Result<Manifest, ManifestError> =>
  Result.gen(function* () {
    const json = yield* parse(body)
    const stated = MediaType.essence(text(json["mediaType"]))
    const shape = yield* shapeOf(json, stated)
    const entries: unknown = json[shape]
    const spelling = [json["config"], ...(Array.isArray(entries) ? entries : [])].reduce<string | undefined>(
      (found, entry) => found ?? otherSpelling(entry, ofDescriptors),
      otherSpelling(json, ofManifests)
    )
    if (spelling !== undefined) return yield* fail(`ambiguous: some programs read its field ${spelling} as another`)
    const type = mediaTypeOf(MediaType.essence(mediaType), stated, shape)
    if (shape === "manifests") return fromIndex(type, yield* decodeIndex(json))
    if (shape === "fsLayers") return fromSchema1(type, yield* decodeSchema1(json))
    const config = isUnset(json["config"]) ? undefined : json["config"]
    return fromImage(type, yield* decodeImage({ ...json, config, layers: json[shape] ?? [] }))
  }).pipe(
    Result.mapError((error) =>
      Schema.isSchemaError(error) ? new ManifestError({ detail: issueText(error.issue) }) : error
    )
  )
