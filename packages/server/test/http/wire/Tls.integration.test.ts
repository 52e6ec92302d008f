import { NodeServices } from "@effect/platform-node"
import { describe, expect, it } from "@effect/vitest"
import { Certificates } from "@gitlab-registry-usage/test-servers"
import { Effect, FileSystem } from "effect"
import { get } from "node:https"
import { demoRegistry, runServer } from "../../process.ts"

const statusOf = (url: string, ca: string) =>
  Effect.callback<number | undefined, Error>((resume) => {
    get(url, { ca, agent: false }, (response) => {
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
      expect(yield* Effect.isFailure(Effect.tryPromise(() => fetch(url!.replace("https:", "http:"))))).toBe(true)
      yield* server.says(/sends HTTP, while this port speaks TLS/)
    }).pipe(Effect.scoped, Effect.provide(NodeServices.layer))
  )

  it.live("is replaced without a restart, and one that does not fit its key is not used", () =>
    Effect.gen(function* () {
      const fs = yield* FileSystem.FileSystem
      const home = yield* fs.makeTempDirectoryScoped()
      const make = Effect.fnUntraced(function* (name: string) {
        yield* fs.makeDirectory(`${home}/${name}`)
        const { authority } = yield* Certificates.make(`${home}/${name}`, { names: "IP:127.0.0.1" })
        return yield* fs.readFileString(authority)
      })
      const [first, second] = [yield* make("first"), yield* make("second")]
      const point = Effect.fnUntraced(function* (to: string) {
        yield* fs.symlink(to, `${home}/..next`)
        yield* fs.rename(`${home}/..next`, `${home}/..data`)
      })
      yield* point("first")
      const { credentials, registry } = yield* demoRegistry
      const server = yield* runServer(registry.url, {
        general: { tls_certificate_file: `${home}/..data/server.pem`, tls_key_file: `${home}/..data/server.key` },
        registry: credentials
      })
      const [, url] = yield* server.says(/listening on (https:\/\/127\.0\.0\.1:\d+)/)
      expect(yield* statusOf(`${url}/health/live`, first)).toBe(200)
      yield* fs.copyFile(`${home}/second/server.pem`, `${home}/first/server.pem`)
      yield* server.says(/does not hold the certificates of the key in tls_key_file/)
      expect(yield* statusOf(`${url}/health/live`, first)).toBe(200)
      yield* point("second")
      yield* server.says(/tls_certificate_file: the file was replaced/)
      expect(yield* statusOf(`${url}/health/live`, second)).toBe(200)
      expect(yield* Effect.exit(statusOf(`${url}/health/live`, first))).toMatchObject({ _tag: "Failure" })
    }).pipe(Effect.scoped, Effect.provide(NodeServices.layer))
  )
})
