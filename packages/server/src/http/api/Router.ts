/** Matches the segments of a path with templates such as `/images/:image/tags/:tag`. */
import { Array } from "effect"
import type { Segment } from "./RequestTarget.ts"

/**
 * The parameters whose value may contain slashes. In the canonical form the value is one segment with `%2F`; plain
 * slashes, over several segments, are accepted as well.
 */
const spreading = new Set(["image", "namespace", "file"])

/** A match: the template's name and the parameters. `canonical` means that each parameter is one segment. */
export interface Reading<Name extends string> {
  readonly name: Name
  readonly parameters: Readonly<Record<string, string>>
  readonly canonical: boolean
}

export type Router<Name extends string> = (segments: ReadonlyArray<Segment>) => ReadonlyArray<Reading<Name>>

interface Template<Name> {
  readonly name: Name
  readonly parts: ReadonlyArray<string>
  readonly spread: number
}

const templateOf = <Name extends string>(name: Name, path: string): Template<Name> => {
  const parts = path
    .split("/")
    .slice(1)
    .filter((part) => part !== "")
  return { name, parts, spread: parts.findIndex((part) => part.startsWith(":") && spreading.has(part.slice(1))) }
}

const read = <Name extends string>(
  { name, parts, spread }: Template<Name>,
  segments: ReadonlyArray<Segment>,
  isSpread: boolean
): Reading<Name> | undefined => {
  const extra = segments.length - parts.length
  if (extra < 0 || (extra > 0 && (spread < 0 || isSpread))) return undefined
  const parameters: Record<string, string> = {}
  for (let i = 0, at = 0; i < parts.length; i++) {
    const width = i === spread ? extra + 1 : 1
    const part = parts[i]!
    const text =
      width === 1
        ? segments[at]!.text
        : segments
            .slice(at, at + width)
            .map(({ text }) => text)
            .join("/")
    if (part.startsWith(":")) parameters[part.slice(1)] = text
    else if (part !== text) return undefined
    at += width
  }
  return { name, parameters, canonical: extra === 0 }
}

/**
 * A router over these templates. It returns the canonical readings first. A path with an encoded slash has no other
 * readings, because a client that encodes one slash encodes all of them.
 */
export const make = <Name extends string>(routes: Readonly<Record<Name, { readonly path: string }>>): Router<Name> => {
  const templates = Object.entries<{ readonly path: string }>(routes).map(([name, { path }]) =>
    templateOf(name as Name, path)
  )
  const byHead = new Map(Object.entries(Array.groupBy(templates, ({ parts }) => parts[0] ?? "")))
  return (segments) => {
    const candidates = byHead.get(segments[0]?.text ?? "") ?? []
    const encoded = segments.some(({ encodedSlash }) => encodedSlash)
    return candidates
      .map((template) => read(template, segments, encoded))
      .filter((reading) => reading !== undefined)
      .sort((a, b) => Number(b.canonical) - Number(a.canonical))
  }
}
