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
  Usage,
  UsageResources
} from "@gitlab-registry-usage/core"
import { Result } from "effect"
import { notFound, type Problem } from "./Problem.ts"
import type { Reading } from "./Router.ts"

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
 * The resource that the path names. The form with each name percent-encoded as one segment is never ambiguous and is
 * tried first; a name whose slashes are not encoded is found where exactly one reading of it exists.
 *
 * @category lookup
 * @since 0.1.0
 */
export const find = (
  view: UsageResources.View,
  readings: ReadonlyArray<Reading<Name>>,
  selection: Listing.Selection
): Result.Result<Hal.Resource, Problem> => {
  let found: Hal.Resource | undefined
  for (const { canonical, name, parameters } of readings) {
    const resource = resources[name](view, parameters, selection)
    if (resource === undefined) continue
    if (found !== undefined) {
      return Result.fail(
        notFound("this path has more than one meaning: write the image's name as one segment, with %2F")
      )
    }
    found = resource
    if (canonical) break
  }
  return found === undefined
    ? Result.fail(notFound("there is no such thing in the current snapshot"))
    : Result.succeed(found)
}
