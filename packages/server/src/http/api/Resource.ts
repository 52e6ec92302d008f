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

/** Marks the type of an endpoint that has a resource, so that its route needs no handler. */
export interface Document {
  readonly document: true
}

/** Annotates an endpoint with its resource. */
export const shows =
  (resource: Shown) =>
  <E extends { readonly annotate: (key: typeof Resource, resource: Shown) => unknown }>(endpoint: E) =>
    endpoint.annotate(Resource, resource) as E & Document

/** The names of the endpoints with a resource in a group. */
export type DocumentsOf<Group extends { readonly endpoints: object }> = {
  [Name in keyof Group["endpoints"]]: Group["endpoints"][Name] extends Document ? Name : never
}[keyof Group["endpoints"]]

/** The annotation of an endpoint to which the root links. */
export class HomeLink extends Context.Service<HomeLink, { readonly relation: string; readonly title?: string }>()(
  "@gitlab-registry-usage/server/HomeLink"
) {}

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
