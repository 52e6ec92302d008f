import { createServer } from "node:net"
import { assert, describe, it } from "@effect/vitest"
import { Console, Effect, Fiber, Logger, Option } from "effect"
import { type Options, run } from "../../src/server/DemoServer.ts"

/** Runs the demo and collects what it prints on standard output. */
const printed = (options: Options, into: Array<string>) =>
  Effect.provideService(run(options), Console.Console, {
    ...globalThis.console,
    log: (...values: ReadonlyArray<unknown>) => void into.push(values.join(" "))
  }).pipe(Effect.provide(Logger.layer([])))

describe("DemoServer", () => {
  it.live("with once: crawls, prints the images, checks the figures, and exits", () =>
    Effect.gen(function* () {
      const lines: Array<string> = []
      yield* printed({ port: Option.none(), once: true }, lines)
      const text = lines.join("\n")
      assert.match(text, /^GitLab Registry Usage at http:\/\/127\.0\.0\.1:\d+, on an embedded registry at http/)
      assert.match(text, /^ {2}acme\/shop\/web\/nightly +71\.7 MiB +464 KiB +464 KiB$/m)
      assert.match(text, /^ {2}acme\/vault\/secrets +unknown +unknown +unknown$/m)
      assert.match(text, /The figures of all 12 images are as expected\.$/)
    })
  )

  it.live(
    "where the default port is taken: takes a free one and says so, but an explicit one that is taken is an error",
    () =>
      Effect.gen(function* () {
        const other = createServer()
        // Whoever has the port already serves the purpose as well.
        const listening = Effect.callback<void>((resume) => {
          other.once("error", () => resume(Effect.void))
          other.listen(5000, "127.0.0.1", () => resume(Effect.void))
        })
        yield* Effect.acquireRelease(listening, () => Effect.sync(() => other.close()))
        const lines: Array<string> = []
        yield* Effect.forkScoped(printed({ port: Option.none(), once: false }, lines))
        yield* Effect.repeat(Effect.sleep("20 millis"), {
          until: () => lines.at(-1)?.startsWith("Ctrl-C") === true,
          times: 1000
        })
        assert.match(
          lines.join("\n"),
          /^Port 5000 is taken .*\n\nGitLab Registry Usage at http:\/\/127\.0\.0\.1:(?!5000)\d+,/
        )
        const error = yield* Effect.flip(printed({ port: Option.some(5000), once: true }, []))
        assert.match(error.message, /^cannot listen on 127\.0\.0\.1:5000 \(EADDRINUSE\)/)
        yield* printed({ port: Option.none(), once: true }, [])
      })
  )

  it.live("without once: serves the API and its history until it is interrupted", () =>
    Effect.gen(function* () {
      const lines: Array<string> = []
      const fiber = yield* Effect.forkScoped(printed({ port: Option.some(0), once: false }, lines))
      yield* Effect.repeat(Effect.sleep("20 millis"), {
        until: () => lines.at(-1)?.startsWith("Ctrl-C") === true,
        times: 1000
      })
      const [, url] = /at (http:\S+), on/.exec(lines.join("\n"))!
      const login = `Basic ${Buffer.from("demo:demo-password").toString("base64")}`
      const read = (path: string, authorization: string) =>
        Effect.promise(async () => (await fetch(`${url}${path}`, { headers: { authorization } })).json() as unknown)
      const { auth_token: token } = (yield* read("/auth_token", login)) as { readonly auth_token: string }
      const history = yield* read("/history", `Bearer ${token}`)
      // One a day for 30 days, and the one of the crawl.
      const instants = JSON.stringify(history).match(/"timestamp":\d+/g) ?? []
      assert.isAtLeast(new Set(instants).size, 31)
      yield* Fiber.interrupt(fiber)
      yield* Effect.promise(() => fetch(`${url}/health/live`)).pipe(Effect.sandbox, Effect.flip)
    })
  )
})
