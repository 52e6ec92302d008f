import { NodeHttpServer } from "@effect/platform-node"
import { Bytes } from "@gitlab-registry-usage/core"
import { Demo, DemoRegistry, Expected } from "@gitlab-registry-usage/demo"
import { expect, layer } from "@effect/vitest"
import { Effect, Layer, Redacted } from "effect"
import { execFile } from "node:child_process"
import { createServer } from "node:http"
import { fileURLToPath } from "node:url"
import { promisify } from "node:util"

const registry = Layer.unwrap(
  Effect.map(Demo.repositories, (repositories) => DemoRegistry.layer({ repositories }))
).pipe(Layer.provide(NodeHttpServer.layer(createServer, { host: "127.0.0.1", port: 0 })))

/** Runs an example as a user does, on the embedded registry; returns what it prints. */
const run = (example: string) =>
  Effect.gen(function* () {
    const { credentials, url } = yield* DemoRegistry.DemoRegistry
    const { stdout } = yield* Effect.promise(() =>
      promisify(execFile)(process.execPath, [fileURLToPath(new URL(`../${example}`, import.meta.url))], {
        env: {
          ...process.env,
          REGISTRY_URL: url,
          REGISTRY_USER: credentials.username,
          REGISTRY_TOKEN: Redacted.value(credentials.password)
        }
      })
    )
    return stdout.trimEnd().split("\n")
  })

layer(registry, { excludeTestServices: true })("examples", (it) => {
  it.effect("largest.ts lists the repositories by what they cost", () =>
    Effect.gen(function* () {
      const lines = yield* run("largest.ts")
      const known = Object.values(Expected.all.repositories).filter((sizes) => sizes !== null)
      const largest = Math.max(...known.map(({ diskSize }) => diskSize))
      expect(lines).toHaveLength(Object.keys(Expected.all.repositories).length + 1)
      expect(lines[0]).toBe(`${Bytes.format(Bytes.make(largest))}\tlibrary/base/node`)
      expect(lines).toContain("unknown\tacme/vault/secrets")
      expect(lines.at(-1)).toBe(`${Bytes.format(Bytes.make(Expected.all.total.diskSize))}\tall`)
    })
  )
})
