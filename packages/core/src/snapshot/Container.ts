import { Effect, Option, Schema } from "effect"
import { Bytes } from "../registry/Bytes.ts"

/** Named byte arrays behind a header that is JSON. */
export interface Container {
  readonly version: number
  readonly header: unknown
  readonly sections: ReadonlyMap<string, Uint8Array>
}

/*
 * magic (8 bytes) · version (uint32) · length of the header (uint32) · SHA-256 of the rest (32 bytes) · header · sections
 * All numbers are little-endian, as on every machine that runs this.
 */
const magic = new TextEncoder().encode("GRUSNAP\n")
const headerStart = 48

const Envelope = Schema.Struct({
  header: Schema.Unknown,
  sections: Schema.Array(Schema.Tuple([Schema.String, Bytes]))
})
type Envelope = typeof Envelope.Encoded
const decodeEnvelope = Schema.decodeUnknownOption(Schema.fromJsonString(Envelope))

const sha256 = (bytes: Uint8Array) =>
  Effect.map(
    Effect.promise(() => crypto.subtle.digest("SHA-256", bytes as Uint8Array<ArrayBuffer>)),
    (hash) => new Uint8Array(hash)
  )

export const pack = Effect.fnUntraced(function* (container: Container): Effect.fn.Return<Uint8Array> {
  const sections = [...container.sections]
  const envelope: Envelope = {
    header: container.header,
    sections: sections.map(([name, bytes]) => [name, bytes.length] as const)
  }
  const header = new TextEncoder().encode(JSON.stringify(envelope))
  const length = sections.reduce((sum, [, bytes]) => sum + bytes.length, headerStart + header.length)
  const packed = new Uint8Array(length)
  const view = new DataView(packed.buffer)
  packed.set(magic)
  view.setUint32(8, container.version, true)
  view.setUint32(12, header.length, true)
  packed.set(header, headerStart)
  let at = headerStart + header.length
  for (const [, bytes] of sections) {
    packed.set(bytes, at)
    at += bytes.length
  }
  packed.set(yield* sha256(packed.subarray(headerStart)), 16)
  return packed
})

/** Fails with what is wrong. Returns the version even where it is not supported. */
export const unpack = Effect.fnUntraced(function* (packed: Uint8Array): Effect.fn.Return<Container, string> {
  if (packed.length < headerStart || magic.some((byte, i) => packed[i] !== byte)) {
    return yield* Effect.fail(packed.length === 0 ? "it is empty" : "it does not begin as a snapshot does")
  }
  const view = new DataView(packed.buffer, packed.byteOffset, packed.byteLength)
  const expected = packed.subarray(16, headerStart)
  const actual = yield* sha256(packed.subarray(headerStart))
  if (actual.some((byte, i) => expected[i] !== byte)) {
    return yield* Effect.fail("its checksum does not fit: it was cut off or altered")
  }
  const headerEnd = headerStart + view.getUint32(12, true)
  const envelope = decodeEnvelope(new TextDecoder().decode(packed.subarray(headerStart, headerEnd)))
  if (Option.isNone(envelope)) return yield* Effect.fail("its header cannot be read")
  const sections = new Map<string, Uint8Array>()
  let at = headerEnd
  for (const [name, length] of envelope.value.sections) {
    sections.set(name, packed.subarray(at, at + length))
    at += length
  }
  if (at !== packed.length || sections.size < envelope.value.sections.length) {
    return yield* Effect.fail("its sections do not fit its length")
  }
  return { version: view.getUint32(8, true), header: envelope.value.header, sections }
})
