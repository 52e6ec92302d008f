import { type Digest, TimeSlices } from "@gitlab-registry-usage/core"

/**
 * The places of keys in a list, as an open hash table: a `Map` of a million keys takes half a second to build and ten
 * times the memory. The place of an unknown key is −1.
 */
function* hashed<K>(
  keys: { readonly length: number; readonly [place: number]: K },
  hash: (key: K) => number
): TimeSlices.Sliced<(key: K) => number> {
  const slots = new Int32Array(2 ** Math.ceil(Math.log2(keys.length * 2 + 2))).fill(-1)
  const mask = slots.length - 1
  for (let place = 0; place < keys.length; place++) {
    let slot = hash(keys[place]!) & mask
    while (slots[slot] !== -1) slot = (slot + 1) & mask
    slots[slot] = place
    if (place % TimeSlices.stride === 0) yield
  }
  return (key) => {
    let slot = hash(key) & mask
    while (slots[slot] !== -1 && keys[slots[slot]!] !== key) slot = (slot + 1) & mask
    return slots[slot]!
  }
}

/** The finalizer of MurmurHash3: each bit of the result depends on all bits. */
const mixed = (value: number) => {
  const half = Math.imul(value ^ (value >>> 16), 0x85ebca6b)
  return half ^ (half >>> 13)
}

export const indexDigests = (
  digests: ReadonlyArray<Digest.Digest>
): TimeSlices.Sliced<(digest: Digest.Digest) => number> => {
  // Users choose digests when they push; the random seed prevents deliberate collisions.
  const seed = crypto.getRandomValues(new Uint32Array(1))[0]!
  /** FNV-1a. */
  return hashed(digests, (digest) => {
    let value = seed
    for (let i = 0; i < digest.length; i++) value = Math.imul(value ^ digest.charCodeAt(i), 0x01000193)
    return mixed(value)
  })
}

export const indexIds = (ids: Float64Array): TimeSlices.Sliced<(id: number) => number> => hashed<number>(ids, mixed)
