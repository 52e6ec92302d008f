/**
 * HAL documents as data, rendered to JSON with a chosen depth of embedding.
 *
 * Source: JSON Hypertext Application Language, draft-kelly-json-hal-11.
 *
 * @since 0.1.0
 */

/**
 * A link object (draft-kelly-json-hal-11, section 5). `href` is a URI reference, percent-encoded, or a URI template
 * where `templated` is `true`.
 *
 * @category models
 * @since 0.1.0
 */
export interface Link {
  readonly href: string
  readonly title?: string | undefined
  readonly templated?: true | undefined
}

/**
 * A query string with its `?`, empty without parameters. A colon stays as it is, so that people can read an instant.
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
 * A resource. What it can embed is made only when it is asked for, so that a resource with a million below it costs
 * nothing until then.
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
 * What a request asks to be rendered: how many levels of embedded resources (0 to Infinity), and whether links.
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

const linkOf = ({ href, title, templated }: Link): Json => ({
  href,
  ...(title === undefined ? {} : { title }),
  ...(templated === undefined ? {} : { templated })
})

/**
 * Renders a resource. `_links` is there exactly when links are asked for, `_embedded` exactly when the depth is above 0
 * and the resource can embed something; a list that is empty stays a list.
 *
 * @category rendering
 * @since 0.1.0
 */
export const render = (resource: Resource, rendering: Rendering): Document => {
  const document: Record<string, Json> = { ...resource.state }
  if (rendering.links) {
    const links: Record<string, Json> = {}
    for (const [relation, link] of Object.entries(resource.links())) {
      links[relation] = Array.isArray(link) ? link.map(linkOf) : linkOf(link as Link)
    }
    document["_links"] = links
  }
  const relations = Object.entries(resource.embedded)
  if (rendering.embed > 0 && relations.length > 0) {
    const below = { ...rendering, embed: rendering.embed - 1 }
    const embedded: Record<string, Json> = {}
    for (const [relation, get] of relations) {
      const value = get()
      embedded[relation] = isResource(value) ? render(value, below) : Array.from(value, (item) => render(item, below))
    }
    document["_embedded"] = embedded
  }
  return document
}

/** A list of links is cut into chunks of so many. */
const linksPerChunk = 1000

const linksIn = function* (resource: Resource): Generator<string> {
  let separator = '"_links":{'
  for (const [relation, link] of Object.entries(resource.links())) {
    yield `${separator}${JSON.stringify(relation)}:`
    separator = ","
    if (!Array.isArray(link)) {
      yield JSON.stringify(linkOf(link as Link))
      continue
    }
    yield "["
    for (let at = 0; at < link.length; at += linksPerChunk) {
      const chunk = JSON.stringify(link.slice(at, at + linksPerChunk).map(linkOf))
      yield `${at === 0 ? "" : ","}${chunk.slice(1, -1)}`
    }
    yield "]"
  }
  yield separator === "," ? "}" : '"_links":{}'
}

const embeddedIn = function* (resource: Resource, below: Rendering): Generator<string> {
  let separator = '"_embedded":{'
  for (const [relation, get] of Object.entries(resource.embedded)) {
    yield `${separator}${JSON.stringify(relation)}:`
    separator = ","
    const value = get()
    if (isResource(value)) {
      yield* chunks(value, below)
      continue
    }
    let between = "["
    for (const item of value) {
      yield between
      between = ","
      yield* chunks(item, below)
    }
    yield between === "[" ? "[]" : "]"
  }
  yield "}"
}

/**
 * The JSON of what `render` gives, in chunks that are made one after the other, so that a document of any size needs
 * little memory at a time.
 *
 * @category rendering
 * @since 0.1.0
 */
export const chunks = function* (resource: Resource, rendering: Rendering): Generator<string> {
  const embeds = rendering.embed > 0 && Object.keys(resource.embedded).length > 0
  const state = JSON.stringify(resource.state)
  if (!embeds && !rendering.links) {
    yield state
    return
  }
  const open = state === "{}" ? "{" : `${state.slice(0, -1)},`
  yield open
  if (rendering.links) {
    yield* linksIn(resource)
    if (embeds) yield ","
  }
  if (embeds) yield* embeddedIn(resource, { ...rendering, embed: rendering.embed - 1 })
  yield "}"
}
