import { Clock, Effect, Layer, Semaphore } from "effect"
import { HttpClient, HttpClientResponse } from "effect/http"

/** A request as a simulated host got it: `at` by the clock, in milliseconds. */
export interface Sent {
  readonly at: number
  readonly method: string
  readonly url: URL
  readonly headers: Readonly<Record<string, string | undefined>>
}

export interface Reply {
  readonly status: number
  readonly headers?: Record<string, string>
}

/**
 * Hosts in which no time passes but the clock's. `underWay` is how many requests they are answering, `most` the largest
 * number since it was last set.
 */
export const simulate = (answer: (sent: Sent) => Effect.Effect<Reply>) => {
  const state = { sent: [] as Array<Sent>, underWay: 0, most: 0 }
  const client = HttpClient.make((request, url) =>
    Effect.gen(function* () {
      const sent = { at: yield* Clock.currentTimeMillis, method: request.method, url, headers: request.headers }
      state.sent.push(sent)
      state.most = Math.max(state.most, ++state.underWay)
      const { headers = {}, status } = yield* answer(sent)
      const response = HttpClientResponse.fromWeb(
        request,
        new Response("", { status, headers: { ...headers, "content-length": "0" } })
      )
      // A promise would take time that the clock does not know of.
      return Object.defineProperty(response, "arrayBuffer", { value: Effect.succeed(new ArrayBuffer(0)) })
    }).pipe(Effect.ensuring(Effect.sync(() => state.underWay--)))
  )
  return { state, layer: Layer.succeed(HttpClient.HttpClient, client) }
}

/** A host that works on `capacity` requests at once, each for `time` milliseconds; the others wait in its queue. */
export const queueing = (capacity: number, time: number) => {
  const semaphore = Semaphore.makeUnsafe(capacity)
  return {
    resize: (capacity: number) => semaphore.resize(capacity),
    serve: semaphore.withPermits(1)(Effect.as(Effect.sleep(time), { status: 200 } as Reply))
  }
}
