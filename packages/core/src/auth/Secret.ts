/**
 * A secret of an adapter's options: a value, or an effect that reads the current one.
 *
 * @since 0.1.0
 */
import { Effect, type Redacted } from "effect"

/**
 * A password or token. An effect is run whenever the secret is used, so that a file with the secret can be replaced
 * while the program runs.
 *
 * @category models
 * @since 0.1.0
 */
export type Secret = Redacted.Redacted | Effect.Effect<Redacted.Redacted>

/**
 * The value of the secret now.
 *
 * @category getters
 * @since 0.1.0
 */
export const current = (secret: Secret): Effect.Effect<Redacted.Redacted> =>
  Effect.isEffect(secret) ? secret : Effect.succeed(secret)
