import { assert, describe, layer } from "@effect/vitest"
import { Effect, Ref } from "effect"
import { DemoRegistry } from "../../src/index.ts"
import { ask, pull, registry } from "../client.ts"

describe("ObjectStorage", () => {
  layer(registry({ storage: true }), { excludeTestServices: true })((it) => {
    it.effect("F70 a blob redirects to another origin, which refuses the registry's token", () =>
      Effect.gen(function* () {
        const { contents, requestCounts, url } = yield* DemoRegistry.DemoRegistry
        const [blob] = (yield* Ref.get(contents)).get("acme/shop/api")!.blobs.values()
        const access = yield* pull("acme/shop/api")
        for (const method of ["GET", "HEAD"]) {
          const redirect = yield* ask(`/v2/acme/shop/api/blobs/${blob!.digest}`, { method, token: access })
          assert.strictEqual(redirect.status, 307)
          const location = redirect.headers.get("location")!
          assert.notStrictEqual(new URL(location).origin, url)
          assert.strictEqual((yield* ask(location, { method, token: access })).status, 400)
          const answer = yield* ask(location, { method })
          assert.strictEqual(answer.status, 200)
          assert.strictEqual(answer.headers.get("content-length"), String(blob!.body.length))
          if (method === "GET") assert.deepStrictEqual(answer.body, blob!.body)
          assert.strictEqual((yield* ask(new URL(location).origin + new URL(location).pathname)).status, 403)
        }
        assert.strictEqual((yield* requestCounts)["GET storage"], 4)
        assert.strictEqual((yield* requestCounts)["HEAD storage"], 2)
      })
    )

    it.effect("the registry itself has no storage", () =>
      Effect.gen(function* () {
        assert.strictEqual((yield* ask("/storage/x?X-Amz-Signature=demo")).status, 404)
      })
    )
  })
})
