import type { Digest } from "@gitlab-registry-usage/core"
import { type Sliced, stride } from "./slices.ts"

/**
 * Digests with their places in a list, as an open hash table: a `Map` of a million takes half a second to make and ten
 * times the memory. −1 is the place of what is not in there.
 */
export function* placesOf(digests: ReadonlyArray<Digest.Digest>): Sliced<(digest: Digest.Digest) => number> {
  const slots = new Int32Array(2 ** Math.ceil(Math.log2(digests.length * 2 + 2))).fill(-1)
  const mask = slots.length - 1
  // Digests are chosen by whoever pushes; with a random beginning nobody can choose many of the same hash.
  const seed = crypto.getRandomValues(new Uint32Array(1))[0]!

  /** FNV-1a, finished as MurmurHash3 is. */
  const hash = (digest: string) => {
    let value = seed
    for (let i = 0; i < digest.length; i++) value = Math.imul(value ^ digest.charCodeAt(i), 0x01000193)
    value = Math.imul(value ^ (value >>> 16), 0x85ebca6b)
    return (value ^ (value >>> 13)) & mask
  }

  for (let place = 0; place < digests.length; place++) {
    let slot = hash(digests[place]!)
    while (slots[slot] !== -1) slot = (slot + 1) & mask
    slots[slot] = place
    if (place % stride === 0) yield
  }
  return (digest) => {
    let slot = hash(digest)
    while (slots[slot] !== -1 && digests[slots[slot]!] !== digest) slot = (slot + 1) & mask
    return slots[slot]!
  }
}
