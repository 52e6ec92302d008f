/**
 * The port to the instant up to which tokens are refused.
 *
 * @since 0.1.0
 */
import { Context, DateTime, Effect, Layer, Ref, Schema } from "effect"

/**
 * Nothing was revoked: the store that all replicas share could not be reached.
 *
 * @category errors
 * @since 0.1.0
 */
export class RevocationError extends Schema.TaggedError<RevocationError>()("RevocationError", {
  detail: Schema.String
}) {
  override get message(): string {
    return `tokens could not be revoked: ${this.detail}`
  }
}

/**
 * Has all replicas refuse the tokens that were issued up to an instant, which only ever moves forward. Every adapter
 * passes `RevocationTest.suite` of `@gitlab-registry-usage/core/conformance`.
 *
 * @category services
 * @since 0.1.0
 */
export class Revocation extends Context.Service<
  Revocation,
  {
    /** Returns at once. A revocation by another replica is known within a second. */
    readonly notBefore: Effect.Effect<DateTime.Utc>
    /** Tokens that were issued up to this instant are refused from now on. */
    readonly revoke: (instant: DateTime.Utc) => Effect.Effect<void, RevocationError>
  }
>()("@gitlab-registry-usage/core/Revocation") {}

/**
 * Earlier than any token.
 *
 * @category constants
 * @since 0.1.0
 */
export const never: DateTime.Utc = DateTime.makeUnsafe(-1)

/**
 * A revocation that is known to this process alone, and forgotten with it.
 *
 * @category constructors
 * @since 0.1.0
 */
export const makeMemory: Effect.Effect<Revocation["Service"]> = Effect.map(Ref.make(never), (instant) =>
  Revocation.of({
    notBefore: Ref.get(instant),
    revoke: (until) => Ref.update(instant, (known) => DateTime.max(known, until))
  })
)

/**
 * A revocation that is known to this process alone.
 *
 * @category layers
 * @since 0.1.0
 */
export const layerMemory: Layer.Layer<Revocation> = Layer.effect(Revocation, makeMemory)
