import type { Digest } from "../registry/Digest.ts"

/**
 * Digests with their numbers, in the order in which they came. A `Map` would hold the numbers of a million digests in
 * 60 MB of the heap, twice while it grows, and have them traced by every garbage collection; here they are an open hash
 * table of 32-bit slots beside it.
 */
export interface DigestTable {
  readonly digests: ReadonlyArray<Digest>
  /** The number of a digest, −1 where it has none. */
  readonly find: (digest: Digest) => number
  /** Gives a digest that has none the next number. */
  readonly add: (digest: Digest) => number
}

export const make = (): DigestTable => {
  const digests: Array<Digest> = []
  // A power of two, at least twice as many as there are digests. 0 is empty, else the number + 1.
  let slots = new Uint32Array(2048)
  // Clients that push choose the digests; with a random seed they cannot choose many of the same hash.
  const seed = crypto.getRandomValues(new Uint32Array(1))[0]!

  /** FNV-1a, finished as MurmurHash3 is, so that the low bits depend on all others. */
  const hash = (digest: Digest): number => {
    let value = seed
    for (let i = 0; i < digest.length; i++) value = Math.imul(value ^ digest.charCodeAt(i), 0x01000193)
    value = Math.imul(value ^ (value >>> 16), 0x85ebca6b)
    return (value ^ (value >>> 13)) >>> 0
  }

  /** The slot that holds the digest, or the empty one where it belongs. */
  const slotOf = (digest: Digest): number => {
    const mask = slots.length - 1
    let slot = hash(digest) & mask
    while (slots[slot] !== 0 && digests[slots[slot]! - 1] !== digest) slot = (slot + 1) & mask
    return slot
  }

  const grow = () => {
    slots = new Uint32Array(slots.length * 2)
    const mask = slots.length - 1
    digests.forEach((digest, number) => {
      let slot = hash(digest) & mask
      while (slots[slot] !== 0) slot = (slot + 1) & mask
      slots[slot] = number + 1
    })
  }

  return {
    digests,
    find: (digest) => slots[slotOf(digest)]! - 1,
    add: (digest) => {
      const number = digests.push(digest) - 1
      if (digests.length * 2 > slots.length) grow()
      else slots[slotOf(digest)] = number + 1
      return number
    }
  }
}
