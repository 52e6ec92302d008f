import { DateTime } from "effect"
import { queryString } from "./Hal.ts"
import { isPresent, type Entity } from "../history/History.ts"
import { imageHref, imagesHref, namespaceHref, type View } from "./View.ts"

/** Where it is; what is gone by now, in the snapshot of the instant at which it was `seen`. */
export const entityHref = (view: View, entity: Entity, seen: DateTime.Utc | undefined): string => {
  const href =
    entity._tag === "Repository"
      ? imageHref(view, entity.path)
      : entity.path === ""
        ? imagesHref(view)
        : namespaceHref(view, entity.path)
  return isPresent(view.snapshot.usage, entity) || seen === undefined
    ? href
    : `${href}${queryString([["at", DateTime.formatIso(seen)]])}`
}
