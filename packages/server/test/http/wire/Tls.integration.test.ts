import { NodeServices } from "@effect/platform-node"
import { describe, expect, it } from "@effect/vitest"
import { Certificates } from "@gitlab-registry-usage/test-servers"
import { Effect, FileSystem } from "effect"
import { get } from "node:https"
import { demoRegistry, runServer } from "../../process.ts"

const statusOf = (url: string, ca: string) =>
  Effect.callback<number | undefined, Error>((resume) => {
    get(url, { ca }, (response) => {
      response.resume()
      resume(Effect.succeed(response.statusCode))
    }).on("error", (error) => resume(Effect.fail(error)))
  })

describe("a certificate", () => {
  it.live("is the server's, and the logged address is https", () =>
    Effect.gen(function* () {
      const fs = yield* FileSystem.FileSystem
      const made = yield* Certificates.make(yield* fs.makeTempDirectoryScoped(), { names: "IP:127.0.0.1" })
      const { credentials, registry } = yield* demoRegistry
      const server = yield* runServer(registry.url, {
        general: { tls_certificate_file: made.certificate, tls_key_file: made.key },
        registry: credentials
      })
      const [, url] = yield* server.says(/listening on (https:\/\/127\.0\.0\.1:\d+)/)
      expect(yield* statusOf(`${url}/health/live`, yield* fs.readFileString(made.authority))).toBe(200)
    }).pipe(Effect.scoped, Effect.provide(NodeServices.layer))
  )
})
