/**
 * What every adapter of the `Revocation` port does.
 *
 * @since 0.1.0
 */
import { expect } from "@effect/vitest"
import { DateTime, Effect } from "effect"
import type { Revocation } from "../auth/Revocation.ts"
import { check, type Group } from "./Replicas.ts"

/**
 * Declares the tests. `group` begins with nothing revoked; each use of its effect is one more replica.
 *
 * @category conformance
 * @since 0.1.0
 */
export const suite = <E, F>(name: string, group: Group<Revocation["Service"], E, F>): void => {
  const instant = DateTime.makeUnsafe("2026-01-02T03:04:05.678Z")

  const test = check(name, group)
  test("the instant moves forward alone, and is known at once", function* (join) {
    const revocation = yield* join
    expect(DateTime.toEpochMillis(Effect.runSync(revocation.notBefore))).toBeLessThanOrEqual(0)
    yield* revocation.revoke(instant)
    expect(Effect.runSync(revocation.notBefore)).toEqual(instant)
    yield* revocation.revoke(DateTime.subtract(instant, { seconds: 1 }))
    expect(Effect.runSync(revocation.notBefore)).toEqual(instant)
    const later = DateTime.add(instant, { milliseconds: 1 })
    yield* revocation.revoke(later)
    expect(Effect.runSync(revocation.notBefore)).toEqual(later)
  })

  test("what one replica revokes all know within a second, and who comes later at once", function* (join) {
    const [one, other] = [yield* join, yield* join]
    yield* one.revoke(instant)
    yield* Effect.sleep("1 second")
    expect(yield* other.notBefore).toEqual(instant)
    expect(yield* (yield* join).notBefore).toEqual(instant)
    yield* other.revoke(DateTime.subtract(instant, { days: 1 }))
    expect(yield* other.notBefore).toEqual(instant)
  })
}
