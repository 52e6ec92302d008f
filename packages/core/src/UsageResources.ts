/**
 * The resources of the API as HAL: all images, an image, its tags, a tag.
 *
 * @since 0.1.0
 */
import type { Link, Resource } from "./Hal.ts"
import type { RepositoryName, TagName } from "./Names.ts"
import { type Snapshot, timestamp } from "./Snapshot.ts"
import * as Usage from "./Usage.ts"

/**
 * A snapshot, seen under a path: every link begins with `base`, for example `/images` or `/prefix/repositories`.
 *
 * @category models
 * @since 0.1.0
 */
export interface View {
  readonly snapshot: Snapshot
  readonly base: string
}

const imageHref = (view: View, name: RepositoryName) => `${view.base}/${encodeURIComponent(name)}`
const tagsHref = (view: View, name: RepositoryName) => `${imageHref(view, name)}/tags`
const tagHref = (view: View, name: RepositoryName, tag: TagName) => `${tagsHref(view, name)}/${encodeURIComponent(tag)}`

const sizes = (sizes: Usage.Sizes | undefined) => ({
  size: sizes?.size ?? null,
  disk_size: sizes?.diskSize ?? null,
  unique_size: sizes?.uniqueSize ?? null
})

const repositoryAt = (view: View, r: number) => view.snapshot.usage.inventory.repositories[r]!

const range = (start: number, end: number) => Array.from({ length: end - start }, (_, i) => start + i)

/** A relation without a link is left out, as HAL clients expect. */
const itemLinks = (items: ReadonlyArray<Link>) => (items.length === 0 ? {} : { items })

/**
 * All images: when they were looked at (`timestamp`, seconds since 1970), and `stale` where a later look failed.
 *
 * @category resources
 * @since 0.1.0
 */
export const images = (view: View): Resource => {
  const { repositories } = view.snapshot.usage.inventory
  return {
    state: { timestamp: timestamp(view.snapshot), ...(view.snapshot.stale ? { stale: true } : {}) },
    links: () => ({
      self: { href: view.base },
      ...itemLinks(repositories.map(({ name }) => ({ href: imageHref(view, name), title: name })))
    }),
    embedded: { items: () => repositories.map((_, r) => image(view, r)) }
  }
}

/**
 * Image number `r` of the snapshot. `size`, `disk_size` and `unique_size` are in bytes, all `null` where the image could
 * not be read; `gaps` tells how many of its tags could not be read, where there are any, and `stale` that its figures are
 * those of an earlier crawl.
 *
 * @category resources
 * @since 0.1.0
 */
export const image = (view: View, r: number): Resource => {
  const { usage } = view.snapshot
  const { name, stale, unreadable } = repositoryAt(view, r)
  const measured = Usage.repositorySizes(usage, r)
  const unknown = Usage.unknownTags(usage, r)
  return {
    state: {
      name,
      ...sizes(measured),
      ...(unknown > 0 ? { gaps: unknown } : {}),
      ...(stale ? { stale: true } : {})
    },
    links: () => ({
      self: { href: imageHref(view, name) },
      collection: { href: view.base },
      ...(unreadable ? {} : { related: { href: tagsHref(view, name), title: "tags" } })
    }),
    embedded: measured === undefined ? {} : { related: () => tags(view, r) }
  }
}

/**
 * The tags of image number `r`.
 *
 * @category resources
 * @since 0.1.0
 */
export const tags = (view: View, r: number): Resource => {
  const { name, tagNames, unreadable } = repositoryAt(view, r)
  const { tagStarts } = view.snapshot.usage
  return {
    state: {},
    links: () => ({
      self: { href: tagsHref(view, name) },
      up: { href: imageHref(view, name) },
      ...itemLinks(tagNames.map((tag) => ({ href: tagHref(view, name, tag), title: tag })))
    }),
    embedded: unreadable
      ? {}
      : { items: () => range(tagStarts[r]!, tagStarts[r + 1]!).map((number) => tag(view, r, number)) }
  }
}

/**
 * Tag number `number` of the snapshot, in image number `r`. Its sizes are in bytes, all `null` where some part of it
 * could not be read. `foreign_size` are the bytes of layers that are stored elsewhere, where it has any.
 *
 * @category resources
 * @since 0.1.0
 */
export const tag = (view: View, r: number, number: number): Resource => {
  const { usage } = view.snapshot
  const { name, tagNames } = repositoryAt(view, r)
  const tagName = tagNames[number - usage.tagStarts[r]!]!
  const foreign = Usage.foreignSize(usage, number)
  return {
    state: {
      name: tagName,
      ...sizes(Usage.tagSizes(usage, number)),
      ...(foreign > 0 ? { foreign_size: foreign } : {})
    },
    links: () => ({ self: { href: tagHref(view, name, tagName) }, collection: { href: tagsHref(view, name) } }),
    embedded: {}
  }
}
