/**
 * What every adapter of the `Revocation` port does.
 *
 * @since 0.1.0
 */
import { expect, it } from "@effect/vitest"
import { DateTime, Effect, type Scope } from "effect"
import type { Revocation } from "../auth/Revocation.ts"

/**
 * Declares the tests. `group` begins with nothing revoked; each use of its effect is one more replica.
 *
 * @category conformance
 * @since 0.1.0
 */
export const suite = <E, F>(
  name: string,
  group: Effect.Effect<Effect.Effect<Revocation["Service"], E, Scope.Scope>, F, Scope.Scope>
): void => {
  const instant = DateTime.makeUnsafe("2026-01-02T03:04:05.678Z")

  it.live(`${name}: the instant moves forward alone, and is known at once`, () =>
    Effect.gen(function* () {
      const revocation = yield* yield* group
      expect(DateTime.toEpochMillis(Effect.runSync(revocation.notBefore))).toBeLessThanOrEqual(0)
      yield* revocation.revoke(instant)
      expect(Effect.runSync(revocation.notBefore)).toEqual(instant)
      yield* revocation.revoke(DateTime.subtract(instant, { seconds: 1 }))
      expect(Effect.runSync(revocation.notBefore)).toEqual(instant)
      const later = DateTime.add(instant, { milliseconds: 1 })
      yield* revocation.revoke(later)
      expect(Effect.runSync(revocation.notBefore)).toEqual(later)
    }).pipe(Effect.scoped)
  )

  it.live(`${name}: what one replica revokes all know within a second, and who comes later at once`, () =>
    Effect.gen(function* () {
      const join = yield* group
      const [one, other] = [yield* join, yield* join]
      yield* one.revoke(instant)
      yield* Effect.sleep("1 second")
      expect(yield* other.notBefore).toEqual(instant)
      expect(yield* (yield* join).notBefore).toEqual(instant)
      yield* other.revoke(DateTime.subtract(instant, { days: 1 }))
      expect(yield* other.notBefore).toEqual(instant)
    }).pipe(Effect.scoped)
  )
}
