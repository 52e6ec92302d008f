/** The largest answer there is, many times at once. */
import { Program } from "@gitlab-registry-usage/test-servers"
import { assert, describe, it } from "@effect/vitest"
import { Effect, Fiber } from "effect"
import { ask, eventually, heldRatio, notHeldUp, open, token } from "../process.ts"

describe("a registry of 100,000 tags", () => {
  it.live(
    "F11 embed=true by many clients, some of which do not read: memory is bounded, and other requests succeed",
    () =>
      Effect.gen(function* () {
        const server = yield* Program.start(["--max-old-space-size=400", `${import.meta.dirname}/../large.ts`])
        const [, port = ""] = yield* server.says(/port (\d+) ready/, 60_000)
        const url = `http://127.0.0.1:${port}`
        const authorization = `Bearer ${yield* token}`
        const headers = { authorization }
        const whole = (query: string) => ask(`${url}/images?embed=true&links=true${query}`, headers, 200_000)
        const first = yield* whole("")
        assert.strictEqual(first.status, 200)
        assert.isAbove(first.body.length, 20 * 2 ** 20)
        const before = yield* server.usage

        // Each asks in its own words, so that no two share an answer; and some never read theirs.
        const deaf = Array.from({ length: 20 }, (_, i) => {
          const socket = open(
            Number(port),
            `GET /images?embed=true&links=true&deaf=${i} HTTP/1.1\r\nHost: x\r\nAuthorization: ${authorization}\r\n\r\n`
          )
          socket.socket.pause()
          return socket
        })
        const began = performance.now()
        const reading = yield* Effect.forkScoped(
          Effect.forEach(
            Array.from({ length: 20 }, (_, i) => i),
            (i) => Effect.map(whole(`&n=${i}`), ({ body, status }) => ({ status, length: body.length })),
            { concurrency: 5 }
          )
        )
        const others: Array<number> = []
        let most = before.resident
        yield* eventually(() => false, 100)
        while (reading.pollUnsafe() === undefined && others.length < 5000) {
          const answer = yield* ask(`${url}/images/group-1%2Fproject%2Fimage-1`, headers, 200_000)
          assert.strictEqual(answer.status, 200)
          others.push(answer.took)
          most = Math.max(most, (yield* server.usage).resident)
          yield* Effect.sleep("10 millis")
        }
        const answers = yield* Fiber.join(reading)
        const held = heldRatio(others, performance.now() - began)
        assert.deepStrictEqual([...new Set(answers.map(({ status }) => status))], [200])
        assert.isAbove(Math.min(...answers.map(({ length }) => length)), 20 * 2 ** 20)
        for (const { socket } of deaf) socket.destroy()
        // The whole answers that are made: those that are read, and those that are not.
        notHeldUp(others.length, 40)
        assert.isAtMost(held, 0.25)
        // 40 whole answers would be more than 800 MiB.
        assert.isAtMost(most - before.resident, 300 * 2 ** 20)
        assert.strictEqual((yield* ask(`${url}/health/live`)).status, 200)
      }),
    300_000
  )
})
