import { assert, describe, it } from "@effect/vitest"
import { Duration, Effect, Exit } from "effect"
import { DemoRegistry, Fault } from "../src/index.ts"
import { ask, pull, registry, token } from "./client.ts"

const tags = "/v2/acme/shop/api/tags/list"

describe("DemoRegistry", () => {
  it.live("counts requests by method and kind", () =>
    Effect.gen(function* () {
      const { requestCounts, resetRequestCounts } = yield* DemoRegistry.DemoRegistry
      const access = yield* pull("acme/shop/api")
      yield* ask(tags, { token: access })
      yield* ask(tags)
      yield* ask("/v2/acme/shop/api/manifests/1.0.0", { token: access, method: "HEAD" })
      yield* ask("/elsewhere")
      assert.deepStrictEqual(yield* requestCounts, {
        "GET token": 1,
        "GET tags": 2,
        "HEAD manifest": 1,
        "GET other": 1
      })
      yield* resetRequestCounts
      assert.deepStrictEqual(yield* requestCounts, {})
    }).pipe(Effect.provide(registry()))
  )

  it.live("a fault applies to matching requests, as often as stated, until its scope closes", () =>
    Effect.gen(function* () {
      const { inject } = yield* DemoRegistry.DemoRegistry
      const access = yield* token("repository:acme/shop/api:pull", "repository:acme/shop/web:pull")
      const status = (path: string) => Effect.map(ask(path, { token: access }), (answer) => answer.status)
      yield* Effect.scoped(
        Effect.gen(function* () {
          yield* inject({
            on: ({ kind, repository }) => kind === "tags" && repository === "acme/shop/api",
            times: 2,
            answer: Fault.status(429, { headers: { "retry-after": "3" }, body: "Retry later" })
          })
          const first = yield* ask(tags, { token: access })
          assert.strictEqual(first.status, 429)
          assert.strictEqual(first.headers.get("retry-after"), "3")
          assert.strictEqual(first.text, "Retry later")
          assert.strictEqual(yield* status("/v2/acme/shop/web/tags/list"), 200)
          assert.strictEqual(yield* status(tags), 429)
          assert.strictEqual(yield* status(tags), 200)
          yield* inject({ on: () => true, answer: Fault.status(503) })
          assert.strictEqual(yield* status(tags), 503)
        })
      )
      assert.strictEqual(yield* status(tags), 200)
    }).pipe(Effect.provide(registry()))
  )

  it.live("responds late, with garbage, or never", () =>
    Effect.gen(function* () {
      const { inject } = yield* DemoRegistry.DemoRegistry
      const access = yield* pull("acme/shop/api")
      yield* inject({ on: ({ kind }) => kind === "base", answer: Fault.delay("200 millis") })
      const [duration, late] = yield* Effect.timed(ask("/v2/", { token: access }))
      assert.strictEqual(late.status, 200)
      assert.isAtLeast(Duration.toMillis(duration), 190)

      yield* inject({ on: ({ kind }) => kind === "tags", answer: Fault.garbage("<html>Sign in</html>") })
      const garbage = yield* ask(tags, { token: access })
      assert.strictEqual(garbage.status, 200)
      assert.strictEqual(garbage.text, "<html>Sign in</html>")
      assert.strictEqual(garbage.headers.get("content-type"), "application/json")

      yield* inject({ on: ({ kind }) => kind === "manifest", answer: () => Effect.never })
      const never = yield* ask("/v2/acme/shop/api/manifests/1.0.0", { token: access }).pipe(
        Effect.timeout("200 millis"),
        Effect.exit
      )
      assert.isTrue(Exit.isFailure(never))
    }).pipe(Effect.scoped, Effect.provide(registry()))
  )

  it.live("stops when its scope closes", () =>
    Effect.gen(function* () {
      const url = yield* Effect.provide(
        Effect.gen(function* () {
          yield* ask("/v2/")
          return (yield* DemoRegistry.DemoRegistry).url
        }),
        registry()
      )
      const refused = yield* Effect.exit(Effect.tryPromise(() => fetch(`${url}/v2/`)))
      assert.isTrue(Exit.isFailure(refused))
    })
  )
})
