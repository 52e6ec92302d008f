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
  dockerSchema1Signed
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

/**
 * Whether a layer of this type lives outside the registry (its `urls`), so that it takes no disk there.
 *
 * @category guards
 * @since 0.1.0
 */
export const isForeign = (mediaType: string): boolean =>
  mediaType.includes(".foreign.") || mediaType.includes(".nondistributable.")
