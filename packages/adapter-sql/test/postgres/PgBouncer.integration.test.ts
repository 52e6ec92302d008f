import type { Change } from "@gitlab-registry-usage/core"
import { Names } from "@gitlab-registry-usage/core"
import { PgBouncer, Servers } from "@gitlab-registry-usage/test-servers"
import { describe, expect, it } from "@effect/vitest"
import { DateTime, Effect, Option, Queue, Redacted, Stream } from "effect"
import { schemaOf } from "../databases.ts"
import { largeSnapshot } from "../largeSnapshot.ts"
import { startOnce } from "../server.ts"
import { collected, listen, reign, replica } from "./replica.ts"

const takenAt = ({ takenAt }: { readonly takenAt: DateTime.Utc }) => DateTime.toEpochMillis(takenAt)

describe.skipIf(Servers.leftOut("pgbouncer"))("PgBouncer", () => {
  const server = startOnce()

  const pooled = Effect.fnUntraced(function* (poolMode: PgBouncer.PoolMode) {
    const running = yield* server
    const url = yield* PgBouncer.start(running, poolMode)
    return { ...schemaOf(running), url: Redacted.make(url), lease: "1500 millis" } as const
  })

  it.live(
    "F129 in transaction pooling, replicas share everything, and each logs once that no notification arrives",
    () => {
      const lines: Array<string> = []
      return Effect.gen(function* () {
        const options = yield* pooled("transaction")
        const [one, other] = [yield* replica(options), yield* replica(options)]
        const event = yield* reign(one.leadership)
        expect(yield* event).toBe("begins")
        yield* one.store.save(largeSnapshot(1, 100), { generation: 1 })
        yield* other.store.load
        const next = yield* listen(other.store)
        yield* Effect.forEach(
          [2, 3, 4],
          Effect.fnUntraced(function* (n) {
            yield* one.store.save(largeSnapshot(n, 100), { generation: 1 })
            expect(takenAt(yield* next)).toBe(takenAt(largeSnapshot(n, 100)))
            expect(takenAt(Option.getOrThrow(yield* other.store.load))).toBe(takenAt(largeSnapshot(n, 100)))
          })
        )
        expect(yield* other.leadership.state).toBe("following")

        // A follower passes a change on to the leader.
        const heard = yield* Queue.unbounded<Change.Change>()
        yield* Effect.forkScoped(
          Stream.runForEach(one.leadership.notifications, (change) => Queue.offer(heard, change))
        )
        const repository = Names.RepositoryName.make("group/app")
        yield* other.leadership.notify([{ repository }])
        expect((yield* Effect.timeout(Queue.take(heard), "3 seconds")).repository).toBe(repository)

        const revoked = DateTime.makeUnsafe("2026-01-01T00:00:00Z")
        yield* one.revocation.revoke(revoked)
        yield* Effect.sleep("1200 millis")
        expect(yield* other.revocation.notBefore).toEqual(revoked)

        // A leader whose lease ran out is refused, and another leads.
        yield* (yield* server).query(`UPDATE "${options.schema}".leadership SET expires_at = 0, generation = 2`)
        expect((yield* Effect.flip(one.store.save(largeSnapshot(5, 100), { generation: 1 }))).reason._tag).toBe(
          "Superseded"
        )
        expect(yield* event).toBe("ends")
        expect(yield* event).toBe("begins")

        yield* Effect.sleep("2 seconds")
        expect(lines.filter((line) => line.includes("pool_mode"))).toHaveLength(2)
        expect(
          lines.filter((line) => /^(Warn|Error)/i.test(line) && !/pool_mode|another replica leads/.test(line))
        ).toEqual([])
      }).pipe(Effect.scoped, Effect.provide(collected(lines)))
    }
  )

  it.live("F129 in session pooling, notifications arrive and nothing is logged", () => {
    const lines: Array<string> = []
    return Effect.gen(function* () {
      const options = yield* pooled("session")
      const [one, other] = [yield* replica(options), yield* replica(options)]
      yield* one.store.save(largeSnapshot(1, 10))
      yield* other.store.load
      const next = yield* listen(other.store)
      yield* Effect.sleep("1 second")
      const late: Array<number> = []
      for (let n = 2; n < 9; n++) {
        yield* one.store.save(largeSnapshot(n, 10))
        const began = performance.now()
        expect(takenAt(yield* next)).toBe(takenAt(largeSnapshot(n, 10)))
        late.push(performance.now() - began)
      }
      // Polling alone would take a quarter of a second on average.
      expect(late.toSorted((a, b) => a - b)[3]).toBeLessThan(150)
      expect(lines).toEqual([])
    }).pipe(Effect.scoped, Effect.provide(collected(lines)))
  })

  it.live("F129 in statement pooling, the start fails and names pool_mode", () =>
    Effect.gen(function* () {
      const { message } = yield* Effect.flip(replica(yield* pooled("statement")))
      expect(message).toMatch(/closes the connection for a transaction: .*pool_mode = statement; use transaction/)
    }).pipe(Effect.scoped)
  )
})
