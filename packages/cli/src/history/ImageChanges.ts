/**
 * What changed between two states of a registry, as documents of the API tell them: without the digests of tags.
 *
 * @since 0.1.0
 */
import type { Diff, Names } from "@gitlab-registry-usage/core"
import { type Image, sizesOf } from "./ApiDocuments.ts"

type Tags = ReadonlyMap<Names.TagName, number | null>

/** The size of each tag; undefined for an image that could not be read, of whose tags nothing can be said. */
const tagsOf = (image: Image | undefined): Tags | undefined =>
  image === undefined
    ? new Map()
    : image.tags === null || (image.tags > 0 && image._embedded?.related?._embedded === undefined)
      ? undefined
      : new Map(
          (image._embedded?.related?._embedded?.items ?? []).map(({ name, size }) => [name as Names.TagName, size])
        )

const changeOf = (name: string, was: Image | undefined, is: Image | undefined): Diff.RepositoryDiff => {
  const [tagsBefore, tagsAfter] = [tagsOf(was), tagsOf(is)]
  const [before, after] = [was && (sizesOf(was) ?? null), is && (sizesOf(is) ?? null)]
  const fields = { name: name as Names.RepositoryName, before, after }
  if (tagsBefore === undefined || tagsAfter === undefined) {
    return { ...fields, tagsAdded: [], tagsRemoved: [], tagsMoved: [] }
  }
  return {
    ...fields,
    tagsAdded: [...tagsAfter.keys()].filter((tag) => !tagsBefore.has(tag)),
    tagsRemoved: [...tagsBefore.keys()].filter((tag) => !tagsAfter.has(tag)),
    // A manifest does not change, so the size of what a tag reaches changes with the manifest alone.
    tagsMoved: [...tagsAfter].flatMap(([tag, size]) => {
      const other = tagsBefore.get(tag)
      return size !== null && other !== null && other !== undefined && size !== other ? [tag] : []
    })
  }
}

/**
 * Compares images as `Diff.compare` does repositories. A tag that points to another manifest of the same size is not
 * told as moved.
 *
 * @category comparing
 * @since 0.1.0
 */
export const compare = (
  before: ReadonlyArray<Image>,
  after: ReadonlyArray<Image>
): ReadonlyArray<Diff.RepositoryDiff> => {
  const byName = (images: ReadonlyArray<Image>) => new Map(images.map((image) => [image.name, image]))
  const [was, is] = [byName(before), byName(after)]
  return Array.from(new Set([...is.keys(), ...was.keys()]), (name) =>
    changeOf(name, was.get(name), is.get(name))
  ).filter(
    ({ after, before, tagsAdded, tagsMoved, tagsRemoved }) =>
      tagsAdded.length + tagsRemoved.length + tagsMoved.length > 0 ||
      before?.diskSize !== after?.diskSize ||
      before?.uniqueSize !== after?.uniqueSize ||
      before?.size !== after?.size ||
      (before === null) !== (after === null) ||
      (before === undefined) !== (after === undefined)
  )
}
