import {
  Collector,
  Crawl,
  Growth,
  LoginAttempts,
  OpenMetrics,
  OptionRange,
  Registry,
  Retention,
  SnapshotStore
} from "@gitlab-registry-usage/core"
import { describe, expect, it } from "@effect/vitest"
import { Cause, DateTime, Effect, Exit, Layer, Stream } from "effect"

const registry = Layer.mock(Registry.Registry, { repositories: Stream.empty })
const stores = Layer.mergeAll(registry, SnapshotStore.layerMemory)

/** The message of the defect. */
const defect = Effect.fnUntraced(function* (effect: Effect.Effect<unknown, unknown>) {
  const exit = yield* Effect.exit(effect)
  const error = Exit.isFailure(exit) ? Cause.squash(exit.cause) : undefined
  return error instanceof RangeError ? error.message : "no defect"
})

const wrong = [0, -1, 1.5, Number.NaN, Number.POSITIVE_INFINITY, 20_000]

describe("options out of their range", () => {
  for (const concurrency of wrong) {
    it.live(`concurrency ${concurrency} ends at once`, () =>
      Effect.gen(function* () {
        const expected = `concurrency: ${concurrency} is not a whole number from 1 to 10000`
        expect(yield* defect(Effect.provide(Crawl.crawl({ concurrency }), registry))).toBe(`Crawl.crawl: ${expected}`)
        const layer = Layer.provide(Collector.layer({ concurrency }), stores)
        expect(yield* defect(Effect.scoped(Layer.build(layer)))).toBe(`Collector: ${expected}`)
      })
    )
  }

  it.live("every numeric option of a crawl and a collector is checked", () =>
    Effect.gen(function* () {
      for (const options of [
        { measure: -1 },
        { verify: 0.5 },
        { limits: { tags: 0 } },
        { limits: { nameBytes: Number.NaN } }
      ]) {
        expect(yield* defect(Effect.provide(Crawl.crawl(options), registry))).toMatch(/^Crawl.crawl: .* is not /)
      }
      for (const options of [
        { interval: 0 },
        { interval: Number.NaN },
        { deadline: "-1 seconds" },
        { verifyInterval: "0 days" },
        { jitter: 1.1 },
        { jitter: Number.NaN },
        { measure: 0.5 }
      ] as ReadonlyArray<Collector.Options>) {
        const layer = Layer.provide(Collector.layer(options), stores)
        expect(yield* defect(Effect.scoped(Layer.build(layer)))).toMatch(/^Collector: .* is not /)
      }
    })
  )

  it("functions throw", () => {
    const now = DateTime.makeUnsafe(0)
    expect(() => Retention.select([], { daily: "-1 days" }, now)).toThrow("Retention: daily")
    expect(() => Retention.select([], { all: Number.NaN }, now)).toThrow("Retention: all")
    expect(() => LoginAttempts.limitsOf({ perUser: 0, window: 0 })).toThrow(/perUser: .*; window: /)
    expect(() => OpenMetrics.families({} as never, { maxRepositories: -1 })).toThrow("OpenMetrics: maxRepositories")
    expect(() => Growth.compare([], [], { limit: Number.NaN })).toThrow("Growth: limit")
  })

  it("a message does not hold a text", () => {
    expect(OptionRange.problem("canary", OptionRange.time)).toMatch(/^this string is not a duration above 0/)
    expect(OptionRange.problem("Infinity", OptionRange.time)).toBeUndefined()
    expect(OptionRange.problem("2 hours", OptionRange.time)).toBeUndefined()
    expect(OptionRange.problem(0, OptionRange.pause)).toBeUndefined()
  })
})
