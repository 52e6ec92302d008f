/**
 * The keys of tokens: one signs, all verify. Only this module distinguishes shared secrets from key pairs.
 *
 * @since 0.1.0
 */
import * as NodeCrypto from "node:crypto"
import { OptionProblem } from "@gitlab-registry-usage/core"
import { Effect, Redacted, Result, Schema } from "effect"
import { calculateJwkThumbprint, type JSONWebKeySet } from "jose"
import * as Secret from "./Secret.ts"

/**
 * A secret that all issuers and verifiers share; it signs with HS256. It has at least 32 bytes in UTF-8, and samples are
 * refused.
 *
 * @category models
 * @since 0.1.0
 */
export interface SharedSecret {
  readonly _tag: "SharedSecret"
  readonly secret: Redacted.Redacted
}

/**
 * A private key, as PEM or as a JSON Web Key: Ed25519 signs with EdDSA, RSA of at least 2048 bits with RS256.
 *
 * @category models
 * @since 0.1.0
 */
export interface PrivateKey {
  readonly _tag: "PrivateKey"
  readonly key: Redacted.Redacted
}

/**
 * The public half of a private key, which only verifies.
 *
 * @category models
 * @since 0.1.0
 */
export interface PublicKey {
  readonly _tag: "PublicKey"
  readonly key: string
}

/**
 * A key that signs and verifies.
 *
 * @category models
 * @since 0.1.0
 */
export type SigningKey = SharedSecret | PrivateKey

/**
 * A secret that all issuers and verifiers share.
 *
 * @category constructors
 * @since 0.1.0
 */
export const sharedSecret = (secret: Redacted.Redacted): SharedSecret => ({ _tag: "SharedSecret", secret })

/**
 * A private key, as PEM or as a JSON Web Key.
 *
 * @category constructors
 * @since 0.1.0
 */
export const privateKey = (key: Redacted.Redacted): PrivateKey => ({ _tag: "PrivateKey", key })

/**
 * A public key, as PEM or as a JSON Web Key.
 *
 * @category constructors
 * @since 0.1.0
 */
export const publicKey = (key: string): PublicKey => ({ _tag: "PublicKey", key })

/**
 * The options cannot be used. Each problem has its option and says what to do; none contains part of a key.
 *
 * @category errors
 * @since 0.1.0
 */
export class JwtOptionsError extends Schema.TaggedError<JwtOptionsError>()("JwtOptionsError", {
  problems: Schema.Array(OptionProblem.OptionProblem)
}) {
  override get message(): string {
    return `tokens cannot be signed: ${OptionProblem.format(this.problems)}`
  }
}

/**
 * An imported key. `id` is its thumbprint (RFC 7638).
 *
 * @category models
 * @since 0.1.0
 */
export interface Key {
  readonly id: string
  readonly algorithm: "HS256" | "EdDSA" | "RS256"
  readonly verifying: NodeCrypto.KeyObject
}

/**
 * An imported key that also signs.
 *
 * @category models
 * @since 0.1.0
 */
export interface CurrentKey extends Key {
  readonly signing: NodeCrypto.KeyObject
}

/**
 * `current` signs; `byId` has the current and the previous keys. `published` has the public halves of the key pairs, for
 * `/.well-known/jwks.json` (RFC 7517); it never contains a shared secret.
 *
 * @category models
 * @since 0.1.0
 */
export interface KeySet {
  readonly current: CurrentKey
  readonly byId: ReadonlyMap<string, Key>
  readonly published: JSONWebKeySet
}

/** A JSON Web Key begins with `{`; everything else is PEM. */
const input = (text: string): NodeCrypto.JsonWebKeyInput | string =>
  text.trimStart().startsWith("{") ? { key: JSON.parse(text) as NodeCrypto.JsonWebKey, format: "jwk" } : text

const signatureAlgorithm = (key: NodeCrypto.KeyObject): Effect.Effect<"EdDSA" | "RS256", string> => {
  if (key.asymmetricKeyType === "ed25519") return Effect.succeed("EdDSA")
  if (key.asymmetricKeyType !== "rsa") return Effect.fail("a key is neither Ed25519 nor RSA: make one of these")
  return (key.asymmetricKeyDetails?.modulusLength ?? 0) < 2048
    ? Effect.fail("an RSA key has fewer than 2048 bits: make a longer one")
    : Effect.succeed("RS256")
}

// The message of Node's error is dropped, because it may quote the key.
const parse = <A>(what: string, read: () => A): Effect.Effect<A, string> =>
  Effect.try({
    try: read,
    catch: () => `a ${what} key is neither PEM nor a JSON Web Key: check the file it comes from`
  })

const identify = (key: NodeCrypto.KeyObject): Effect.Effect<string> =>
  Effect.promise(() => calculateJwkThumbprint(key, "sha256"))

const importSigning = Effect.fnUntraced(function* (source: SigningKey): Effect.fn.Return<CurrentKey, string> {
  if (source._tag === "SharedSecret") {
    const problem = Secret.problem(source.secret)
    if (problem !== undefined) return yield* Effect.fail(problem)
    const key = NodeCrypto.createSecretKey(Redacted.value(source.secret), "utf8")
    return { id: yield* identify(key), algorithm: "HS256", signing: key, verifying: key }
  }
  const signing = yield* parse("private", () => NodeCrypto.createPrivateKey(input(Redacted.value(source.key))))
  const verifying = NodeCrypto.createPublicKey(signing)
  const algorithm = yield* signatureAlgorithm(verifying)
  return { id: yield* identify(verifying), algorithm, signing, verifying }
})

const importVerifying = Effect.fnUntraced(function* (source: SigningKey | PublicKey): Effect.fn.Return<Key, string> {
  if (source._tag !== "PublicKey") return yield* importSigning(source)
  const verifying = yield* parse("public", () => NodeCrypto.createPublicKey(input(source.key)))
  const algorithm = yield* signatureAlgorithm(verifying)
  return { id: yield* identify(verifying), algorithm, verifying }
})

/**
 * The key set of a signing key and the previous keys. Fails with the problems of all keys at once.
 *
 * @category constructors
 * @since 0.1.0
 */
export const make = Effect.fnUntraced(function* (
  current: SigningKey,
  previous: ReadonlyArray<SigningKey | PublicKey>
): Effect.fn.Return<KeySet, JwtOptionsError> {
  const named = (option: string) => Effect.mapError((message: string) => ({ option, message }))
  const [verifying, problems] = yield* Effect.partition(previous, (source, index) =>
    importVerifying(source).pipe(named(`previous.${index}`))
  )
  const signing = yield* Effect.result(importSigning(current).pipe(named("current")))
  if (Result.isFailure(signing)) return yield* new JwtOptionsError({ problems: [signing.failure, ...problems] })
  if (problems.length > 0) return yield* new JwtOptionsError({ problems })
  const keys = [signing.success, ...verifying]
  const published = keys
    .filter((key) => key.algorithm !== "HS256")
    .map((key) => ({ ...key.verifying.export({ format: "jwk" }), kid: key.id, alg: key.algorithm, use: "sig" }))
  return {
    current: signing.success,
    byId: new Map(keys.map((key) => [key.id, key])),
    published: { keys: published }
  }
})
