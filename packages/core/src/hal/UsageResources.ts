/**
 * The resources of the API as HAL: all images, an image, its tags, a tag, the blobs of a tag.
 *
 * @since 0.1.0
 */
export { image, images } from "./internal/imageResources.ts"
export { sizesState } from "./internal/sizesState.ts"
export { blobs, tag, tags } from "./internal/tagResources.ts"
export {
  courseLinks,
  growthHref,
  historyHref,
  imageHref,
  imagesHref,
  namespaceHref,
  type View
} from "./internal/view.ts"
