import { DateTime } from "effect"
import { queryString } from "./Hal.ts"
import { type Entity, isPresent } from "../history/History.ts"
import { imageHref, imagesHref, namespaceHref, type View } from "./View.ts"

const presentHref = (view: View, { _tag, path }: Entity): string =>
  _tag === "Repository" ? imageHref(view, path) : path === "" ? imagesHref(view) : namespaceHref(view, path)

/** The link to an entity. That to one that is gone leads to the snapshot of `seen`, which had it. */
export const entityHref = (view: View, entity: Entity, seen: DateTime.Utc | undefined): string =>
  isPresent(view.snapshot.usage, entity) || seen === undefined
    ? presentHref(view, entity)
    : `${presentHref(view, entity)}${queryString([["at", DateTime.formatIso(seen)]])}`
