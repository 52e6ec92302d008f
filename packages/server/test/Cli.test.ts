import { spawn } from "node:child_process"
import { NodeServices } from "@effect/platform-node"
import { assert, describe, it } from "@effect/vitest"
import { Effect, FileSystem } from "effect"
import { version } from "../src/Version.ts"
import { ini, secret, written } from "./config/fixture.ts"

interface Run {
  readonly code: number | null
  readonly stdout: string
  readonly stderr: string
}

/** Runs the command, and asks it to stop once its standard error stream says `until`. */
const run = (args: ReadonlyArray<string>, environment: Readonly<Record<string, string>> = {}, until?: string) =>
  Effect.callback<Run>((resume) => {
    const child = spawn(process.execPath, [`${import.meta.dirname}/../src/bin.ts`, ...args], {
      env: { NODE_COMPILE_CACHE: process.env.NODE_COMPILE_CACHE, ...environment },
      stdio: ["ignore", "pipe", "pipe"]
    })
    const out = { stdout: "", stderr: "" }
    child.stdout.setEncoding("utf8").on("data", (text) => (out.stdout += text))
    child.stderr.setEncoding("utf8").on("data", (text) => {
      out.stderr += text
      if (until !== undefined && out.stderr.includes(until)) child.kill("SIGTERM")
    })
    child.on("close", (code) => resume(Effect.succeed({ code, ...out })))
    return Effect.sync(() => child.kill("SIGKILL"))
  }).pipe(Effect.timeout("25 seconds"))

const file = (text: string) => Effect.orDie(written(text))

/** Has Node pretend to be an older one. */
const older = {
  NODE_OPTIONS: `--import=data:text/javascript,${encodeURIComponent(
    'Object.defineProperty(process, "versions", { value: { ...process.versions, node: "20.11.1" } })'
  )}`
}

describe("gitlab-registry-usage-rest", () => {
  it.live("an older Node is named, with the version that is needed", () =>
    Effect.gen(function* () {
      assert.deepStrictEqual(yield* run(["-V"], older), {
        code: 2,
        stdout: "",
        stderr: "gitlab-registry-usage-rest needs Node.js 22.19 or later, and this is 20.11.1\n"
      })
    })
  )

  it.live("-V and --version print the version", () =>
    Effect.gen(function* () {
      for (const flag of ["-V", "--version"]) {
        const expected = { code: 0, stdout: `gitlab-registry-usage-rest, version ${version}\n`, stderr: "" }
        assert.deepStrictEqual(yield* run([flag]), expected)
      }
    })
  )

  it.live("-h and --help print the existing flags only", () =>
    Effect.gen(function* () {
      const { code, stderr, stdout } = yield* run(["-h"])
      assert.deepStrictEqual({ code, stderr }, { code: 0, stderr: "" })
      assert.sameMembers(
        [...new Set(stdout.match(/(?<=[\s,])--?[a-zA-Z][a-z-]*/g))],
        [
          "-c",
          "--config",
          "--config-file",
          "--print-default-config",
          "--print-config",
          "-h",
          "--help",
          "-V",
          "--version"
        ]
      )
    })
  )

  for (const args of [["--bogus"], ["-c"], ["surplus"], ["-v"]]) {
    it.live(`wrong usage exits with 2: ${args.join(" ")}`, () =>
      Effect.gen(function* () {
        const { code, stderr, stdout } = yield* run(args)
        assert.deepStrictEqual({ code, stdout }, { code: 2, stdout: "" })
        assert.match(stderr, /\nTry --help for the flags there are\.\n$/)
      })
    )
  }

  it.live("a missing configuration file exits with 2", () =>
    Effect.gen(function* () {
      assert.deepStrictEqual(yield* run(["--config", "/nonexistent/file"]), {
        code: 2,
        stdout: "",
        stderr:
          "the configuration has one problem:\n  the configuration file (/nonexistent/file): cannot be read: there is no such file\n"
      })
    })
  )

  it.live("--print-default-config prints a valid file; only the samples are refused", () =>
    Effect.gen(function* () {
      const printed = yield* run(["--print-default-config"])
      assert.deepStrictEqual({ code: printed.code, stderr: printed.stderr }, { code: 0, stderr: "" })
      const refused = yield* run(["-c", yield* file(printed.stdout)])
      assert.strictEqual(refused.code, 2)
      assert.match(refused.stderr, /^the configuration has 6 problems:\n/)
    }).pipe(Effect.scoped, Effect.provide(NodeServices.layer))
  )

  it.live("F92 prints every problem once, on the standard error stream, and exits with 2", () =>
    Effect.gen(function* () {
      const path = yield* file(
        ini({
          general: { socket_port: "canary", colour: "canary" },
          jwt: { secret_key: "canary", issuer: "100%canary" }
        })
      )
      for (const flag of [[], ["--print-config"]]) {
        const { code, stderr, stdout } = yield* run(["--config-file", path, ...flag])
        assert.deepStrictEqual({ code, stdout }, { code: 2, stdout: "" })
        assert.lengthOf(stderr.trimEnd().split("\n"), 5)
        assert.notInclude(stderr, "canary")
      }
    }).pipe(Effect.scoped, Effect.provide(NodeServices.layer))
  )

  it.live("F95 --print-config redacts secrets, also those of variables", () =>
    Effect.gen(function* () {
      const { code, stderr, stdout } = yield* run(["-c", yield* file(ini()), "--print-config"], {
        GITLAB_REGISTRY_USAGE_LDAP_BIND_DN: "cn=reader,dc=site",
        GITLAB_REGISTRY_USAGE_LDAP_BIND_PASSWORD: "canary-variable"
      })
      assert.deepStrictEqual({ code, stderr }, { code: 0, stderr: "" })
      assert.notInclude(stdout, "canary")
      assert.lengthOf(stdout.match(/^\w+ = <redacted>$/gm) ?? [], 3)
    }).pipe(Effect.scoped, Effect.provide(NodeServices.layer))
  )

  it.live("F93 warns at each start, in the configured format, and exits with 0 on SIGTERM", () =>
    Effect.gen(function* () {
      const loopback = "http://127.0.0.1:9/"
      const path = yield* file(
        ini({
          general: { socket_port: "0", log_format: "json" },
          ldap: { insecure_skip_verify: "yes" },
          registry: { gitlab_base_url: loopback, registry_base_url: loopback }
        })
      )
      const fs = yield* FileSystem.FileSystem
      assert.include(yield* fs.readFileString(path), secret)
      const { code, stderr, stdout } = yield* run(["-c", path], {}, "insecure_skip_verify is on")
      assert.strictEqual(code, 0)
      assert.notInclude(stdout + stderr, "canary")
      const first = JSON.parse(stderr.split("\n")[0]!) as { readonly level: string; readonly message: string }
      assert.strictEqual(first.level, "WARN")
    }).pipe(Effect.scoped, Effect.provide(NodeServices.layer))
  )
})
