/**
 * HAL documents as data, rendered to JSON with a chosen depth of embedding.
 *
 * Source: JSON Hypertext Application Language, draft-kelly-json-hal-11.
 *
 * @since 0.1.0
 */
import { Iterable, Predicate, Record } from "effect"

/**
 * A link object (draft-kelly-json-hal-11, section 5). `href` is a URI reference, percent-encoded, or a URI template
 * where `templated` is `true`.
 *
 * @category models
 * @since 0.1.0
 */
export type Link = { readonly href: string; readonly title?: string; readonly templated?: true }

/**
 * A query string with its `?`, empty without parameters. Colons are not percent-encoded, so that an instant is legible.
 *
 * @category links
 * @since 0.1.0
 */
export const queryString = (parameters: ReadonlyArray<readonly [name: string, value: string]>): string =>
  parameters.length === 0
    ? ""
    : `?${parameters.map(([name, value]) => `${name}=${encodeURIComponent(value).replaceAll("%3A", ":")}`).join("&")}`

/**
 * A value of a resource's state.
 *
 * @category models
 * @since 0.1.0
 */
export type Json = string | number | boolean | null | ReadonlyArray<Json> | { readonly [key: string]: Json }

/**
 * A resource. Its links and what it embeds are computed on demand: a resource costs nothing for the million below it.
 *
 * @category models
 * @since 0.1.0
 */
export interface Resource {
  readonly state: { readonly [key: string]: Json }
  readonly links: () => { readonly [relation: string]: Link | ReadonlyArray<Link> }
  readonly embedded: { readonly [relation: string]: () => Resource | Iterable<Resource> }
}

/**
 * What a resource is made of. A value that is `undefined` is left out; a link may be its `href` alone.
 *
 * @category models
 * @since 0.1.0
 */
export interface Declaration {
  readonly state: { readonly [key: string]: Json | undefined }
  readonly links: () => { readonly [relation: string]: string | Link | ReadonlyArray<Link> | undefined }
  readonly embedded?: { readonly [relation: string]: (() => Resource | Iterable<Resource>) | undefined }
}

const withoutUndefined = <A>(values: { readonly [key: string]: A | undefined }): { readonly [key: string]: A } =>
  Record.filter(values, Predicate.isNotUndefined)

/** A relation without links is left out, as HAL clients expect. */
const linkOrUndefined = (link: string | Link | ReadonlyArray<Link> | undefined) =>
  typeof link === "string" ? { href: link } : Array.isArray(link) && link.length === 0 ? undefined : link

/**
 * A resource from its declaration. A relation whose list of links is empty is left out.
 *
 * @category constructors
 * @since 0.1.0
 */
export const make = ({ embedded = {}, links, state }: Declaration): Resource => ({
  state: withoutUndefined(state),
  links: () => withoutUndefined(Record.map(links(), linkOrUndefined)),
  embedded: withoutUndefined(embedded)
})

/**
 * How a request wants a resource rendered: how many levels of embedded resources (0 to Infinity), and whether links.
 *
 * @category models
 * @since 0.1.0
 */
export interface Rendering {
  readonly embed: number
  readonly links: boolean
}

/**
 * A rendered document.
 *
 * @category models
 * @since 0.1.0
 */
export type Document = { readonly [key: string]: Json }

const isResource = (value: Resource | Iterable<Resource>): value is Resource => "state" in value

const embeds = ({ embedded }: Resource, { embed }: Rendering) => embed > 0 && !Record.isEmptyReadonlyRecord(embedded)

const oneLevelLess = (rendering: Rendering): Rendering => ({ ...rendering, embed: rendering.embed - 1 })

/**
 * Renders a resource. `_links` is there exactly where the rendering has links, `_embedded` exactly where its depth is above
 * 0 and the resource can embed something; an empty list stays a list.
 *
 * @category rendering
 * @since 0.1.0
 */
export const render = (resource: Resource, rendering: Rendering): Document => {
  const below = oneLevelLess(rendering)
  const embedded = (get: () => Resource | Iterable<Resource>): Json => {
    const value = get()
    return isResource(value) ? render(value, below) : Array.from(value, (item) => render(item, below))
  }
  return {
    ...resource.state,
    ...(rendering.links ? { _links: resource.links() } : {}),
    ...(embeds(resource, rendering) ? { _embedded: Record.map(resource.embedded, embedded) } : {})
  }
}

/** The number of links that become text at once. */
const linksPerChunk = 1000

/** The items between brackets, each in chunks of its own. */
const enclosed = function* (open: string, items: Iterable<Iterable<string>>, close: string): Generator<string> {
  let separator = open
  for (const item of items) {
    yield separator
    separator = ","
    yield* item
  }
  yield separator === open ? open + close : close
}

const member = function* (name: string, value: Iterable<string>): Generator<string> {
  yield `${JSON.stringify(name)}:`
  yield* value
}

const members = <A>(values: { readonly [name: string]: A }, chunksOf: (value: A) => Iterable<string>) =>
  enclosed(
    "{",
    Iterable.map(Object.entries(values), ([name, value]) => member(name, chunksOf(value))),
    "}"
  )

const linkChunks = (link: Link | ReadonlyArray<Link>): Iterable<string> =>
  Array.isArray(link)
    ? enclosed(
        "[",
        Iterable.map(Iterable.chunksOf(link, linksPerChunk), (some) => [JSON.stringify(some).slice(1, -1)]),
        "]"
      )
    : [JSON.stringify(link)]

/** What embeds nothing becomes text at once: a list of a million tags consists of such items. */
const resourceChunks = (resource: Resource, rendering: Rendering): Iterable<string> =>
  Record.isEmptyReadonlyRecord(resource.embedded)
    ? [JSON.stringify(render(resource, rendering))]
    : chunks(resource, rendering)

/**
 * The JSON of what `render` returns, in chunks that are computed one after the other, so that a document of any size needs
 * little memory at a time.
 *
 * @category rendering
 * @since 0.1.0
 */
export const chunks = function* (resource: Resource, rendering: Rendering): Generator<string> {
  const state = JSON.stringify(resource.state)
  const below = oneLevelLess(rendering)
  const embedded = (get: () => Resource | Iterable<Resource>): Iterable<string> => {
    const value = get()
    return isResource(value)
      ? resourceChunks(value, below)
      : enclosed(
          "[",
          Iterable.map(value, (item) => resourceChunks(item, below)),
          "]"
        )
  }
  let separator = state === "{}" ? "{" : `${state.slice(0, -1)},`
  if (rendering.links) {
    yield `${separator}"_links":`
    separator = ","
    yield* members(resource.links(), linkChunks)
  }
  if (embeds(resource, rendering)) {
    yield `${separator}"_embedded":`
    separator = ","
    yield* members(resource.embedded, embedded)
  }
  yield separator === "," ? "}" : state
}
