import type { Postgres } from "@gitlab-registry-usage/adapter-sql/postgres"
import type { Leadership, LoginAttempts } from "@gitlab-registry-usage/core"
import { FaultProxy, Servers } from "@gitlab-registry-usage/test-servers"
import { assert, describe, expect, it } from "@effect/vitest"
import { DateTime, Effect, Fiber, Option, Queue, Redacted } from "effect"
import { schemaOf } from "../databases.ts"
import { largeSnapshot } from "../largeSnapshot.ts"
import { startOnce } from "../server.ts"
import { listen, reign, replica } from "./replica.ts"

const takenAt = ({ takenAt }: { readonly takenAt: DateTime.Utc }) => DateTime.toEpochMillis(takenAt)

const milliseconds = <A, E, R>(effect: Effect.Effect<A, E, R>) =>
  Effect.gen(function* () {
    const began = performance.now()
    const result = yield* effect
    return [performance.now() - began, result] as const
  })

describe.skipIf(Servers.leftOut("postgres"))("PostgreSQL", () => {
  const server = startOnce()

  it.live("replicas that start at once make the tables once", () =>
    Effect.gen(function* () {
      const options = schemaOf(yield* server)
      const replicas = yield* Effect.all(
        Array.from({ length: 4 }, () => replica(options)),
        { concurrency: "unbounded" }
      )
      yield* replicas[0]!.store.save(largeSnapshot(1, 10))
      for (const { store } of replicas) expect(yield* store.history).toHaveLength(1)
    }).pipe(Effect.scoped)
  )

  it.live("what is published is heard at once, without waiting for the next look", () =>
    Effect.gen(function* () {
      const options = schemaOf(yield* server)
      const [one, other] = [yield* replica(options), yield* replica(options)]
      yield* one.store.save(largeSnapshot(1, 10))
      yield* other.store.load
      const next = yield* listen(other.store)
      yield* Effect.sleep("1 second")
      const late: Array<number> = []
      for (let n = 2; n < 11; n++) {
        yield* one.store.save(largeSnapshot(n, 10))
        const [took, heard] = yield* milliseconds(next)
        expect(takenAt(heard)).toBe(takenAt(largeSnapshot(n, 10)))
        late.push(took)
      }
      expect(late.toSorted((a, b) => a - b)[4]).toBeLessThan(150)
    }).pipe(Effect.scoped)
  )

  it.live("F49 what one replica refuses counts for all, however the attempts are spread", () =>
    Effect.gen(function* () {
      const options: Postgres.Options = { ...schemaOf(yield* server), attempts: { perUser: 4 } }
      const replicas = [yield* replica(options), yield* replica(options), yield* replica(options)]
      const tried = (count: number, outcome: LoginAttempts.Outcome, address: (i: number) => string) =>
        Effect.forEach(
          Array.from({ length: count }),
          (_, i) =>
            Effect.gen(function* () {
              const verdict = yield* replicas[i % 3]!.attempts.attempt("alice", address(i))
              if (verdict._tag === "Limited") return "limited"
              yield* Effect.sleep("5 millis")
              yield* verdict.settle(outcome)
              return outcome
            }),
          { concurrency: "unbounded" }
        )
      expect(new Set(yield* tried(500, "accepted", () => "203.0.113.1"))).toEqual(new Set(["accepted"]))
      const refused = yield* tried(30, "refused", (i) => `192.0.2.${i}`)
      expect(refused.filter((outcome) => outcome === "refused")).toHaveLength(4)
      for (const { attempts } of replicas) expect((yield* attempts.attempt("ALICE", "::1"))._tag).toBe("Limited")
      // Every replica knows from where the user signed in.
      for (const { attempts } of replicas) {
        expect((yield* attempts.attempt("alice", "203.0.113.1"))._tag).toBe("Allowed")
      }
    }).pipe(Effect.scoped)
  )

  it.live("F102 with the database away it is said at once, what is known stays, and all goes on when it is back", () =>
    Effect.gen(function* () {
      const running = yield* server
      const options: Postgres.Options = { ...schemaOf(running), lease: "1500 millis", attempts: { perUser: 2 } }
      const [one, other] = [yield* replica(options), yield* replica(options)]
      yield* one.store.save(largeSnapshot(1, 10))
      yield* other.store.load
      const next = yield* listen(other.store)
      const event = yield* reign(one.leadership)
      expect(yield* event).toBe("begins")
      const revoked = DateTime.makeUnsafe("2026-01-01T00:00:00Z")
      yield* one.revocation.revoke(revoked)
      yield* Effect.sleep("700 millis")

      yield* running.stop
      for (const { store } of [one, other]) {
        const [took, error] = yield* milliseconds(Effect.flip(store.load))
        expect([error.operation, error.reason._tag]).toEqual(["load", "StoreUnavailable"])
        expect(took).toBeLessThan(2000)
        expect((yield* Effect.flip(store.save(largeSnapshot(2, 10)))).reason._tag).toBe("StoreUnavailable")
        expect((yield* Effect.flip(store.history)).reason._tag).toBe("StoreUnavailable")
      }
      // Nobody knows whether another leads by now.
      expect(yield* event).toBe("ends")
      expect(yield* other.revocation.notBefore).toEqual(revoked)
      expect((yield* Effect.flip(one.revocation.revoke(revoked))).message).toContain("could not be revoked")
      for (const allowed of [true, true, false]) {
        const verdict = yield* other.attempts.attempt("alice", "192.0.2.1")
        expect(verdict._tag === "Allowed").toBe(allowed)
        if (verdict._tag === "Allowed") yield* verdict.settle("refused")
      }

      yield* running.start
      expect(yield* event).toBe("begins")
      yield* Effect.retry(one.store.save(largeSnapshot(3, 10)), { times: 3 })
      expect(takenAt(yield* next)).toBe(takenAt(largeSnapshot(3, 10)))
      expect(takenAt(Option.getOrThrow(yield* other.store.load))).toBe(takenAt(largeSnapshot(3, 10)))
      expect(yield* other.store.history).toHaveLength(2)
      // The other gets notifications again, and does not only poll.
      yield* Effect.sleep("1500 millis")
      yield* one.store.save(largeSnapshot(4, 10))
      expect(takenAt(yield* next)).toBe(takenAt(largeSnapshot(4, 10)))
    }).pipe(Effect.scoped)
  )

  it.live("after a crash of the database all that was saved is there", () =>
    Effect.gen(function* () {
      const running = yield* server
      const { store } = yield* replica(schemaOf(running))
      yield* store.save(largeSnapshot(1, 100))
      yield* store.save(largeSnapshot(2, 100))
      yield* running.crash
      yield* running.start
      const loaded = Option.getOrThrow(yield* Effect.retry(store.load, { times: 3 }))
      expect(takenAt(loaded)).toBe(takenAt(largeSnapshot(2, 100)))
    }).pipe(Effect.scoped)
  )

  it.live("a connection that is cut in silence holds up nobody for longer than the deadline, in a save neither", () =>
    Effect.gen(function* () {
      const running = yield* server
      const proxy = yield* FaultProxy.start(running.port)
      const { schema } = schemaOf(running)
      const through = new URL(running.url)
      through.port = String(proxy.port)
      const { leadership, store } = yield* replica({
        url: Redacted.make(through.href),
        schema,
        deadline: "1 second",
        lease: "1500 millis"
      })
      yield* store.save(largeSnapshot(1, 10))
      const event = yield* reign(leadership)
      expect(yield* event).toBe("begins")
      yield* proxy.set({ fault: { effect: "stall" } })
      const [deposed] = yield* milliseconds(event)
      expect(deposed).toBeLessThan(3000)
      for (const attempt of [store.load, store.save(largeSnapshot(2, 10)), store.history]) {
        const [took, error] = yield* milliseconds(Effect.flip(attempt))
        expect(error.reason._tag).toBe("StoreUnavailable")
        expect(took).toBeLessThan(8000)
      }
      yield* proxy.set({})
      expect(yield* event).toBe("begins")
      yield* Effect.retry(store.save(largeSnapshot(3, 10)), { times: 5 })
      expect(takenAt(Option.getOrThrow(yield* store.load))).toBe(takenAt(largeSnapshot(3, 10)))
    }).pipe(Effect.scoped)
  )

  it.live(
    "a replica that was paused for longer than its lease leads no more, and is refused until it hears of it",
    () =>
      Effect.gen(function* () {
        const running = yield* server
        const options: Postgres.Options = { ...schemaOf(running), lease: "3 seconds" }
        const [one, other] = [yield* replica(options), yield* replica(options)]
        const event = yield* reign(one.leadership)
        expect(yield* event).toBe("begins")
        yield* one.store.save(largeSnapshot(1, 10), { generation: 1 })
        // Its lease ran out, as if it had slept.
        yield* running.query(`UPDATE "${options.schema}".leadership SET expires_at = 0`)
        const took = yield* Queue.unbounded<Leadership.Term>()
        const fiber = yield* Effect.forkChild(
          other.leadership.lead((term) => Effect.andThen(Queue.offer(took, term), Effect.never))
        )
        expect(yield* Effect.timeout(Queue.take(took), "5 seconds")).toEqual({ generation: 2 })
        const error = yield* Effect.flip(one.store.save(largeSnapshot(2, 10), { generation: 1 }))
        expect(error.reason).toMatchObject({ _tag: "Superseded", generation: 1, newest: 2 })
        expect(yield* event).toBe("ends")
        expect(yield* one.leadership.state).toBe("following")
        yield* Fiber.interrupt(fiber)
        expect(yield* event).toBe("begins")
      }).pipe(Effect.scoped)
  )

  it.live("says what is wrong with the database, and never the password", () =>
    Effect.gen(function* () {
      const { url } = yield* server
      const wrong = new URL(url)
      wrong.password = "not-the-password"
      const error = yield* Effect.flip(replica({ url: Redacted.make(wrong.href) }))
      assert(error._tag === "DatabaseUnavailable")
      expect(error.message).toMatch(
        /^the database postgres:\/\/registry_usage@127.0.0.1:\d+\/registry_usage cannot be used/
      )
      expect(error.message).toContain("password authentication failed")
      expect(`${error.message} ${JSON.stringify(error)}`).not.toContain("not-the-password")
    }).pipe(Effect.scoped)
  )
})
