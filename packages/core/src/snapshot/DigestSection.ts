import { Result, Schema } from "effect"
import { type Sliced, stride } from "../inventory/TimeSlices.ts"
import { Digest } from "../registry/Digest.ts"

const prefix = "sha256:"
const digestBytes = 32
const digestLength = prefix.length + 64
/** The number of digests that become text at once: far below the longest string that an engine allows. */
const chunk = 65_536

const nibble = (code: number) => (code <= 57 ? code - 48 : code - 87)
const hexCodes = new TextEncoder().encode("0123456789abcdef")

/**
 * Digests as 32 bytes each. Those of another algorithm than sha256 are zero there and stand in a list of their own, as
 * JSON: pairs of place and digest.
 */
export const packDigests = (digests: ReadonlyArray<Digest>): { digests: Uint8Array; otherDigests: Uint8Array } => {
  const packed = new Uint8Array(digests.length * 32)
  const others: Array<readonly [number, Digest]> = []
  digests.forEach((digest, place) => {
    if (!digest.startsWith(prefix)) {
      others.push([place, digest])
      return
    }
    for (let i = 0, at = prefix.length; i < 32; i++, at += 2) {
      packed[place * 32 + i] = (nibble(digest.charCodeAt(at)) << 4) | nibble(digest.charCodeAt(at + 1))
    }
  })
  return { digests: packed, otherDigests: new TextEncoder().encode(JSON.stringify(others)) }
}

/** The digests of another algorithm, by their places in ascending order. */
const OtherDigests = Schema.fromJsonString(Schema.Array(Schema.Tuple([Schema.Int, Digest])))

/**
 * Whether no sha256 digest occurs twice. A digest is a hash, so that its last bytes choose a bit of a table; digests
 * that share a bit are compared. Digests that were chosen to share one cost a comparison each, and no more.
 */
function* areDistinct(packed: Uint8Array, isOther: (place: number) => boolean): Sliced<boolean> {
  const count = packed.length / digestBytes
  const words = new Uint32Array(packed.slice().buffer)
  const mask = 2 ** Math.min(32, Math.ceil(Math.log2(count * 32 + 32))) - 1
  const [met, shared] = [new Uint32Array((mask + 1) / 32), new Uint32Array((mask + 1) / 32)]
  for (let place = 0; place < count; place++) {
    if (place % stride === 0) yield
    const bit = (words[place * 8 + 7]! & mask) >>> 0
    const table = (met[bit >>> 5]! & (1 << bit)) === 0 ? met : shared
    table[bit >>> 5]! |= 1 << bit
  }
  const compared = new Set<string>()
  for (let place = 0; place < count; place++) {
    if (place % stride === 0) yield
    const bit = (words[place * 8 + 7]! & mask) >>> 0
    if ((shared[bit >>> 5]! & (1 << bit)) === 0 || isOther(place)) continue
    const digest = words.subarray(place * 8, place * 8 + 8).join()
    if (compared.has(digest)) return false
    compared.add(digest)
  }
  return true
}

/** The digests of `packDigests`, or what is wrong with the bytes. */
export function* unpackDigests(packed: {
  digests: Uint8Array
  otherDigests: Uint8Array
}): Sliced<Result.Result<Array<Digest>, string>> {
  const count = packed.digests.length / digestBytes
  if (!Number.isInteger(count)) return Result.fail("its digests are cut off")
  const others = Schema.decodeUnknownResult(OtherDigests)(new TextDecoder().decode(packed.otherDigests))
  if (Result.isFailure(others)) return Result.fail("a digest is not valid")
  const places = new Map(others.success)
  const fit = others.success.every(
    ([place, digest], at) => place > (others.success[at - 1]?.[0] ?? -1) && place < count && !digest.startsWith(prefix)
  )
  if (!fit) return Result.fail("a digest is not in its place")
  if (
    new Set(places.values()).size < places.size ||
    !(yield* areDistinct(packed.digests, (place) => places.has(place)))
  ) {
    return Result.fail("a digest occurs twice")
  }
  const digests = new Array<Digest>(count)
  const decoder = new TextDecoder("latin1")
  const text = new Uint8Array(Math.min(chunk, count) * digestLength)
  for (let first = 0; first < count; first += chunk) {
    yield
    const last = Math.min(first + chunk, count)
    for (let place = first, at = 0; place < last; place++) {
      for (let i = 0; i < prefix.length; i++) text[at++] = prefix.charCodeAt(i)
      for (let i = place * digestBytes; i < (place + 1) * digestBytes; i++) {
        const byte = packed.digests[i]!
        text[at++] = hexCodes[byte >> 4]!
        text[at++] = hexCodes[byte & 15]!
      }
    }
    const decoded = decoder.decode(text.subarray(0, (last - first) * digestLength))
    for (let place = first, at = 0; place < last; place++, at += digestLength) {
      digests[place] = decoded.slice(at, at + digestLength) as Digest
    }
  }
  for (const [place, digest] of others.success) digests[place] = digest
  return Result.succeed(digests)
}
