/**
 * From what a path may mean to the one resource of a snapshot that it names.
 *
 * @since 0.1.0
 */
import {
  type Hal,
  type Listing,
  type Names,
  NamespaceResources,
  type Snapshot,
  Usage,
  UsageResources
} from "@gitlab-registry-usage/core"
import { DateTime } from "effect"
import { notFound, type Problem } from "../wire/Problem.ts"

type Find = (
  view: UsageResources.View,
  parameters: Readonly<Record<string, string>>,
  selection: Listing.Selection
) => Hal.Resource | undefined

const inImage =
  (find: (view: UsageResources.View, r: number, selection: Listing.Selection) => Hal.Resource | undefined): Find =>
  (view, { image }, selection) => {
    const r = Usage.findRepository(view.snapshot.usage, image as Names.RepositoryName)
    return r === undefined ? undefined : find(view, r, selection)
  }

const inTag =
  (find: (view: UsageResources.View, r: number, tag: number) => Hal.Resource): Find =>
  (view, parameters, selection) =>
    inImage((view, r) => {
      const tag = Usage.findTag(view.snapshot.usage, r, parameters["tag"] as Names.TagName)
      return tag === undefined ? undefined : find(view, r, tag)
    })(view, parameters, selection)

/** The resources that a snapshot has, by the names of their routes. */
const resources = {
  images: (view, _, selection) => UsageResources.images(view, selection),
  image: inImage(UsageResources.image),
  tags: inImage(UsageResources.tags),
  tag: inTag(UsageResources.tag),
  blobs: inTag(UsageResources.blobs),
  namespaces: (view) => NamespaceResources.namespace(view, ""),
  namespace: (view, { namespace }) => NamespaceResources.namespace(view, namespace!)
} satisfies Record<string, Find>

/** @category models @since 0.1.0 */
export type Name = keyof typeof resources

/** @category guards @since 0.1.0 */
export const isName = (name: string): name is Name => Object.hasOwn(resources, name)

/**
 * The resource of the snapshot that is named so; `undefined` where there is none.
 *
 * @category lookup
 * @since 0.1.0
 */
export const find = (
  view: UsageResources.View,
  name: Name,
  parameters: Readonly<Record<string, string>>,
  selection: Listing.Selection
): Hal.Resource | undefined => (resources[name] as Find)(view, parameters, selection)

/**
 * More than one reading of the path leads to something. The form with each name percent-encoded as one segment never does:
 * it is tried first. A name whose slashes are not encoded is found where exactly one reading of it exists.
 *
 * @category errors
 * @since 0.1.0
 */
export const ambiguous: Problem = notFound(
  "this path has more than one meaning: write the image's name as one segment, with %2F"
)

/**
 * There is no such thing: in the current snapshot, or in this one of the past.
 *
 * @category errors
 * @since 0.1.0
 */
export const nothing = (past: Snapshot.Snapshot | undefined): Problem =>
  notFound(
    past === undefined
      ? "there is no such thing in the current snapshot"
      : `there is no such thing in the snapshot of ${DateTime.formatIso(past.takenAt)}`
  )
