/**
 * The `Tokens` port over a table in memory: a token is a random name of an entry.
 *
 * @since 0.1.0
 */
import { DateTime, type Duration, Effect, Layer, Random, Redacted } from "effect"
import { TokenError, TokenExpired, TokenInvalid, Tokens, type VerifiedToken } from "../auth/Authentication.ts"

/**
 * @category options
 * @since 0.1.0
 */
export interface Options {
  /** How long a token is accepted; two weeks by default. */
  readonly life?: Duration.Input | undefined
}

/** Random, but not for an attacker: for tests only. */
const name = Effect.map(Effect.replicateEffect(Random.next, 4), (numbers) =>
  numbers.map((number) => number.toString(36).slice(2)).join("")
)

/**
 * @category constructors
 * @since 0.1.0
 */
export const make = (options: Options = {}): Effect.Effect<Tokens["Service"]> =>
  Effect.sync(() => {
    const life = options.life ?? "14 days"
    const issued = new Map<string, VerifiedToken>()
    return Tokens.of({
      issue: Effect.fn("Tokens.issue")(function* (principal) {
        const issuedAt = yield* DateTime.now
        const expiresAt = DateTime.addDuration(issuedAt, life)
        const [token, id] = yield* Effect.all([name, name])
        issued.set(token, { principal: { username: principal.username }, id, issuedAt, expiresAt })
        return { token: Redacted.make(token), expiresAt }
      }),
      verify: Effect.fn("Tokens.verify")(function* (token) {
        const found = issued.get(Redacted.value(token))
        if (found === undefined) {
          return yield* new TokenError({ reason: new TokenInvalid({ detail: "no such token" }) })
        }
        if (DateTime.toEpochMillis(found.expiresAt) <= DateTime.toEpochMillis(yield* DateTime.now)) {
          return yield* new TokenError({ reason: new TokenExpired({ detail: "past its expiry" }) })
        }
        return found
      })
    })
  })

/**
 * @category layers
 * @since 0.1.0
 */
export const layer = (options?: Options): Layer.Layer<Tokens> => Layer.effect(Tokens, make(options))
