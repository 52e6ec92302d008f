/** What could not be read, or was left out, in every output: never 0, and never in silence. */
import { layer } from "@effect/vitest"
import { type Inventory, Registry, Snapshot } from "@gitlab-registry-usage/core"
import { Images, RegistryMemory } from "@gitlab-registry-usage/core/testing"
import { Effect } from "effect"
import { readFile, writeFile } from "node:fs/promises"
import { join } from "node:path"
import { expect } from "vitest"
import { directory, layerProgram, Program } from "./program.ts"

const denied = new Registry.Denied({ detail: "no access" })

/** A saved scan of these repositories, with further gaps. */
const scan = Effect.fnUntraced(function* (
  repositories: ReadonlyArray<Images.Repository>,
  gaps: ReadonlyArray<Inventory.Gap> = []
) {
  const snapshot = yield* Effect.provide(Snapshot.take(), RegistryMemory.layer({ repositories }))
  const { inventory } = snapshot.usage
  const usage = { ...snapshot.usage, inventory: { ...inventory, gaps: [...inventory.gaps, ...gaps] } }
  const path = join(yield* directory, "all.scan")
  yield* Effect.promise(async () => writeFile(path, await Effect.runPromise(Snapshot.encode({ ...snapshot, usage }))))
  return path
})

const image = Effect.flatMap(Images.layer("one", 5000), (layer) => Images.image({ layers: [layer] }))

const lost = [Images.repository("team/a", {}, denied), Images.repository("team/b", {}, denied)]
const partly = Effect.map(image, (image) => [Images.repository("group/app", { latest: image }), ...lost])

/** The list of repositories had more names, as a crawl reports it. */
const leftOut: Inventory.Gap = {
  reason: "Malformed",
  detail: '1 listed repositories are left out, because their names are not valid: "Group/\\u001b[31mApp"',
  kept: false
}

layer(layerProgram, { timeout: "60 seconds", excludeTestServices: true })("F109 what is unknown", (it) => {
  const on = (path: string) => (args: ReadonlyArray<string>) =>
    Effect.flatMap(Program, (program) => program.run([...args, "--from", path]))

  it.effect("total prints no number where nothing could be read, and fails with 4", () =>
    Effect.gen(function* () {
      const run = on(yield* scan(lost))
      for (const args of [["total"], ["total", "--bytes"], ["total", "--of", "size", "-q"]]) {
        const { status, stderr, stdout } = yield* run(args)
        expect({ args, status, stdout }).toEqual({ args, status: 4, stdout: "unknown\n" })
        expect(stderr).toContain("error: nothing could be read: the size is unknown\n")
      }
      const json = yield* run(["total", "-o", "json"])
      expect(json.status).toBe(4)
      expect(JSON.parse(json.stdout)).toMatchObject({
        total: { disk_bytes: null, size_bytes: null, partial: true },
        totals: [{ disk_bytes: null }],
        gaps: [{ repository: "team/a" }, { repository: "team/b" }]
      })
      const metrics = (yield* run(["total", "-o", "openmetrics"])).stdout
      expect(metrics).not.toMatch(/_(disk|size)_bytes /)
      expect(metrics).toContain("gitlab_registry_usage_gaps 2\n")
      // A registry that is empty has a size.
      expect(yield* on(yield* scan([]))(["total", "--bytes"])).toMatchObject({ status: 0, stdout: "0\n", stderr: "" })
    })
  )

  it.effect("a sum that leaves something out is the least, for people and for programs", () =>
    Effect.gen(function* () {
      const run = on(yield* scan(yield* partly))
      expect((yield* run(["total"])).stdout).toMatch(/^≥ [\d.]+ KiB\n$/)
      expect((yield* run(["total", "--bytes"])).stdout).toMatch(/^\d+\n$/)
      expect((yield* run(["ls"])).stdout).toMatch(/^TOTAL 3 repositories +1 +≥ [\d.]+ KiB /m)
      expect((yield* run(["ls", "team/*"])).stdout).toMatch(/^TOTAL 2 repositories +0 +\? +\?$/m)
      expect((yield* run(["ls", "group/*"])).stdout).toMatch(/^TOTAL 1 repository +1 +[\d.]+ KiB /m)
      const { repositories } = JSON.parse((yield* run(["ls", "-o", "json"])).stdout)
      expect(repositories.map((row: any) => [row.repository, row.partial])).toEqual([
        ["group/app", false],
        ["team/a", true],
        ["team/b", true]
      ])
    })
  )

  it.effect("names that were left out are in the JSON of each command, and one line remains with -q", () =>
    Effect.gen(function* () {
      const run = on(yield* scan([Images.repository("group/app", { latest: yield* image })], [leftOut]))
      const commands = [
        ["ls"],
        ["total"],
        ["why", "group/app"],
        ["prune", "--dry-run"],
        ["check", "--max-total", "1GB"]
      ]
      for (const args of commands) {
        const { status, stderr, stdout } = yield* run([...args, "-o", "json", "-q", "--fail-on-partial"])
        const [gap, ...others] = JSON.parse(stdout).gaps
        expect({ args, status, gap, others, stderr }).toEqual({
          args,
          status: 4,
          gap: { reason: "Malformed", detail: leftOut.detail },
          others: [],
          stderr:
            "warning: 1 thing could not be read or left out, so sizes may be too small; run without --quiet to see what\nerror: 1 could not be read (--fail-on-partial)\n"
        })
      }
      const { stderr, stdout } = yield* run(["ls"])
      expect(stderr).toContain("warning: could not read the list of repositories: Malformed: 1 listed")
      expect(stdout + stderr).not.toContain("\u001B")
      expect((yield* run(["total", "-q"])).stdout).toMatch(/^≥ /)
      expect((yield* on(yield* scan([], [leftOut]))(["total", "-q"])).stdout).toBe("unknown\n")
    })
  )

  it.effect("a budget on what could not be read is unknown: it is no success with --fail-on-partial", () =>
    Effect.gen(function* () {
      const path = yield* scan(yield* partly)
      const run = on(path)
      const budget = join(yield* directory, "budget.yml")
      const rules = "{ match: team/*, max: 1 GB, max_growth: 5% }, { match: group/*, max: 1 GB }"
      yield* Effect.promise(() => writeFile(budget, `budgets: [${rules}]`))
      const args = ["check", "--budget", budget, "--baseline", path]
      const json = yield* run([...args, "-o", "json"])
      expect(json.status).toBe(0)
      expect(JSON.parse(json.stdout).budgets).toMatchObject([
        { name: "team/*", rule: "max", actual_bytes: null, state: "unknown", partial: true },
        { name: "team/*", rule: "max_growth", actual_bytes: null, limit_bytes: null, state: "unknown" },
        { name: "group/*", state: "ok", partial: false }
      ])
      const quiet = yield* run([...args, "-q"])
      expect(quiet.stderr).toBe(
        [
          "warning: 2 things could not be read or left out, so sizes may be too small; run without --quiet to see what",
          "warning: team/*: could not be read, so nobody knows whether it is within 954 MiB; doctor finds out why",
          "warning: team/*: could not be read before, so nobody knows how much it grew; save a new baseline with --save\n"
        ].join("\n")
      )
      expect(yield* run([...args, "--fail-on-partial"])).toMatchObject({ status: 4 })
      // The whole is the least that it can be: within the limit as far as it is known.
      const whole = JSON.parse((yield* run(["check", "--max-total", "1GB", "-o", "json"])).stdout)
      expect(whole.budgets).toMatchObject([{ name: "total", state: "ok", partial: true }])
      const unknown = JSON.parse((yield* on(yield* scan(lost))(["check", "--max-total", "1GB", "-o", "json"])).stdout)
      expect(unknown.budgets).toMatchObject([{ actual_bytes: null, state: "unknown" }])
    })
  )

  it.effect("no file of a report shows 0 for what is unknown", () =>
    Effect.gen(function* () {
      const out = yield* directory
      const budget = join(out, "budget.yml")
      yield* Effect.promise(() => writeFile(budget, "budgets: [{ match: team/*, max: 1 GB }]"))
      const kinds = ["html", "markdown", "dotenv", "csv", "json", "openmetrics", "junit"] as const
      const files = kinds.flatMap((kind) => [`--${kind}`, join(out, kind)])
      const report = yield* on(yield* scan(lost))(["report", ...files, "--budget", budget, "-q"])
      expect(report.status).toBe(0)
      const read = (kind: (typeof kinds)[number]) => Effect.promise(() => readFile(join(out, kind), "utf8"))
      expect(yield* read("html")).toContain("<dt>on disk</dt><dd>unknown</dd>")
      const markdown = yield* read("markdown")
      expect(markdown).toContain("unknown on disk, unknown in 0 tags of 2 repositories")
      expect(markdown).toMatch(/\*\*TOTAL 2 repositories\*\* \| \*\*0\*\* \| \*\*\?\*\*/)
      expect(yield* read("dotenv")).toContain("REGISTRY_USAGE_DISK_BYTES=unknown\nREGISTRY_USAGE_SIZE_BYTES=unknown\n")
      expect(yield* read("csv")).toContain("team/a,,,,,,,true\r\n")
      expect(JSON.parse(yield* read("json"))).toMatchObject({ total: { disk_bytes: null, size_bytes: null } })
      expect(yield* read("openmetrics")).not.toMatch(/_(disk|size)_bytes /)
      expect(yield* read("junit")).toMatch(/name="team\/\* max disk"[^>]*>\s*<skipped/)
    })
  )

  it.effect("why of a tag that could not be read fails with 4, and of a part of it shows the least", () =>
    Effect.gen(function* () {
      const [amd64, other] = [yield* image, yield* Images.image({ layers: [yield* Images.layer("two", 700)] })]
      const repositories = [Images.repository("group/app", { good: amd64, bad: other })]
      const broken = RegistryMemory.layer({
        repositories,
        before: (_, target) => (target === "group/app:bad" ? Effect.fail(denied) : Effect.void)
      })
      const path = join(yield* directory, "all.scan")
      const bytes = yield* Effect.flatMap(Effect.provide(Snapshot.take(), broken), Snapshot.encode)
      yield* Effect.promise(() => writeFile(path, bytes))
      const bad = yield* on(path)(["why", "group/app:bad"])
      expect(bad).toMatchObject({ status: 4, stdout: "" })
      expect(bad.stderr).toContain("error: group/app:bad could not be read")
      const all = yield* on(path)(["why", "group/app"])
      expect(all.stdout).toMatch(/^TOTAL 3 blobs +≥ /m)
      expect(all.stderr).toContain(" of at least ")
      const { repositories: rows } = JSON.parse((yield* on(path)(["ls", "-o", "json"])).stdout)
      expect(rows).toMatchObject([{ repository: "group/app", partial: true }])
    })
  )
})
