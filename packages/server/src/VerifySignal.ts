/** `SIGUSR2` makes the server read every manifest of the registry again. */
import { Collector } from "@gitlab-registry-usage/core"
import { Effect, Layer, Queue, Stream } from "effect"

const signals = Stream.callback<void>((queue) =>
  Effect.acquireRelease(
    Effect.sync(() => {
      const received = () => {
        Queue.offerUnsafe(queue, undefined)
      }
      process.on("SIGUSR2", received)
      return received
    }),
    (received) => Effect.sync(() => process.off("SIGUSR2", received))
  )
)

/** Signals that arrive during a verification start one more. */
export const layer: Layer.Layer<never, never, Collector.Collector> = Layer.effectDiscard(
  Effect.gen(function* () {
    const { verify } = yield* Collector.Collector
    const verified = verify.pipe(
      Effect.catchTag("NotLeading", ({ message }) => Effect.logWarning(`SIGUSR2: ${message}`)),
      // The collector has logged why a crawl failed.
      Effect.exit
    )
    yield* Effect.forkScoped(
      signals.pipe(
        Stream.buffer({ capacity: 1, strategy: "sliding" }),
        Stream.runForEach(() => verified)
      )
    )
  })
)
