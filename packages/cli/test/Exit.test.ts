import { layer } from "@effect/vitest"
import { DemoRegistry, Fault } from "@gitlab-registry-usage/demo"
import { Effect, Layer } from "effect"
import { readFile, writeFile } from "node:fs/promises"
import { createServer } from "node:net"
import { join } from "node:path"
import { expect } from "vitest"
import {
  asAdministrator,
  directory,
  execute,
  layerProgram,
  layerRegistry,
  Program,
  type RunOptions
} from "./program.ts"

const run = Effect.fnUntraced(function* (args: ReadonlyArray<string>, options: RunOptions = {}) {
  const program = yield* Program
  const registry = yield* DemoRegistry.DemoRegistry
  return yield* program.run(args, { ...options, env: { ...asAdministrator(registry), ...options.env } })
})

/** The program exits with the status, reports why, and writes nothing to the standard output. */
const ends = Effect.fnUntraced(function* (
  status: number,
  args: ReadonlyArray<string>,
  message: string | RegExp,
  options: RunOptions = {}
) {
  const result = yield* run(args, options)
  expect({ args, status: result.status, stdout: result.stdout }).toEqual({ args, status, stdout: "" })
  expect(result.stderr).toMatch(message)
  expect(result.stderr).not.toMatch(/demo-access-token|\n {4}at /)
})

/** Has Node pretend to be an older one. */
const older = {
  NODE_OPTIONS: `--import=data:text/javascript,${encodeURIComponent(
    'Object.defineProperty(process, "versions", { value: { ...process.versions, node: "20.11.1" } })'
  )}`
}

const file = Effect.fnUntraced(function* (text: string) {
  const path = join(yield* directory, "file")
  yield* Effect.promise(() => writeFile(path, text))
  return path
})

layer(Layer.mergeAll(layerProgram, layerRegistry()), { timeout: "60 seconds", excludeTestServices: true })(
  "exit statuses",
  (it) => {
    it.effect("2: wrong usage and configuration, before any request to the registry", () =>
      Effect.gen(function* () {
        const registry = yield* DemoRegistry.DemoRegistry
        yield* registry.resetRequestCounts
        yield* ends(2, ["bogus"], 'Unknown subcommand "bogus"')
        yield* ends(2, ["ls", "--bogus"], "--bogus")
        yield* ends(2, ["ls", "-o", "yaml"], "--output")
        yield* ends(2, ["ls", "--min-size", "large"], "Expected: a size such as 10MB")
        const size = "Expected: a size such as 10MB or 1.5GiB, with its unit"
        yield* ends(2, ["ls", "--min-size", "50"], `--min-size: "50". ${size}`)
        yield* ends(2, ["check", "--max-total", "50"], `--max-total: "50". ${size}`)
        yield* ends(2, ["report", "--ci", "--max-total", "50"], `--max-total: "50". ${size}`)
        yield* ends(2, ["growth", "--capacity", "50"], `--capacity: "50". ${size}`)
        yield* ends(2, ["growth", "--max-growth", "5"], '--max-growth: "5". Expected: a growth such as 5% or 10GB')
        yield* ends(2, ["check", "--max-growth", "5"], '--max-growth: "5". Expected: a share such as 5%')
        yield* ends(2, ["growth", "--since", "soon"], '--since: "soon". Expected: an instant such as 7d')
        yield* ends(2, ["ls", "-n", "-3"], '--count: "-3". Expected: a whole number of at least 0')
        yield* ends(2, ["ls", "-n", "many"], '--count: "many". Expected: a whole number of at least 0')
        yield* ends(2, ["ls", "--tags", "--min-tags", "2"], "--min-tags selects repositories")
        yield* ends(2, ["ls", "--min-tags", "0"], "Expected: a whole number of at least 1")
        yield* ends(2, ["ls", "--concurrency", "0"], "Expected: a whole number from 1 to 256")
        yield* ends(2, ["ls", "--timeout", "0"], "Expected: a whole number from 1 to 3600")
        yield* ends(2, ["ls"], /error: which registry\?\nhint: .*CI_REGISTRY/, { env: { CI_REGISTRY: "" } })
        yield* ends(2, ["ls", "-r", "ftp://x"], "neither https nor http")
        yield* ends(2, ["ls", "-r", "https://user:secret@registry.example"], "no user or password may be in it")
        yield* ends(2, ["ls", "--path", "acme"], "of a group or a project?")
        yield* ends(2, ["ls", "--scope", "group", "--path", "acme"], "name it with --gitlab-server")
        yield* ends(2, ["ls", "-u", "me"], "no password or token for me", { env: { GITLAB_REGISTRY_USAGE_TOKEN: "" } })
        yield* ends(2, ["ls", "-c", yield* file("only one line\n")], "not two lines")
        yield* ends(2, ["ls", "--from", yield* file("no scan")], "not a readable snapshot")
        yield* ends(2, ["ls", "--ca-file", "/nowhere/ca.pem"], "--ca-file: the file cannot be read")
        yield* ends(2, ["why", "Not A Name"], "is not the name of a repository")
        yield* ends(2, ["check"], "no budget")
        yield* ends(2, ["check", "--max-growth", "5%"], "growth since when?")
        yield* ends(2, ["check", "--budget", yield* file("max_totl: 3 GB")], /--budget: .*max_totl/)
        yield* ends(2, ["check", "--budget", yield* file("a: [")], "--budget: not YAML")
        yield* ends(2, ["report"], "report what?")
        yield* ends(2, ["prune"], "prune only simulates")
        yield* ends(2, ["prune", "--dry-run", "--name-regex", "(?=x)"], "is no expression of RE2")
        yield* ends(2, ["prune", "--dry-run", "--older-than", "soon"], "a duration such as 1h30m")
        yield* ends(2, ["delete", "acme/shop/api"], "a whole repository is not deleted")
        yield* ends(2, ["delete", "acme/shop/api@sha256:12"], "is not a digest")
        expect(yield* registry.requestCounts).toEqual({})
      })
    )

    it.effect("2: what is not in the snapshot; a column and a form that there are not", () =>
      Effect.gen(function* () {
        yield* ends(2, ["why", "acme/none"], "there is no repository acme/none")
        yield* ends(2, ["why", "acme/shop/ap"], "hint: did you mean acme/shop/api?")
        yield* ends(2, ["why", "acme/shop/api:1.0"], "hint: ls --tags acme/shop/api lists its tags")
        yield* ends(2, ["delete", "acme/shpo/api:1.0.0", "-y"], "hint: did you mean acme/shop/api?")
        yield* ends(
          2,
          ["ls", "acmee/**"],
          'no repository matches "acmee/**"\nhint: did you mean acme/**? (or add --allow-empty)'
        )
        yield* ends(2, ["ls", "acme/**", "libary/**"], "hint: did you mean library/**?")
        yield* ends(2, ["prune", "--dry-run", "nothing/like/it"], "hint: ls lists the repositories")
        const budget = yield* file("budgets: [{ match: acme/shpo/*, max: 1 GB }]")
        const report = join(yield* directory, "usage.json")
        yield* ends(2, ["check", "--budget", budget], '--budget: no repository matches "acme/shpo/*"')
        yield* ends(2, ["report", "--budget", budget, "--json", report], "hint: did you mean acme/shop/**?")
        expect(yield* run(["check", "--budget", budget, "--allow-empty"])).toMatchObject({ status: 0 })
        expect(yield* run(["ls", "acmee", "--allow-empty", "-o", "ndjson"])).toMatchObject({ status: 0, stdout: "" })
        yield* ends(2, ["why", "acme/shop/api:none"], "there is no tag acme/shop/api:none")
        yield* ends(2, ["why", "acme/vault/secrets"], "could not be read")
        yield* ends(2, ["ls", "--columns", "name,colour"], 'no column "colour"\nhint: there are name, tags, disk')
        yield* ends(2, ["why", "acme/shop/api", "-o", "openmetrics"], "why has no output openmetrics")
      })
    )

    it.effect("3: credentials that are refused, with one attempt, and rights that are missing", () =>
      Effect.gen(function* () {
        const registry = yield* DemoRegistry.DemoRegistry
        yield* registry.resetRequestCounts
        yield* ends(3, ["ls"], /Unauthorized[^]*hint: check --user/, { env: { GITLAB_REGISTRY_USAGE_TOKEN: "wrong" } })
        expect((yield* registry.requestCounts)["GET token"]).toBe(1)
        const deployToken = {
          GITLAB_REGISTRY_USAGE_USER: "gitlab+deploy-token-1",
          GITLAB_REGISTRY_USAGE_TOKEN: "demo-deploy-token"
        }
        yield* ends(3, ["ls"], /Denied[^]*--scope project/, { env: deployToken })
        const doctor = yield* run(["doctor"], { env: deployToken })
        expect(doctor.status).toBe(3)
        expect(doctor.stdout).toMatch(/✓ {2}token +gitlab\+deploy-token-1 is accepted\n✗ {2}list of repositories/)
      })
    )

    it.effect("4: something could not be read and --fail-on-partial; the data is written all the same", () =>
      Effect.gen(function* () {
        const { status, stderr, stdout } = yield* run(["ls", "--fail-on-partial"])
        expect(status).toBe(4)
        expect(stdout).toContain("acme/vault/secrets !")
        expect(stderr).toContain("1 could not be read")
        expect((yield* run(["ls"])).status).toBe(0)
      })
    )

    it.effect("5: nobody listens, or only errors come", () =>
      Effect.gen(function* () {
        const port = yield* Effect.callback<number>((resume) => {
          const server = createServer().listen(0, "127.0.0.1", () => {
            const { port } = server.address() as { port: number }
            server.close(() => resume(Effect.succeed(port)))
          })
        })
        yield* ends(5, ["ls", "-r", `127.0.0.1:${port}`], /Unreachable: .*ECONNREFUSED\nhint: check --registry-server/)
        const doctor = yield* run(["doctor", "-r", `127.0.0.1:${port}`])
        expect(doctor.status).toBe(5)
        expect(doctor.stdout).toContain("✗  registry API")
        yield* ends(5, ["ls", "-r", "https://registry.invalid"], "Unreachable")
        const unknown = yield* run(["doctor", "-r", "https://registry.invalid"])
        expect(unknown.stdout).toMatch(/✗ {2}name of the registry +registry.invalid: (ENOTFOUND|EAI_AGAIN)/)
      })
    )

    it.effect("1: what answers is no registry", () =>
      Effect.gen(function* () {
        const { inject } = yield* DemoRegistry.DemoRegistry
        yield* inject({ on: ({ kind }) => kind === "catalog", answer: Fault.garbage("[]") })
        yield* ends(1, ["ls"], "Malformed")
      })
    )

    it.effect("10: over budget, with a line for which budget and by how much", () =>
      Effect.gen(function* () {
        const over = yield* run(["check", "--max-total", "2MB", "-q"])
        expect(over.status).toBe(10)
        expect(over.stderr).toBe(
          "warning: 1 thing could not be read or left out, so sizes may be too small; run without --quiet to see what\n" +
            "error: over budget: total: disk at least 2.70 MiB is 814 KiB over its budget of 1.91 MiB\n"
        )
        const scan = join(yield* directory, "all.scan")
        yield* run(["total", "--save", scan])
        const grown = yield* run(["check", "--max-growth", "0%", "--baseline", scan])
        expect(grown.status).toBe(0)
        const less = yield* run(["check", "--max-growth", "0%", "--baseline", scan, "--accounting", "all"])
        expect(less.status).toBe(0)
      })
    )

    it.effect("2: an older Node is named, with the version that is needed", () =>
      ends(2, ["-V"], /^gitlab-registry-usage needs Node\.js 22\.19 or later, and this is 20\.11\.1\n$/, { env: older })
    )

    it.effect("130 and 143: interrupted in mid-crawl, with nothing on the standard output and nothing saved", () =>
      Effect.gen(function* () {
        const { inject } = yield* DemoRegistry.DemoRegistry
        yield* inject({ on: ({ kind }) => kind === "manifest", answer: Fault.delay("30 seconds") })
        const scan = join(yield* directory, "all.scan")
        for (const [signal, status] of [
          ["SIGINT", 130],
          ["SIGTERM", 143]
        ] as const) {
          const began = Date.now()
          const result = yield* run(["ls", "--save", scan], { signal: [signal, 2000] })
          expect({ signal, status: result.status, stdout: result.stdout, stderr: result.stderr }).toEqual({
            signal,
            status,
            stdout: "",
            stderr: ""
          })
          expect(Date.now() - began).toBeLessThan(10_000)
        }
        const left = yield* Effect.exit(Effect.tryPromise(() => readFile(scan)))
        expect(left._tag).toBe("Failure")
      })
    )

    it.effect("0: who reads only the first line", () =>
      Effect.gen(function* () {
        const program = yield* Program
        const registry = yield* DemoRegistry.DemoRegistry
        const { status, stdout } = yield* execute(
          "bash",
          ["-o", "pipefail", "-c", `"$0" "$1" ls -t -q | head -n 1`, process.execPath, program.path],
          {
            env: asAdministrator(registry)
          }
        )
        expect({ status, lines: stdout.split("\n").length }).toEqual({ status: 0, lines: 2 })
      })
    )

    it.effect("2: a file that cannot be written", () =>
      Effect.gen(function* () {
        const path = yield* directory
        yield* ends(2, ["report", "--html", path, "-q"], `${path} cannot be written`)
        yield* ends(2, ["total", "--save", join(path, "none", "x.scan")], "--save: ")
      })
    )
  }
)
