import { layer } from "@effect/vitest"
import { DemoRegistry } from "@gitlab-registry-usage/demo"
import { Effect, Layer } from "effect"
import { chmod, copyFile, readFile, writeFile } from "node:fs/promises"
import { join } from "node:path"
import { expect } from "vitest"
import { parseAllDocuments } from "yaml"
import { asJob, directory, execute, layerProgram, layerRegistry, Program } from "./program.ts"

const place = new URL("../../../deploy/gitlab-ci/", import.meta.url)

const documents = Effect.fnUntraced(function* (name: string) {
  const text = yield* Effect.promise(() => readFile(new URL(name, place), "utf8"))
  const parsed = parseAllDocuments(text)
  if (!Array.isArray(parsed)) throw new Error(`${name} is empty`)
  for (const { errors } of parsed) expect(errors).toEqual([])
  return parsed.map((document) => document.toJS())
})

/** Puts inputs where GitLab would: a value that is nothing but one input keeps its type. */
const interpolate = (value: any, inputs: Record<string, unknown>): any => {
  if (Array.isArray(value)) return value.map((item) => interpolate(item, inputs))
  if (value !== null && typeof value === "object") {
    return Object.fromEntries(
      Object.entries(value).map(([key, item]) => [interpolate(key, inputs), interpolate(item, inputs)])
    )
  }
  if (typeof value !== "string") return value
  return value.replaceAll(/\$\[\[ inputs\.([\w-]+) \]\]/g, (_, name) => {
    expect(inputs, name).toHaveProperty(name)
    return `${inputs[name] as string}`
  })
}

const component = Effect.fnUntraced(function* (inputs: Record<string, unknown> = {}) {
  const [header, jobs] = yield* documents("templates/registry-usage.yml")
  const defaults = Object.fromEntries(
    Object.entries<any>(header.spec.inputs).map(([name, input]) => [name, input.default])
  )
  return Object.values<any>(interpolate(jobs, { ...defaults, ...inputs }))[0]
})

/** Runs a job's script as the runner does, with `npx` that runs the program under test. */
const runJob = Effect.fnUntraced(function* (job: any, cwd: string, env: Record<string, string> = {}) {
  const program = yield* Program
  const bin = yield* directory
  yield* Effect.promise(async () => {
    const npx = join(bin, "npx")
    await writeFile(
      npx,
      `#!/bin/sh\n[ "$1" = --yes ] && case "$2" in @gitlab-registry-usage/cli*) ;; *) exit 99 ;; esac\nshift 2\nexec "${process.execPath}" "${program.path}" "$@"\n`
    )
    await chmod(npx, 0o755)
  })
  const registry = yield* DemoRegistry.DemoRegistry
  return yield* execute("sh", ["-c", job.script.join("\n")], {
    cwd,
    env: { ...asJob(registry), PATH: `${bin}:${process.env.PATH}`, CI_DEFAULT_BRANCH: "main", ...job.variables, ...env }
  })
})

const artifacts = (job: any): ReadonlyArray<string> => [
  ...job.artifacts.paths,
  ...Object.values<string>(job.artifacts.reports)
]

layer(Layer.mergeAll(layerProgram, layerRegistry()), { timeout: "60 seconds", excludeTestServices: true })(
  "GitLab CI",
  (it) => {
    it.effect("every line of the scripts is shell", () =>
      Effect.gen(function* () {
        const [plain] = yield* documents("registry-usage.gitlab-ci.yml")
        for (const job of [yield* component(), plain["registry-usage"]]) {
          const { status, stderr } = yield* execute("sh", ["-n", "-c", job.script.join("\n")])
          expect({ status, stderr }).toEqual({ status: 0, stderr: "" })
        }
      })
    )

    it.effect("the plain job writes what it declares", () =>
      Effect.gen(function* () {
        const job = (yield* documents("registry-usage.gitlab-ci.yml"))[0]["registry-usage"]
        const cwd = yield* directory
        const { status, stdout } = yield* runJob(job, cwd)
        expect(status).toBe(0)
        expect(stdout).toContain("TOTAL 6 repositories")
        for (const file of artifacts(job)) yield* Effect.promise(() => readFile(join(cwd, file)))
      })
    )

    it.effect("the component writes what it declares, also over budget", () =>
      Effect.gen(function* () {
        const job = yield* component({ "max-total": "1MB", directory: "reports" })
        const cwd = yield* directory
        const { status, stderr } = yield* runJob(job, cwd)
        expect(status).toBe(10)
        expect(stderr).toContain("error: over budget: total: disk 1.93 MiB is")
        for (const file of artifacts(job)) yield* Effect.promise(() => readFile(join(cwd, file)))
      })
    )

    it.effect("the component fails where nobody knows whether the budget is kept", () =>
      Effect.gen(function* () {
        const cwd = yield* directory
        for (const value of ["", "50", "a lot"]) {
          for (const input of ["max-total", "budget"]) {
            const { status } = yield* runJob(yield* component({ [input]: value }), cwd)
            expect(status, `${input}: ${value}`).toBe(2)
          }
        }
        const token = { GITLAB_REGISTRY_USAGE_USER: "registry-usage", GITLAB_REGISTRY_USAGE_TOKEN: "demo-access-token" }
        const gaps = yield* runJob(yield* component({ scope: "instance", "max-total": "1GB" }), cwd, token)
        expect(gaps.status).toBe(4)
        const closed = { CI_REGISTRY: "127.0.0.1:1", CI_REGISTRY_IMAGE: "127.0.0.1:1/acme/shop" }
        const lost = yield* runJob(yield* component({ scope: "instance", "max-total": "1GB" }), cwd, closed)
        expect(lost.status).toBe(5)
      })
    )

    it.effect("the component counts growth from the default branch", () =>
      Effect.gen(function* () {
        const job = yield* component({ "max-growth": "5%" })
        const cwd = yield* directory
        const baseline = join(cwd, job.cache.paths[0])
        const request = yield* runJob(job, cwd)
        expect(request.status).toBe(0)
        expect(request.stderr).toContain("growth is not checked: there is no earlier snapshot yet")
        expect(yield* Effect.promise(() => readFile(baseline).catch(() => "none"))).toBe("none")
        expect((yield* runJob(job, cwd, { CI_COMMIT_BRANCH: "main" })).status).toBe(0)
        const later = yield* runJob(job, cwd)
        expect(later.status).toBe(0)
        expect(yield* Effect.promise(() => readFile(join(cwd, job.artifacts.reports.junit), "utf8"))).toContain(
          "total max_growth disk"
        )
      })
    )

    it.effect("the component passes its inputs on", () =>
      Effect.gen(function* () {
        const cwd = yield* directory
        yield* Effect.promise(() => copyFile(new URL("budget.yml", import.meta.url), join(cwd, "budget.yml")))
        const token = { GITLAB_REGISTRY_USAGE_USER: "registry-usage", GITLAB_REGISTRY_USAGE_TOKEN: "demo-access-token" }
        const job = yield* component({ scope: "group", path: "acme", budget: "budget.yml", "fail-on-partial": true })
        const { status, stdout } = yield* runJob(job, cwd, token)
        // acme/vault/secrets cannot be read.
        expect(status).toBe(4)
        expect(stdout).toContain("TOTAL 7 repositories")
        const wrong = yield* runJob(yield* component({ scope: "instance" }), cwd)
        expect(wrong.status).toBe(3)
      })
    )
  }
)
