import { NodeServices } from "@effect/platform-node"
import { describe, expect, it } from "@effect/vitest"
import { Effect, Fiber, Schedule } from "effect"
import { Agent, request } from "node:http"
import { demoRegistry, startServer, token } from "../../process.ts"

type Outcome = "answered" | "last" | "refused" | "lost"

/** One request; `last` where the answer says that nothing more is to be sent on this connection. */
const ask = (url: string, agent: Agent, authorization: string) =>
  Effect.callback<Outcome>((resume) => {
    const sent = request(url, { agent, headers: { authorization } }, (response) => {
      let bytes = 0
      response.on("data", (part: Buffer) => (bytes += part.length))
      response.on("error", () => resume(Effect.succeed("lost")))
      response.on("end", () => {
        const whole = response.statusCode === 200 && response.complete && bytes > 0
        resume(Effect.succeed(!whole ? "lost" : response.headers.connection === "close" ? "last" : "answered"))
      })
    })
    // Nobody listens any more: a new connection is refused, and nothing was sent.
    sent.on("error", (error: NodeJS.ErrnoException) =>
      resume(Effect.succeed(error.code === "ECONNREFUSED" ? "refused" : "lost"))
    )
    sent.end()
  })

/** Asks again and again on one connection, until the server is gone. */
const client = Effect.fnUntraced(function* (url: string, authorization: string) {
  const agent = new Agent({ keepAlive: true, maxSockets: 1 })
  const outcomes: Array<Outcome> = []
  for (let i = 0; i < 100_000; i++) {
    const outcome = yield* ask(url, agent, authorization)
    outcomes.push(outcome)
    if (outcome === "refused") break
  }
  agent.destroy()
  return outcomes
})

describe("SIGTERM", () => {
  it.live(
    "F26 under load loses no request, and exits with 0 in time",
    () =>
      Effect.gen(function* () {
        const { credentials, registry } = yield* demoRegistry
        const server = yield* startServer(registry.url, { registry: credentials })
        const authorization = `Bearer ${yield* token}`
        const images = `${server.url}/images?embed=true&links=true`
        // The first crawl has ended.
        yield* Effect.repeat(ask(images, new Agent(), authorization), {
          until: (outcome) => outcome !== "lost",
          schedule: Schedule.spaced("50 millis"),
          times: 100
        })
        const clients = yield* Effect.forkChild(
          Effect.forEach(Array.from({ length: 20 }), () => client(images, authorization), { concurrency: "unbounded" })
        )
        yield* Effect.sleep("700 millis")
        const before = performance.now()
        yield* server.signal("SIGTERM")
        expect(yield* server.end).toBe(0)
        expect(performance.now() - before).toBeLessThan(9000)
        const outcomes = yield* Fiber.join(clients)
        const count = (outcome: Outcome) => outcomes.flat().filter((other) => other === outcome).length
        expect(count("answered")).toBeGreaterThan(100)
        expect(count("last")).toBeGreaterThan(0)
        expect(count("lost")).toBe(0)
        expect(count("refused")).toBe(20)
      }).pipe(Effect.scoped, Effect.provide(NodeServices.layer)),
    40_000
  )
})
