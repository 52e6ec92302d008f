/**
 * The media types of manifests and blobs, and what they mean for counting.
 *
 * Sources: OCI image specification, media-types.md; Docker image manifest version 2, schemas 1 and 2; BuildKit cache.
 *
 * @since 0.1.0
 */

/**
 * Of an image, as Docker writes it (image manifest version 2, schema 2).
 *
 * @category constants
 * @since 0.1.0
 */
export const dockerManifest = "application/vnd.docker.distribution.manifest.v2+json"

/**
 * Of a multi-arch image, as Docker writes it.
 *
 * @category constants
 * @since 0.1.0
 */
export const dockerManifestList = "application/vnd.docker.distribution.manifest.list.v2+json"

/**
 * Of an image of before 2016, which states no sizes.
 *
 * @category constants
 * @since 0.1.0
 */
export const dockerSchema1 = "application/vnd.docker.distribution.manifest.v1+json"

/**
 * Of an image of before 2016, with a signature inside.
 *
 * @category constants
 * @since 0.1.0
 */
export const dockerSchema1Signed = "application/vnd.docker.distribution.manifest.v1+prettyjws"

/**
 * Of an image or artifact of the OCI image specification.
 *
 * @category constants
 * @since 0.1.0
 */
export const ociManifest = "application/vnd.oci.image.manifest.v1+json"

/**
 * Of an index of the OCI image specification: several manifests under one name.
 *
 * @category constants
 * @since 0.1.0
 */
export const ociIndex = "application/vnd.oci.image.index.v1+json"

/**
 * Of an artifact of the OCI image specification's release candidates, whose content are `blobs`.
 *
 * @category constants
 * @since 0.1.0
 */
export const ociArtifact = "application/vnd.oci.artifact.manifest.v1+json"

/**
 * Of an artifact of ORAS, before OCI's own.
 *
 * @category constants
 * @since 0.1.0
 */
export const orasArtifact = "application/vnd.cncf.oras.artifact.manifest.v1+json"

/**
 * Of the config of BuildKit's cache, which is an index whose entries are layers.
 *
 * @category constants
 * @since 0.1.0
 */
export const buildkitCacheConfig = "application/vnd.buildkit.cacheconfig.v0"

/**
 * Every type of manifest that is understood, most specific first. A request must accept all of them: without the
 * list types a registry answers with another image's manifest, or with none.
 *
 * @category constants
 * @since 0.1.0
 */
export const manifests: ReadonlyArray<string> = [
  ociIndex,
  dockerManifestList,
  ociManifest,
  dockerManifest,
  dockerSchema1Signed,
  ociArtifact,
  orasArtifact
]

/**
 * The media type without parameters, in lower case.
 *
 * @category getters
 * @since 0.1.0
 */
export const essence = (mediaType: string): string => {
  const end = mediaType.indexOf(";")
  return (end < 0 ? mediaType : mediaType.slice(0, end)).trim().toLowerCase()
}

/**
 * Whether a descriptor of this type names a manifest or an index.
 *
 * @category guards
 * @since 0.1.0
 */
export const isManifest = (mediaType: string): boolean => manifests.includes(mediaType) || mediaType === dockerSchema1

const grammar = /^[a-z0-9][a-z0-9!#$&^_.+-]{0,126}\/[a-z0-9][a-z0-9!#$&^_.+-]{0,126}$/i

/**
 * Whether the text is a media type without parameters, which is safe in a header as it is (RFC 6838, section 4.2).
 *
 * @category guards
 * @since 0.1.0
 */
export const isMediaType = (text: string): boolean => grammar.test(text)

/**
 * Whether content of this type is JSON, as that of every manifest.
 *
 * @category guards
 * @since 0.1.0
 */
export const isJson = (mediaType: string): boolean => /[/+]json$/.test(mediaType)

const foreign = new Set([
  "application/vnd.docker.image.rootfs.foreign.diff.tar.gzip",
  "application/vnd.oci.image.layer.nondistributable.v1.tar",
  "application/vnd.oci.image.layer.nondistributable.v1.tar+gzip",
  "application/vnd.oci.image.layer.nondistributable.v1.tar+zstd"
])

/**
 * Whether a layer of this type may live outside the registry (its `urls`). Whether it does, the registry alone knows: a
 * client may push it as well.
 *
 * @category guards
 * @since 0.1.0
 */
export const isForeign = (mediaType: string): boolean => foreign.has(mediaType)
