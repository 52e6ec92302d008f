import type { Digest } from "../registry/Digest.ts"

const prefix = "sha256:"
const digestLength = prefix.length + 64
/** So many digests at once become text: far below the longest string that an engine allows. */
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

export const unpackDigests = (packed: { digests: Uint8Array; otherDigests: Uint8Array }): Array<Digest> => {
  const count = packed.digests.length / 32
  const digests = new Array<Digest>(count)
  const decoder = new TextDecoder("latin1")
  const text = new Uint8Array(Math.min(chunk, count) * digestLength)
  for (let first = 0; first < count; first += chunk) {
    const last = Math.min(first + chunk, count)
    for (let place = first, at = 0; place < last; place++) {
      for (let i = 0; i < prefix.length; i++) text[at++] = prefix.charCodeAt(i)
      for (let i = place * 32; i < place * 32 + 32; i++) {
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
  const others = JSON.parse(new TextDecoder().decode(packed.otherDigests)) as Array<[number, Digest]>
  for (const [place, digest] of others) digests[place] = digest
  return digests
}
