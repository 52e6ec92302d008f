/** Crawls of a real registry over a faulty network: what is served stays what it was. */
import { NodeHttpClient } from "@effect/platform-node"
import { RegistryHttp } from "@gitlab-registry-usage/adapter-http"
import { Collector, SnapshotStore } from "@gitlab-registry-usage/core"
import { DirectoryMemory, Images } from "@gitlab-registry-usage/core/testing"
import { DockerRegistry, FaultProxy, Servers } from "@gitlab-registry-usage/test-servers"
import { assert, describe, it } from "@effect/vitest"
import { Context, Effect, Layer, Option, References, Schedule } from "effect"
import { basic, send, httpLayer, tokens } from "../app.ts"

const count = 60

const pause = Schedule.spaced("1 second")

/** A registry of so many images that share a base, the server on it, and the proxy between them. */
const scene = Effect.gen(function* () {
  const registry = yield* DockerRegistry.start()
  const base = yield* Images.layer("base", 50_000)
  for (let i = 0; i < count; i++) {
    const image = yield* Images.image({ layers: [base, yield* Images.layer(`own ${i}`, 1000 + i)] })
    yield* registry.push(`group/app-${String(i).padStart(2, "0")}`, "latest", image)
  }
  const proxy = yield* FaultProxy.start(Number(registry.url.port))
  const adapter = RegistryHttp.layer({
    url: new URL(`http://127.0.0.1:${proxy.port}`),
    timeout: "1 second",
    retries: 1,
    deadline: "3 seconds"
  })
  const context = yield* Layer.build(
    httpLayer().pipe(
      Layer.provideMerge(Collector.layer({ interval: "1 hour" })),
      Layer.provide([
        SnapshotStore.layerMemory,
        adapter.pipe(Layer.provide(NodeHttpClient.layerUndici)),
        DirectoryMemory.layer([{ username: "alice", password: "alice-secret" }])
      ]),
      Layer.provideMerge(tokens),
      Layer.provideMerge(Layer.succeed(References.MinimumLogLevel, "None"))
    )
  )
  const collector = Context.get(context, Collector.Collector)
  const refresh = Effect.provide(collector.refresh, context)
  yield* refresh
  const { json } = yield* Effect.provide(send("/auth_token", { headers: basic("alice", "alice-secret") }), context)
  const headers = { authorization: `Bearer ${(json as { auth_token: string }).auth_token}` }
  const served = Effect.map(Effect.provide(send("/images?embed=true", { headers }), context), ({ json, status }) => {
    assert.strictEqual(status, 200)
    const { _embedded, disk_size, size, timestamp } = json as Record<string, unknown>
    const figures = JSON.stringify({ _embedded, disk_size, size })
    return { figures: figures.replaceAll('"stale":true,', ""), timestamp: Number(timestamp) }
  })
  const snapshot = Effect.map(collector.current, Option.getOrThrow)
  /** The bytes that the registry sends in a crawl. */
  const crawlBytes = Effect.gen(function* () {
    const before = proxy.passed.server
    yield* refresh
    return proxy.passed.server - before
  })
  return { proxy, collector, refresh, served, snapshot, crawlBytes }
})

describe.skipIf(Servers.leftOut("crawls of a real registry over a faulty network"))(
  "crawls of a real registry over a faulty network",
  () => {
    describe("a crawl that fails in the middle", () => {
      for (const [how, shares] of [
        ["reset", [0.01, 0.5, 0.99]],
        ["stall", [0.5]]
      ] as const) {
        it.live(
          `F80 at ${shares.map((share) => share * 100).join(", ")} % by ${how}: the figures stay, marked as stale`,
          () =>
            Effect.gen(function* () {
              const { collector, crawlBytes, proxy, refresh, served, snapshot } = yield* scene
              const before = yield* served
              const bytes = yield* crawlBytes
              assert.isAtLeast(bytes, count * 200)
              for (const share of shares) {
                const what = `${share * 100} % of ${bytes} bytes`
                const last = yield* served
                yield* proxy.set({ fault: { together: true, after: Math.floor(bytes * share), effect: how } })
                const result = yield* Effect.exit(refresh)
                const now = yield* served
                assert.isTrue(now.figures === before.figures, what)
                const { stale, usage } = yield* snapshot
                if (result._tag === "Failure") {
                  // Nothing of the failed crawl is published.
                  assert.isTrue(stale, what)
                  assert.strictEqual(now.timestamp, last.timestamp, what)
                  assert.isDefined((yield* collector.status).lastError)
                } else {
                  // It ended before it was given up, and each repository that it did not see is told.
                  assert.isAbove(usage.inventory.gaps.length, 0, what)
                  assert.isTrue(
                    usage.inventory.gaps.every(({ kept }) => kept),
                    what
                  )
                }
                if (share < 0.9) assert.strictEqual(result._tag, "Failure", what)
                yield* proxy.set({})
                // The pause of whoever gave up on the host.
                const healed = yield* Effect.retry(refresh, { times: 20, schedule: pause })
                assert.isFalse(healed.stale)
                assert.deepStrictEqual(healed.usage.inventory.gaps, [])
                assert.isTrue((yield* served).figures === before.figures)
              }
            }),
          120_000
        )
      }
    })
  }
)
