/** The resource of a route, as an annotation of its endpoint. */
import {
  type Hal,
  type History,
  type Listing,
  type Names,
  type UsageResources,
  Usage
} from "@gitlab-registry-usage/core"
import { Context } from "effect"

/** The parameters of a path by their names, decoded. */
export type PathParameters = Readonly<Record<string, string>>

type Find = (
  view: UsageResources.View,
  parameters: PathParameters,
  selection: Listing.Selection
) => Hal.Resource | undefined

/**
 * A resource of one snapshot, a time series, or the growth between two snapshots. `find` returns `undefined` if the
 * snapshot does not have the entity. The root namespace, which is the whole registry, has the path "".
 */
export type Shown =
  | { readonly _tag: "Snapshot"; readonly find: Find }
  | { readonly _tag: "History"; readonly entity: (parameters: PathParameters) => History.Entity }
  | { readonly _tag: "Growth"; readonly namespace: (parameters: PathParameters) => string }

/** The annotation of an endpoint with its resource. */
export class Resource extends Context.Service<Resource, Shown>()("@gitlab-registry-usage/server/Resource") {}

export const inSnapshot = (find: Find): Shown => ({ _tag: "Snapshot", find })

/** A resource of the repository that the path names. */
export const inRepository = (
  find: (view: UsageResources.View, repository: number, selection: Listing.Selection) => Hal.Resource | undefined
): Shown =>
  inSnapshot((view, { image }, selection) => {
    const repository = Usage.findRepository(view.snapshot.usage, image as Names.RepositoryName)
    return repository === undefined ? undefined : find(view, repository, selection)
  })

/** A resource of the tag that the path names. */
export const inTag = (find: (view: UsageResources.View, repository: number, tag: number) => Hal.Resource): Shown =>
  inSnapshot((view, parameters) => {
    const { usage } = view.snapshot
    const repository = Usage.findRepository(usage, parameters["image"] as Names.RepositoryName)
    if (repository === undefined) return undefined
    const tag = Usage.findTag(usage, repository, parameters["tag"] as Names.TagName)
    return tag === undefined ? undefined : find(view, repository, tag)
  })

export const historyOf = (entity: (parameters: PathParameters) => History.Entity): Shown => ({
  _tag: "History",
  entity
})

export const growthIn = (namespace: (parameters: PathParameters) => string): Shown => ({ _tag: "Growth", namespace })
