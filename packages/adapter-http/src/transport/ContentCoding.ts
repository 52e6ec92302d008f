/** Content codings of responses (RFC 9110, section 8.4.1). */
import { Registry } from "@gitlab-registry-usage/core"
import { Effect } from "effect"

/**
 * Undoes one content coding, whose name is in lower case: `TooLarge` where the result would have more than `limit`
 * bytes, `Malformed` where the bytes have another coding, `undefined` for a coding that it does not know.
 */
export type Decode = (
  coding: string,
  bytes: Uint8Array,
  limit: number
) => Effect.Effect<Uint8Array, Registry.TooLarge | Registry.Malformed> | undefined

/** Codings of one response at most: each may multiply the bytes by a thousand. */
const maxCodings = 2

/** The codings of a `Content-Encoding` header, in the order in which they are undone. */
const codingsOf = (header: string): ReadonlyArray<string> =>
  header
    .split(",")
    .map((coding) => coding.trim().toLowerCase())
    .filter((coding) => coding !== "" && coding !== "identity")
    .reverse()

/** The bytes without the codings of the header, where `decode` knows them. */
export const decodeBody = (bytes: Uint8Array, header: string, limit: number, decode: Decode) => {
  const codings = codingsOf(header)
  const unknown = () => new Registry.Malformed({ detail: "the answer has a content coding that cannot be read" })
  if (codings.length > maxCodings) return Effect.fail(unknown())
  return Effect.reduce(
    codings,
    () => bytes,
    (bytes, coding) => decode(coding, bytes, limit) ?? Effect.fail(unknown())
  )
}
