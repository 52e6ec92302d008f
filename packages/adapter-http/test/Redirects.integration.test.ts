import * as Fs from "node:fs/promises"
import { NodeHttpClient } from "@effect/platform-node"
import { assert, describe, it } from "@effect/vitest"
import { Digest } from "@gitlab-registry-usage/core"
import { Certificates, Servers } from "@gitlab-registry-usage/test-servers"
import { Effect, Layer } from "effect"
import { blobStore, name, redirecting } from "./servers.ts"

const digest = Digest.Digest.make(`sha256:${"a".repeat(64)}`)

describe.skipIf(Servers.leftOut("openssl"))("redirects of blobs", () => {
  it.live("F70 from https to http are refused", () =>
    Effect.gen(function* () {
      const elsewhere = yield* blobStore
      const home = yield* Servers.temporaryDirectory
      const paths = yield* Certificates.make(home, { names: "IP:127.0.0.1" })
      const [ca, key, cert] = yield* Effect.promise(() =>
        Promise.all([paths.authority, paths.key, paths.certificate].map((path) => Fs.readFile(path)))
      )
      yield* Effect.gen(function* () {
        const { asked, registry } = yield* redirecting(() => elsewhere.url.href, { key, cert })
        const { reason } = yield* Effect.flip(registry.blobSize(name, digest))
        assert.strictEqual(reason._tag, "Unsafe")
        assert.lengthOf(asked, 3)
        assert.lengthOf(elsewhere.asked, 0)
      }).pipe(
        Effect.provide(
          NodeHttpClient.layerUndiciNoDispatcher.pipe(
            Layer.provide(NodeHttpClient.layerDispatcherOptions({ connect: { ca } }))
          )
        )
      )
    }).pipe(Effect.scoped)
  )
})
