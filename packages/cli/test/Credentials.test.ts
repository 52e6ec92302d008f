import { layer } from "@effect/vitest"
import { DemoRegistry } from "@gitlab-registry-usage/demo"
import { Effect, Layer } from "effect"
import { writeFile } from "node:fs/promises"
import { join } from "node:path"
import { expect } from "vitest"
import { directory, layerProgram, layerRegistry, Program, type RunOptions } from "./program.ts"

const total = Effect.fnUntraced(function* (args: ReadonlyArray<string>, options: RunOptions = {}) {
  const program = yield* Program
  const { url } = yield* DemoRegistry.DemoRegistry
  const { status, stderr, stdout } = yield* program.run(["total", "--bytes", "-q", "-r", url, ...args], options)
  return status === 0 ? stdout : stderr
})

const file = Effect.fnUntraced(function* (text: string) {
  const path = join(yield* directory, "secret")
  yield* Effect.promise(() => writeFile(path, text))
  return path
})

layer(Layer.mergeAll(layerProgram, layerRegistry()), { timeout: "60 seconds", excludeTestServices: true })(
  "credentials",
  (it) => {
    it.effect("come from a file of two lines, a token file, the standard input or the environment", () =>
      Effect.gen(function* () {
        const user = ["-u", "registry-usage"]
        expect(yield* total(["-c", yield* file("registry-usage\ndemo-access-token\n")])).toBe("2833359\n")
        expect(yield* total(["-c", yield* file("\uFEFFregistry-usage\r\ndemo-access-token\r\n")])).toBe("2833359\n")
        expect(yield* total([...user, "--token-file", yield* file("demo-access-token\n")])).toBe("2833359\n")
        expect(yield* total([...user, "--token-stdin"], { stdin: "demo-access-token\n" })).toBe("2833359\n")
        expect(yield* total(user, { env: { GITLAB_REGISTRY_USAGE_TOKEN: "demo-access-token" } })).toBe("2833359\n")
      })
    )

    it.effect("are read as in the call of the original, which has no subcommand", () =>
      Effect.gen(function* () {
        const program = yield* Program
        const { url } = yield* DemoRegistry.DemoRegistry
        const credentials = yield* file("  registry-usage \n\tdemo-access-token  \n\n")
        const names = Effect.fnUntraced(function* (args: ReadonlyArray<string>) {
          const { status, stderr, stdout } = yield* program.run(args)
          expect(status, stderr).toBe(0)
          return stdout.split("\n").map((line) => line.split(/\s+/)[0]!)
        })
        const listed = yield* names(["ls", "-g", url, "-r", url, "-c", credentials, "-s", "size"])
        expect(listed.length).toBeGreaterThan(10)
        expect(yield* names(["-g", url, "-r", url, "-c", credentials, "-s", "size"])).toEqual(listed)
        expect(yield* names(["-v", "--debug", `-g${url}`, `-r${url}`, `-c${credentials}`, "-ssize"])).toEqual(listed)
        expect((yield* names(["-r", url, "-c", credentials, "-s", "disksize"])).length).toBe(listed.length)
        const { status, stderr } = yield* program.run(["-r", "127.0.0.1:1"])
        expect([status, stderr]).toEqual([5, expect.stringContaining("ECONNREFUSED")])
      })
    )

    it.effect("are never written, at any log level", () =>
      Effect.gen(function* () {
        const program = yield* Program
        const { url } = yield* DemoRegistry.DemoRegistry
        for (const token of ["demo-access-token", "wrong-access-token"]) {
          const env = { GITLAB_REGISTRY_USAGE_USER: "registry-usage", GITLAB_REGISTRY_USAGE_TOKEN: token }
          const { stderr, stdout } = yield* program.run(["ls", "-v", "--debug", "-r", url], { env })
          expect(stdout + stderr).not.toContain(token)
          expect(stdout + stderr).not.toContain(Buffer.from(`registry-usage:${token}`).toString("base64"))
          expect(stdout + stderr).not.toMatch(/eyJ[\w-]+\.eyJ/)
        }
      })
    )
  }
)
