/**
 * What every adapter of the `Leadership` port does.
 *
 * @since 0.1.0
 */
import { expect } from "@effect/vitest"
import { Effect, Equal, Exit, Fiber, Queue, Stream } from "effect"
import type { Change } from "../snapshot/Change.ts"
import { Digest } from "../registry/Digest.ts"
import type { Leadership, Term } from "../snapshot/Leadership.ts"
import { RepositoryName, TagName } from "../registry/Names.ts"
import { check, type Group } from "./Replicas.ts"

/** @category options @since 0.1.0 */
export interface Options {
  /** Whether a notification of another replica reaches the leader. Default true. */
  readonly hears?: boolean | undefined
}

/** Who led, in turn: the name of the replica and the generation. */
interface Leader {
  readonly who: string
  readonly generation: number
}

/** A replica that leads whenever it may, and reports that. */
const campaign = (who: string, leadership: Leadership["Service"], leaders: Queue.Queue<Leader>, leading: Set<string>) =>
  leadership.lead(({ generation }: Term) =>
    Effect.gen(function* () {
      // Never two at a time.
      expect([...leading]).toEqual([])
      leading.add(who)
      yield* Queue.offer(leaders, { who, generation })
      return yield* Effect.never
    }).pipe(Effect.ensuring(Effect.sync(() => leading.delete(who))))
  )

const soon = Effect.timeout("10 seconds")

/**
 * Declares the tests, with the live clock. `group` begins without a leader; each use of its effect is one more replica.
 * Of an adapter with a lease, that is a second or two.
 *
 * @category conformance
 * @since 0.1.0
 */
export const suite = <E, F>(
  name: string,
  group: Group<Leadership["Service"], E, F>,
  { hears = true }: Options = {}
): void => {
  const names = ["group/app", "group/other"].map((text) => RepositoryName.make(text))
  const digest = Digest.make(`sha256:${"0".repeat(64)}`)
  const verifiable: ReadonlyArray<Change> = [
    { repository: names[0]!, tag: TagName.make("1.0"), digest },
    { repository: names[0]!, digest, isDeleted: true },
    { repository: names[1]!, isDeleted: true }
  ]
  const changesOf = (names: ReadonlyArray<RepositoryName>) => names.map((repository) => ({ repository }))

  const test = check(name, group)
  test("one leads at a time, and when it ends the next, with a later generation", function* (join) {
    const replicas = yield* Effect.all([join, join, join])
    expect(yield* Effect.forEach(replicas, ({ state }) => state)).toEqual(["vacant", "vacant", "vacant"])
    const leaders = yield* Queue.unbounded<Leader>()
    const leading = new Set<string>()
    const fibers = yield* Effect.forEach(replicas, (leadership, i) =>
      Effect.forkChild(campaign(String(i), leadership, leaders, leading))
    )
    let before = 0
    const left = new Set(replicas.keys())
    while (left.size > 0) {
      const { generation, who } = yield* soon(Queue.take(leaders))
      expect(generation).toBeGreaterThan(before)
      before = generation
      // Longer than a lease: it is renewed.
      yield* Effect.sleep("2500 millis")
      expect([...leading]).toEqual([who])
      for (const [i, { state }] of replicas.entries()) {
        expect(yield* state).toBe(String(i) === who ? "leading" : "following")
      }
      yield* Fiber.interrupt(fibers[Number(who)]!)
      left.delete(Number(who))
    }
    expect(yield* Effect.forEach(replicas, ({ state }) => state)).toEqual(["vacant", "vacant", "vacant"])
  })

  test("after a leader that fails, another replica leads", function* (join) {
    const [one, other] = [yield* join, yield* join]
    const exit = yield* Effect.exit(one.lead(() => Effect.die("no leader")))
    expect(Exit.isFailure(exit)).toBe(true)
    const leaders = yield* Queue.unbounded<Leader>()
    yield* Effect.forkScoped(campaign("other", other, leaders, new Set()))
    expect((yield* soon(Queue.take(leaders))).generation).toBeGreaterThan(1)
  })

  test("notifications of every replica reach the leader", function* (join) {
    const [one, other] = [yield* join, yield* join]
    const heard = yield* Queue.unbounded<Change>()
    const leading = yield* Queue.unbounded<void>()
    yield* Effect.forkScoped(
      one.lead(() =>
        Effect.andThen(
          Queue.offer(leading, undefined),
          Effect.andThen(
            Stream.runForEach(one.notifications, (change) => Queue.offer(heard, change)),
            Effect.never
          )
        )
      )
    )
    yield* soon(Queue.take(leading))
    yield* Effect.sleep("500 millis")
    for (const replica of hears ? [one, other] : [one]) {
      yield* replica.notify(changesOf(names))
      const received = [yield* soon(Queue.take(heard)), yield* soon(Queue.take(heard))]
      expect(received.map(({ repository }) => repository).toSorted()).toEqual(names)
      for (const change of verifiable) {
        yield* replica.notify([change])
        // A leader of an earlier version gets the name of the repository alone.
        yield* soon(
          Effect.repeat(Queue.take(heard), { until: (received) => Equal.equals({ ...received }, { ...change }) })
        )
      }
    }
    yield* Queue.clear(heard)
    const many = Array.from({ length: 1000 }, (_, i) => RepositoryName.make(`${"long-name/".repeat(20)}${i}`))
    yield* (hears ? other : one).notify(changesOf(many))
    const received = new Set<string>()
    while (received.size < many.length) received.add((yield* soon(Queue.take(heard))).repository)
    expect(received).toEqual(new Set(many))
  })
}
