import { NodeHttpServer } from "@effect/platform-node"
import { Bytes } from "@gitlab-registry-usage/core"
import { Demo, DemoRegistry, Expected } from "@gitlab-registry-usage/demo"
import { expect, layer } from "@effect/vitest"
import { Effect, Layer, Redacted } from "effect"
import { execFile } from "node:child_process"
import { createServer } from "node:http"
import { fileURLToPath } from "node:url"

const registry = Layer.unwrap(
  Effect.map(Demo.repositories, (repositories) => DemoRegistry.layer({ repositories }))
).pipe(Layer.provide(NodeHttpServer.layer(createServer, { host: "127.0.0.1", port: 0 })))

interface Run {
  readonly status: number
  readonly lines: ReadonlyArray<string>
  readonly errors: string
}

/** Runs an example as a user does, on the embedded registry; returns how it ended and what it printed. */
const run = (example: string, args: ReadonlyArray<string> = [], environment: Record<string, string> = {}) =>
  Effect.gen(function* () {
    const { credentials, url } = yield* DemoRegistry.DemoRegistry
    const env = {
      ...process.env,
      REGISTRY_URL: url,
      REGISTRY_USER: credentials.username,
      REGISTRY_TOKEN: Redacted.value(credentials.password),
      ...environment
    }
    const program = fileURLToPath(new URL(`../${example}`, import.meta.url))
    return yield* Effect.callback<Run>((resume) => {
      const child = execFile(process.execPath, [program, ...args], { env }, (_, stdout, stderr) =>
        resume(Effect.succeed({ status: child.exitCode ?? -1, lines: stdout.trimEnd().split("\n"), errors: stderr }))
      )
    })
  })

layer(registry, { excludeTestServices: true })("examples", (it) => {
  it.effect("largest.ts lists the repositories by what they cost", () =>
    Effect.gen(function* () {
      const { lines, status } = yield* run("largest.ts")
      expect(status).toBe(0)
      const known = Object.values(Expected.all.repositories).filter((sizes) => sizes !== null)
      const largest = Math.max(...known.map(({ diskSize }) => diskSize))
      expect(lines).toHaveLength(Object.keys(Expected.all.repositories).length + 1)
      expect(lines[0]).toBe(`${Bytes.format(Bytes.make(largest))}\tlibrary/base/node`)
      expect(lines).toContain("unknown\tacme/vault/secrets")
      expect(lines.at(-1)).toBe(`${Bytes.format(Bytes.make(Expected.all.total.diskSize))}\tall`)
    })
  )

  it.effect("budget.ts tells the total, and fails beyond the budget or without access", () =>
    Effect.gen(function* () {
      const { diskSize } = Expected.all.total
      const within = yield* run("budget.ts", [`${diskSize}`])
      expect(within.lines).toEqual([`${diskSize} of ${diskSize} bytes; could not read 1`])
      expect(within.status).toBe(0)
      expect(within.errors).toMatch(/12 repositories, \d+ tags\n$/)
      expect((yield* run("budget.ts", [`${diskSize - 1}`])).status).toBe(1)
      const refused = yield* run("budget.ts", ["1"], { REGISTRY_TOKEN: "canary-wrong-token" })
      expect(refused.status).toBe(2)
      expect(refused.errors).toContain("ERR_REGISTRY_UNAUTHORIZED")
      expect(refused.errors).not.toContain("canary")
    })
  )
})
