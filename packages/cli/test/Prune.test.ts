import { Names } from "@gitlab-registry-usage/core"
import { Images } from "@gitlab-registry-usage/core/testing"
import { layer } from "@effect/vitest"
import { DemoRegistry } from "@gitlab-registry-usage/demo"
import { Effect, Layer } from "effect"
import { join } from "node:path"
import { expect } from "vitest"
import { asAdministrator, directory, layerProgram, layerRegistry, Program } from "./program.ts"

const day = 86_400_000

const made = Effect.fnUntraced(function* (name: string, days: number | undefined, base: Images.Blob) {
  const created = days === undefined ? {} : { created: new Date(Date.now() - days * day).toISOString() }
  return yield* Images.image({
    layers: [base, yield* Images.layer(name, 1000)],
    config: { os: "linux", name, ...created }
  })
})

/** Tags whose images were made so many days ago; `multi` is an index whose first image is 50 days old. */
const repositories = Effect.gen(function* () {
  const base = yield* Images.layer("base", 50_000)
  const tag = Effect.fnUntraced(function* (name: string, days: number | undefined) {
    return { name: Names.TagName.make(name), image: yield* made(name, days, base) }
  })
  const multi = yield* Images.index({ images: [{ image: yield* made("multi", 50, base), platform: "linux/amd64" }] })
  return [
    {
      name: Names.RepositoryName.make("group/app"),
      tags: [
        yield* tag("latest", 100),
        yield* tag("v1", 90),
        yield* tag("dev-1", 80),
        yield* tag("dev-2", 60),
        { name: Names.TagName.make("multi"), image: multi },
        yield* tag("dev-3", 10),
        yield* tag("dev-4", 1)
      ],
      unreadable: undefined
    },
    {
      name: Names.RepositoryName.make("group/undated"),
      tags: [yield* tag("a", undefined), yield* tag("b", 70)],
      unreadable: undefined
    }
  ]
})

const prune = Effect.fnUntraced(function* (...args: ReadonlyArray<string>) {
  const program = yield* Program
  const env = asAdministrator(yield* DemoRegistry.DemoRegistry)
  const result = yield* program.run(["prune", "--dry-run", "-o", "json", ...args], { env })
  expect(result).toMatchObject({ status: 0 })
  return JSON.parse(result.stdout).repositories as ReadonlyArray<Record<string, any>>
})

layer(Layer.mergeAll(layerProgram, layerRegistry(repositories)), { timeout: "60 seconds", excludeTestServices: true })(
  "prune",
  (it) => {
    it.effect("goes by the dates in the configs", () =>
      Effect.gen(function* () {
        const [app] = yield* prune("group/app", "--older-than", "30d", "--name-regex-keep", "v.*")
        expect(app).toMatchObject({ deletes: ["dev-1", "dev-2", "multi"], undecided: [], keep: 4 })
        // Their own layers, configs and manifests: the base is still used.
        expect(app!.frees_bytes).toBeGreaterThan(3000)
        expect(app!.frees_bytes).toBeLessThan(10_000)
      })
    )

    it.effect("keeps the newest, then those that are not old enough", () =>
      Effect.gen(function* () {
        expect((yield* prune("group/app", "--keep-n", "2"))[0]!.deletes).toEqual(["dev-1", "dev-2", "multi", "v1"])
        expect((yield* prune("group/app", "--keep-n", "2", "--older-than", "55 days"))[0]!.deletes).toEqual([
          "dev-1",
          "dev-2",
          "v1"
        ])
      })
    )

    it.effect("leaves open what an unknown date decides", () =>
      Effect.gen(function* () {
        expect((yield* prune("group/undated", "--older-than", "30d"))[0]).toMatchObject({
          deletes: ["b"],
          undecided: ["a"]
        })
        expect((yield* prune("group/undated", "--keep-n", "1"))[0]).toMatchObject({
          deletes: [],
          undecided: ["a", "b"]
        })
        expect((yield* prune("group/undated"))[0]).toMatchObject({ deletes: ["a", "b"], undecided: [] })
      })
    )

    it.effect("prices the whole set together: what only the doomed share is freed too", () =>
      Effect.gen(function* () {
        const program = yield* Program
        const env = asAdministrator(yield* DemoRegistry.DemoRegistry)
        const total = Number((yield* program.run(["total", "--bytes", "-q"], { env })).stdout)
        const { stderr, stdout } = yield* program.run(
          ["prune", "--dry-run", "--name-regex", "(a|b|v1|dev.*|multi)", "--bytes"],
          { env }
        )
        expect(stderr).toContain("would delete 8 of 9 tags")
        const frees = Number(/^TOTAL together .* (\d+)$/m.exec(stdout)![1])
        expect(frees).toBeLessThan(total - 50_000)
        expect(stdout).toMatch(/^group\/app +7 +6 +1 +0 +\d+$/m)
      })
    )

    it.effect("reads no config that the policy does not need, and of a saved snapshot none", () =>
      Effect.gen(function* () {
        const registry = yield* DemoRegistry.DemoRegistry
        yield* registry.resetRequestCounts
        yield* prune("--name-regex", "dev.*")
        expect((yield* registry.requestCounts)["GET blob"]).toBeUndefined()
        yield* prune("--name-regex", "dev.*", "--older-than", "1d")
        // One for each, and as many again for requests before there is a token.
        expect((yield* registry.requestCounts)["GET blob"]).toBeLessThanOrEqual(8)
        const program = yield* Program
        const scan = join(yield* directory, "all.scan")
        yield* program.run(["total", "--save", scan], { env: asAdministrator(registry) })
        const { status, stderr } = yield* program.run(["prune", "--dry-run", "--keep-n", "1", "--from", scan])
        expect(status).toBe(0)
        expect(stderr).toContain("a saved snapshot holds no dates; run without --from")
      })
    )
  }
)
