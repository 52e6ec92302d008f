import { DateTime } from "effect"
import { queryString } from "./Hal.ts"
import { isPresent, type Subject } from "../history/History.ts"
import { imageHref, imagesHref, namespaceHref, type View } from "./View.ts"

/** Where it is; what is gone by now, in the snapshot of the instant at which it was `seen`. */
export const subjectHref = (view: View, subject: Subject, seen: DateTime.Utc | undefined): string => {
  const href =
    subject._tag === "Repository"
      ? imageHref(view, subject.path)
      : subject.path === ""
        ? imagesHref(view)
        : namespaceHref(view, subject.path)
  return isPresent(view.snapshot.usage, subject) || seen === undefined
    ? href
    : `${href}${queryString([["at", DateTime.formatIso(seen)]])}`
}
