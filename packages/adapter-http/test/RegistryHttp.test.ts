import { RegistryHttp } from "@gitlab-registry-usage/adapter-http"
import { expect, it } from "@effect/vitest"
import { Cause, Effect, Exit, Layer } from "effect"
import { FetchHttpClient } from "effect/http"

const wrong: ReadonlyArray<readonly [string, Omit<RegistryHttp.Options, "url">]> = [
  ["timeout", { timeout: 0 }],
  ["timeout", { timeout: Number.NaN }],
  ["retries", { retries: -1 }],
  ["retries", { retries: 0.5 }],
  ["deadline", { deadline: "0 seconds" }],
  ["maxPause", { maxPause: -1 }],
  ["repositoriesPerToken", { repositoriesPerToken: 0 }],
  ["concurrency.max", { concurrency: { max: 0 } }],
  ["concurrency.max", { concurrency: { max: Number.POSITIVE_INFINITY } }],
  ["concurrency.start", { concurrency: { start: Number.NaN } }],
  ["limits.manifestBytes", { limits: { manifestBytes: 0 } }],
  ["limits.pageBytes", { limits: { pageBytes: -1 } }],
  ["limits.pages", { limits: { pages: Number.NaN } }],
  ["limits.entries", { limits: { entries: 0.5 } }],
  ["limits.nameBytes", { limits: { nameBytes: 0 } }]
]

for (const [name, options] of wrong) {
  it.live(
    `${JSON.stringify(options, (_, value) => (typeof value === "number" ? `${value}` : value))} is refused at once`,
    () =>
      Effect.gen(function* () {
        const layer = RegistryHttp.layer({ url: new URL("http://127.0.0.1:1"), ...options })
        const exit = yield* Effect.exit(Effect.scoped(Layer.build(Layer.provide(layer, FetchHttpClient.layer))))
        const defect = Exit.isFailure(exit) ? Cause.squash(exit.cause) : undefined
        expect(defect).toBeInstanceOf(RangeError)
        expect((defect as Error).message).toMatch(new RegExp(`^RegistryHttp: ${name}: .* is not `))
      })
  )
}
