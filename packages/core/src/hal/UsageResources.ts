/**
 * The resources of the API as HAL: all images, an image, its tags, a tag, the blobs of a tag.
 *
 * @since 0.1.0
 */
export { image, images } from "./ImageResources.ts"
export { sizesState } from "./SizesState.ts"
export { blobs, tag, tags } from "./TagResources.ts"
export { growthHref, historyHref, imageHref, imagesHref, namespaceHref, type View } from "./View.ts"
