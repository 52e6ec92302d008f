/**
 * A cache of verified tokens, so that a token is not verified with every request.
 *
 * @since 0.1.0
 */
import { Authentication } from "@gitlab-registry-usage/core"
import { Clock, Context, DateTime, Effect, Exit, Layer, Redacted } from "effect"
import { hash } from "node:crypto"

/** @category models @since 0.1.0 */
export interface Options {
  /** Tokens issued up to this instant are refused; it runs at each request. By default no token is refused. */
  readonly notBefore?: Effect.Effect<DateTime.Utc> | undefined
  /** How many tokens the cache holds. Default 10,000. */
  readonly capacity?: number | undefined
}

/** If the clock is set back further than this, cached tokens are verified again (milliseconds). */
const clockTolerance = 30_000

/**
 * Looks a token up synchronously. Returns the verified token if it was verified before and is still valid. The requests
 * of one `connection` mostly carry the same token.
 *
 * @category models
 * @since 0.1.0
 */
export type Known = (token: string, connection?: object) => Authentication.VerifiedToken | undefined

/**
 * The lookup in the cache of tokens. Without a cache it finds nothing.
 *
 * @category services
 * @since 0.1.0
 */
export const KnownTokens = Context.Reference<Known>("@gitlab-registry-usage/server/KnownTokens", {
  defaultValue: () => () => undefined
})

/** A longer token is invalid in any case, so it is not hashed. */
const maximumLength = 8192

/**
 * Caches the results of another `Tokens` port. Only valid tokens are cached, by a hash of the whole token. The token
 * itself is held only while the connection that sent it is open. Expiry and revocation are checked each time.
 *
 * @category constructors
 * @since 0.1.0
 */
export const make = Effect.fnUntraced(function* ({ capacity = 10_000, notBefore }: Options = {}) {
  const tokens = yield* Authentication.Tokens
  const clock = yield* Clock.Clock
  const verified = new Map<string, Authentication.VerifiedToken>()
  /** The last token of each connection: hashing it again would take longer than the rest of the lookup. */
  const sent = new WeakMap<object, { readonly token: string; readonly verified: Authentication.VerifiedToken }>()

  const revokedUpTo = (): number => {
    if (notBefore === undefined) return -Infinity
    // If the effect has to wait, `verify` runs it.
    const exit = Effect.runSyncExit(notBefore)
    return Exit.isSuccess(exit) ? DateTime.toEpochMillis(exit.value) : Infinity
  }
  const holds = ({ expiresAt, issuedAt }: Authentication.VerifiedToken): boolean => {
    const now = clock.currentTimeMillisUnsafe()
    const issued = DateTime.toEpochMillis(issuedAt)
    return DateTime.toEpochMillis(expiresAt) > now && issued <= now + clockTolerance && issued > revokedUpTo()
  }
  const keyOf = (token: string) => hash("sha256", token, "base64")
  const known: Known = (token, connection) => {
    if (verified.size === 0 || token.length > maximumLength) return undefined
    const before = connection && sent.get(connection)
    if (before?.token === token && holds(before.verified)) return before.verified
    const key = keyOf(token)
    const found = verified.get(key)
    if (found === undefined) return undefined
    if (holds(found)) {
      if (connection !== undefined) sent.set(connection, { token, verified: found })
      return found
    }
    verified.delete(key)
    return undefined
  }
  const verify = (token: Redacted.Redacted) =>
    Effect.suspend(() => {
      const text = Redacted.value(token)
      const found = known(text)
      if (found !== undefined) return Effect.succeed(found)
      // The port determines why a token is invalid.
      return Effect.tap(tokens.verify(token), (verifiedToken) =>
        Effect.sync(() => {
          if (verified.size >= capacity) verified.delete(verified.keys().next().value!)
          verified.set(keyOf(text), verifiedToken)
        })
      )
    })
  return { tokens: Authentication.Tokens.of({ issue: tokens.issue, verify }), known }
})

/**
 * @category layers
 * @since 0.1.0
 */
export const layer = (options?: Options): Layer.Layer<Authentication.Tokens, never, Authentication.Tokens> =>
  Layer.effectContext(
    Effect.map(make(options), ({ known, tokens }) =>
      Context.make(Authentication.Tokens, tokens).pipe(Context.add(KnownTokens, known))
    )
  )
