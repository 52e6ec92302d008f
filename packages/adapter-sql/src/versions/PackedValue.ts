import type { Digest, Inventory } from "@gitlab-registry-usage/core"
import { Inconsistent } from "../database/Tables.ts"

/** Writes an integer from 0 in groups of 7 bits, the lowest first; the highest bit is set if more groups follow. */
const writeNumber = (into: Array<number>, value: number) => {
  let rest = value
  while (rest > 127) {
    into.push((rest % 128) | 128)
    rest = Math.floor(rest / 128)
  }
  into.push(rest)
}

/** Maps integers near 0 of either sign to small ones from 0 (zigzag). */
const unsigned = (value: number) => (value < 0 ? -value * 2 - 1 : value * 2)
const signed = (value: number) => (value % 2 === 1 ? -(value + 1) / 2 : value / 2)

const toHex = (bytes: Array<number>) => Buffer.from(bytes).toString("hex")

const reader = (hex: string) => {
  const bytes = Buffer.from(hex, "hex")
  let at = 0
  const number = () => {
    let value = 0
    for (let factor = 1; ; factor *= 128) {
      const byte = bytes[at++]
      if (byte === undefined) throw new Inconsistent({ detail: "what was packed is cut off" })
      value += (byte & 127) * factor
      if (byte < 128) return value
    }
  }
  return { number, more: () => at < bytes.length }
}

/** Writes numbers, each with a mark, as differences, which are small. */
const writeMarked = (into: Array<number>, numbers: ReadonlyArray<number>, marks: ReadonlyArray<number>) => {
  writeNumber(into, numbers.length)
  let before = 0
  numbers.forEach((number, i) => {
    writeNumber(into, unsigned(number - before) * 4 + marks[i]!)
    before = number
  })
}

/** The references of a manifest: ids of blobs with roles, and ids of manifests with whether they are attestations. */
export interface Contents {
  readonly references: ReadonlyArray<number>
  readonly roles: ReadonlyArray<number>
  readonly children: ReadonlyArray<number>
  readonly attestations: ReadonlyArray<number>
}

export const packContents = ({ attestations, children, references, roles }: Contents): string => {
  if (references.length === 0 && children.length === 0) return ""
  const bytes: Array<number> = []
  writeMarked(bytes, references, roles)
  if (children.length > 0) writeMarked(bytes, children, attestations)
  return toHex(bytes)
}

export const unpackContents = (
  hex: string,
  reference: (id: number, role: Inventory.Role) => void,
  child: (id: number, attestation: number) => void
): void => {
  const { more, number } = reader(hex)
  const marked = (each: (id: number, mark: number) => void) => {
    if (!more()) return
    let id = 0
    for (let left = number(); left > 0; left--) {
      const value = number()
      id += signed(Math.floor(value / 4))
      each(id, value % 4)
    }
  }
  marked((id, role) => reference(id, role as Inventory.Role))
  marked(child)
}

/** The places of the sorted names in the given order; undefined if the order is alphabetical. */
export const packOrder = (names: ReadonlyArray<string>): string | undefined => {
  if (names.every((name, i) => i === 0 || names[i - 1]! < name)) return undefined
  const places = new Map([...names].sort().map((name, place) => [name, place]))
  const bytes: Array<number> = []
  let before = -1
  for (const name of names) {
    const place = places.get(name)!
    writeNumber(bytes, unsigned(place - before - 1))
    before = place
  }
  return toHex(bytes)
}

/** Entries sorted by name, in the packed order. */
export const unpackOrder = <A>(hex: string, sorted: ReadonlyArray<A>): Array<A> => {
  const { number } = reader(hex)
  let place = -1
  return sorted.map(() => {
    const next = sorted[(place += signed(number()) + 1)]
    if (next === undefined) throw new Inconsistent({ detail: "an order names what is not there" })
    return next
  })
}

const sha256 = "sha256:"
const otherPrefix = "00".repeat(32)

export const packDigest = (digest: Digest.Digest): string =>
  digest.startsWith(sha256) ? digest.slice(sha256.length) : otherPrefix + Buffer.from(digest).toString("hex")

export const unpackDigest = (hex: string): Digest.Digest =>
  (hex.length === 64 ? sha256 + hex : Buffer.from(hex.slice(64), "hex").toString()) as Digest.Digest
