/**
 * What a request names and what does not exist, in the words of 404 and 422, with the nearest name or where to look. The
 * names of images, tags and namespaces are for callers with a token only.
 */
import { Names, Namespaces, Suggestion, Usage, UsageResources } from "@gitlab-registry-usage/core"
import { DateTime, Option, Struct } from "effect"
import { type Name, routes } from "../api/Api.ts"
import type { Reading } from "../api/Router.ts"
import type { Target } from "../api/RequestTarget.ts"
import { maximumQuoted, notFound, type Problem, quoted } from "../wire/Problem.ts"

/** How many names are compared at most: 1000 take some milliseconds. */
const maximumCompared = 1000

/** A client may have percent-encoded a name twice. */
const decodedAgain = Option.liftThrowable(decodeURIComponent)

/** The nearest name in words, or `otherwise`. Of many names those of the same namespace are compared. */
const orNearest = (name: string, names: ReadonlyArray<string>, otherwise = ""): string => {
  const meant = Option.getOrElse(decodedAgain(name), () => name)
  const beside = Names.namespaceOf(meant)
  const near = names.length > maximumCompared ? names.filter((other) => other.startsWith(beside)) : names
  const nearest = names.includes(meant) ? meant : Suggestion.suggest(meant, near.slice(0, maximumCompared))
  return nearest === undefined ? otherwise : `; did you mean ${quoted(nearest)}?`
}

/** That there is no such image. `place` is where it was looked for, `otherwise` ends the message if no name is near. */
export const image = ({ inventory }: Usage.Usage, name: string, place = "", otherwise = ""): string => {
  const names = inventory.repositories.map(({ name }) => name)
  return `there is no image ${quoted(name)}${place}${orNearest(name, names, otherwise)}`
}

/** That image number `r` has no such tag, or that its tags are not known. */
export const tag = ({ inventory }: Usage.Usage, r: number, tag: string, place = "", otherwise = ""): string => {
  const { name, tagNames, unreadable } = inventory.repositories[r]!
  return unreadable
    ? `the image ${quoted(name)} could not be read${place}, so its tags are not known; /status has the reason`
    : `there is no tag ${quoted(tag)} in the image ${quoted(name)}${place}${orNearest(tag, tagNames, otherwise)}`
}

const namespace = (usage: Usage.Usage, path: string, place: string, otherwise: string): string =>
  `there is no namespace ${quoted(path)}${place}${orNearest(path, Namespaces.namespacePaths(usage), otherwise)}`

/** The 404 of a resource that neither the snapshot of the view nor the period of the request has. */
export const resource = (view: UsageResources.View, readings: ReadonlyArray<Reading<Name>>): Problem => {
  // A path with plain slashes may have several readings: that with the shortest names is what was meant.
  const [{ name, parameters }] = readings.toSorted((a, b) => lengthOf(a) - lengthOf(b)) as [Reading<Name>]
  const { usage } = view.snapshot
  const at = view.past === true ? DateTime.formatIso(view.snapshot.takenAt) : undefined
  const place =
    routes[name].resource?._tag !== "Snapshot"
      ? " in the current snapshot or in this period"
      : at === undefined
        ? " in the current snapshot"
        : ` in the snapshot of ${at}`
  const listed = (path: string) => `; ${path}?embed=1${at === undefined ? "" : `&at=${at}`} lists what there is`
  const { image: imageName, namespace: path, tag: tagName } = parameters
  if (path !== undefined) {
    return notFound(
      Usage.findRepository(usage, path as Names.RepositoryName) === undefined
        ? namespace(usage, path, place, listed(`${view.root}/namespaces`))
        : `${quoted(path)} is an image, not a namespace: see ${UsageResources.imageHref(view, path as Names.RepositoryName)}`
    )
  }
  const r = Usage.findRepository(usage, imageName as Names.RepositoryName)
  if (r !== undefined && tagName !== undefined) {
    const tags = `${view.base}/${encodeURIComponent(imageName!)}/tags`
    return notFound(tag(usage, r, tagName, place, listed(tags)))
  }
  return notFound(
    Namespaces.namespaceAt(usage, imageName!) === undefined
      ? image(usage, imageName!, place, listed(view.base))
      : `${quoted(imageName!)} is a namespace, not an image: see ${UsageResources.namespaceHref(view, imageName!)}`
  )
}

const lengthOf = ({ parameters }: Reading<Name>) => Object.values(parameters).join("").length

/** The paths of the routes for as many segments, with the parameters filled from these. */
const similarPaths = (segments: ReadonlyArray<string>): ReadonlyArray<string> =>
  Object.values(Struct.omit(routes, ["file"]))
    .flatMap(({ path }) => [path, path.replace(/^\/images/, "/repositories")])
    .map((path) => path.split("/").slice(1))
    .filter((parts) => parts.length === segments.length)
    .map((parts) => `/${parts.map((part, i) => (part.startsWith(":") ? segments[i] : part)).join("/")}`)

/** The 404 of a path that no route has. It says nothing about what the registry has. */
export const path = (root: string, target: Target): Problem => {
  const segments = target.segments.map(({ text }) => encodeURIComponent(text))
  const path = `/${segments.join("/")}`
  const nearest = path.length > maximumQuoted ? undefined : Suggestion.suggest(path, similarPaths(segments))
  const hint = nearest === undefined ? `${root}/ links to all resources` : `did you mean ${quoted(root + nearest)}?`
  return notFound(`there is no resource at ${quoted(root + path)}; ${hint}`)
}
