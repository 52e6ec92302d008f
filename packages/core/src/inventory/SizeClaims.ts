import type { Digest } from "../registry/Digest.ts"
import * as DigestTable from "./DigestTable.ts"
import { type Inventory, SizeSource } from "./Inventory.ts"

/** A size in bytes that a manifest states for a blob. Both are numbers of the inventory. */
export interface Claim {
  readonly manifest: number
  readonly blob: number
  readonly size: number
}

/**
 * What the manifests of a crawl state about sizes where that cannot all be true. `doubted` has the blobs whose size must
 * be measured, and the inventory has for each the size that was stated first; `claims` has every other size that was stated
 * for one of them, and every size that contradicts a measured one.
 */
export interface SizeClaims {
  readonly doubted: ReadonlySet<number>
  readonly claims: ReadonlyArray<Claim>
}

/** The digests of no bytes, and so the only ones of size 0. */
const ofNothing: ReadonlySet<string> = new Set([
  "sha256:e3b0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca495991b7852b855",
  "sha512:cf83e1357eefb8bdf1542850d66d8007d620e4050b5715dc83f4a921d36ce9ce47d0d13c5d85f2b0ff8318d2877eec2f63b931bd47417a81a538327af927da3e"
])

/** A larger blob is so rare that the registry is asked. */
const plausible = 2 ** 40

export const isDoubtful = (size: number): boolean => size === 0 || size > plausible

/** Finds the sizes that are known for certain: those that an earlier crawl measured, and that of no bytes. */
export const measuredSizes = (previous: Inventory | undefined): ((digest: Digest) => number | undefined) => {
  // Only a crawl that reads something new needs the table.
  let table: DigestTable.DigestTable | undefined
  const sizes: Array<number> = []
  const make = ({ blobs }: Inventory) => {
    const found = DigestTable.make()
    blobs.digests.forEach((digest, blob) => {
      if (blobs.sources[blob] !== SizeSource.measured || found.find(digest) >= 0) return
      found.add(digest)
      sizes.push(blobs.sizes[blob]!)
    })
    return found
  }
  return (digest) => {
    if (ofNothing.has(digest)) return 0
    if (previous === undefined) return undefined
    table ??= make(previous)
    const number = table.find(digest)
    return number < 0 ? undefined : sizes[number]
  }
}
