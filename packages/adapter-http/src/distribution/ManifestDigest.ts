/** Verifies a manifest against its digest. */
import { Digest, MediaType, Registry } from "@gitlab-registry-usage/core"
import { Effect, Result, Schema } from "effect"
import { Digest as Hash } from "effect/crypto"
import { Base64Url } from "effect/encoding"

const algorithms: Readonly<Record<string, Hash.Algorithm>> = { sha256: Hash.sha256, sha512: Hash.sha512 }

/** The part of a JSON signature that states what it signs (docker/libtrust, jsonsign.go). */
const Signed = Schema.Struct({
  schemaVersion: Schema.Literal(1),
  signatures: Schema.Array(Schema.Struct({ protected: Schema.String }))
})
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

/**
 * The distinct digests that a registry states in a header: none where it is empty, and more than one where it is there
 * more than once, as two proxies write it.
 */
export const statedDigests = (
  header: string | undefined
): Result.Result<ReadonlyArray<Digest.Digest>, Registry.Malformed> => {
  const stated = new Set((header ?? "").split(",").map((text) => text.trim()))
  stated.delete("")
  const digests = [...stated].filter(Digest.isDigest)
  return digests.length === stated.size
    ? Result.succeed(digests)
    : Result.fail(new Registry.Malformed({ detail: "the registry states a malformed digest of the manifest" }))
}

/**
 * The manifest of a response, verified against the requested digest and those that the registry states
 * (`Docker-Content-Digest`), of which at least one is usual. Without any its digest is its sha256.
 *
 * A signed schema 1 manifest, whatever the response calls it, is what it signs, unless the digests are of its bytes.
 */
export const verifyManifest = Effect.fnUntraced(function* (
  hash: Hash.Digest["Service"],
  { body, mediaType }: { readonly mediaType: string; readonly body: Uint8Array },
  requested: ReadonlyArray<Digest.Digest>,
  stated: ReadonlyArray<Digest.Digest>
) {
  const expected = new Set([...requested, ...stated])
  const verified = (body: Uint8Array) =>
    Effect.as(
      Effect.forEach(expected, (digest) => verify(hash, body, digest), { discard: true }),
      body
    )
  const payload = Effect.fromResult(signedPayload(body))
  const isSigned = MediaType.essence(mediaType) === MediaType.dockerSchema1Signed
  const content = yield* expected.size > 0
    ? Effect.catch(verified(body), (error) =>
        Effect.flatMap(isSigned ? payload : Effect.mapError(payload, () => error), verified)
      )
    : isSigned
      ? payload
      : Effect.orElseSucceed(payload, () => body)
  const [digest = Digest.Digest.make(`sha256:${yield* hash.digestHex(Hash.sha256, content)}`)] = expected
  return { digest, mediaType, body: content }
})
