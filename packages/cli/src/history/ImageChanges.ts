/**
 * Differences between two snapshots, from the API's lists of images.
 */
import { Diff, type Names } from "@gitlab-registry-usage/core"
import { type Image, parseSizes } from "./ApiDocuments.ts"

/** The list of tags is unknown where an image could not be read, or where its tags were not embedded. */
const stateOf = ({ _embedded, tags, ...image }: Image): Diff.RepositoryState => {
  const items = _embedded?.related?._embedded?.items
  const isUnknown = tags === null || (tags > 0 && items === undefined)
  return {
    sizes: parseSizes(image) ?? null,
    // The lists have no digests. A manifest never changes, so a tag of another size points to another manifest.
    tags: isUnknown
      ? undefined
      : new Map((items ?? []).map(({ name, size }) => [name as Names.TagName, size ?? undefined]))
  }
}

const statesOf = (images: ReadonlyArray<Image>) =>
  new Map(images.map((image) => [image.name as Names.RepositoryName, stateOf(image)]))

/** Compares images as `Diff.compare` does repositories, but misses a tag that moved to a manifest of the same size. */
export const compare = (
  before: ReadonlyArray<Image>,
  after: ReadonlyArray<Image>
): ReadonlyArray<Diff.RepositoryDiff> => Diff.compareStates(statesOf(before), statesOf(after))
