/** Verifies a manifest against its digest. */
import { Digest, MediaType, Registry } from "@gitlab-registry-usage/core"
import { Effect, Result, Schema } from "effect"
import { Digest as Hash } from "effect/crypto"
import { Base64Url } from "effect/encoding"

const algorithms: Readonly<Record<string, Hash.Algorithm>> = { sha256: Hash.sha256, sha512: Hash.sha512 }

/** The part of a JSON signature that states what it signs (docker/libtrust, jsonsign.go). */
const Signed = Schema.Struct({ signatures: Schema.Array(Schema.Struct({ protected: Schema.String })) })
const Protected = Schema.Struct({
  formatLength: Schema.Int.check(Schema.isGreaterThanOrEqualTo(0)),
  formatTail: Schema.String
})
const decodeSigned = Schema.decodeUnknownResult(Schema.fromJsonString(Signed))
const decodeProtected = Schema.decodeUnknownResult(Schema.fromJsonString(Protected))

const unreadable = new Registry.Malformed({ detail: "the signatures of the schema 1 manifest cannot be read" })

/**
 * What a signed schema 1 manifest signs: its bytes up to `formatLength` and then `formatTail`. That is what the registry
 * stores and what the digest is of; the signatures are added when it answers.
 */
export const signedPayload = (body: Uint8Array): Result.Result<Uint8Array, Registry.Malformed> =>
  Result.gen(function* () {
    const { signatures } = yield* decodeSigned(new TextDecoder().decode(body))
    const { formatLength, formatTail } = yield* decodeProtected(
      yield* Base64Url.decodeString(signatures[0]?.protected ?? "")
    )
    const tail = yield* Base64Url.decode(formatTail)
    if (formatLength > body.length) return yield* Result.fail(unreadable)
    const payload = new Uint8Array(formatLength + tail.length)
    payload.set(body.subarray(0, formatLength))
    payload.set(tail, formatLength)
    return payload
  }).pipe(Result.mapError(() => unreadable))

/**
 * Whether the bytes have the digest. An algorithm that cannot be computed is `Malformed`: nothing is taken unverified.
 */
export const verify = (hash: Hash.Digest["Service"], bytes: Uint8Array, digest: Digest.Digest) => {
  const algorithm = algorithms[Digest.algorithm(digest)]
  if (algorithm === undefined) {
    return Effect.fail(new Registry.Malformed({ detail: `digests of ${Digest.algorithm(digest)} cannot be verified` }))
  }
  return Effect.flatMap(hash.digestHex(algorithm, bytes), (hex) =>
    hex === Digest.encoded(digest)
      ? Effect.void
      : Effect.fail(new Registry.Malformed({ detail: `the bytes do not fit their digest ${digest}` }))
  )
}

/** The digest that a registry states, in a header. */
export const statedDigest = (text: string): Result.Result<Digest.Digest, Registry.Malformed> =>
  Digest.isDigest(text)
    ? Result.succeed(text)
    : Result.fail(new Registry.Malformed({ detail: "the registry states a malformed digest of the manifest" }))

/**
 * The manifest of a response, verified against the requested digest and the one that the registry states
 * (`Docker-Content-Digest`), of which at least one is usual. Without any its digest is its sha256.
 */
export const verifyManifest = Effect.fnUntraced(function* (
  hash: Hash.Digest["Service"],
  response: { readonly mediaType: string; readonly body: Uint8Array },
  requested: Digest.Digest | undefined,
  header: string | undefined
) {
  const stated = header === undefined ? undefined : yield* Effect.fromResult(statedDigest(header))
  const isSigned = MediaType.essence(response.mediaType) === MediaType.dockerSchema1Signed
  const body = isSigned ? yield* Effect.fromResult(signedPayload(response.body)) : response.body
  if (requested !== undefined) yield* verify(hash, body, requested)
  if (stated !== undefined && stated !== requested) yield* verify(hash, body, stated)
  const digest = requested ?? stated ?? Digest.Digest.make(`sha256:${yield* hash.digestHex(Hash.sha256, body)}`)
  return { digest, mediaType: response.mediaType, body }
})
