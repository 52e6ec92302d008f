import { assert, it } from "@effect/vitest"
import { Collector } from "@gitlab-registry-usage/core"
import { Effect, Layer, Ref } from "effect"
import * as VerifySignal from "../src/VerifySignal.ts"

it.live("SIGUSR2 verifies, again after a failure, and not once the server has stopped", () =>
  Effect.gen(function* () {
    const count = yield* Ref.make(0)
    const verify = Effect.andThen(
      Ref.update(count, (count) => count + 1),
      Effect.fail(new Collector.NotLeading({ detail: "it does" }))
    )
    const collector = Layer.mock(Collector.Collector, { verify })
    const signal = Effect.sync(() => process.emit("SIGUSR2"))
    yield* Effect.gen(function* () {
      yield* Effect.sleep("20 millis")
      for (const expected of [1, 2]) {
        yield* signal
        yield* Effect.sleep("20 millis")
        assert.strictEqual(yield* Ref.get(count), expected)
      }
    }).pipe(Effect.provide(Layer.provide(VerifySignal.layer, collector)))
    assert.isFalse(yield* signal)
  })
)
