import { Names } from "@gitlab-registry-usage/core"
import { Images } from "@gitlab-registry-usage/core/testing"
import { layer } from "@effect/vitest"
import { DemoRegistry, Fault } from "@gitlab-registry-usage/demo"
import { Effect, Layer, Ref } from "effect"
import { join } from "node:path"
import { expect } from "vitest"
import { asAdministrator, directory, layerProgram, layerRegistry, Program } from "./program.ts"

const day = 86_400_000

/** An image whose config states this as its creation date. */
const madeAt = Effect.fnUntraced(function* (name: string, created: unknown, base: Images.Blob) {
  return yield* Images.image({
    layers: [base, yield* Images.layer(name, 1000)],
    config: { os: "linux", name, ...(created === undefined ? {} : { created }) }
  })
})

const daysAgo = (days: number) => new Date(Date.now() - days * day).toISOString()

/** Tags whose images were made so many days ago; `multi` is an OCI index, `list` and `arm` are Docker's. */
const repositories = Effect.gen(function* () {
  const base = yield* Images.layer("base", 50_000)
  const made = (name: string, days: number) => madeAt(name, daysAgo(days), base)
  const tag = (name: string, image: Images.Image) => ({ name: Names.TagName.make(name), image })
  const tags = (all: Readonly<Record<string, unknown>>) =>
    Effect.forEach(Object.entries(all), ([name, created]) =>
      Effect.map(madeAt(name, created, base), (image) => tag(name, image))
    )
  const multi = yield* Images.index({ images: [{ image: yield* made("multi", 50), platform: "linux/amd64" }] })
  const list = yield* Images.index({
    images: [
      { image: yield* made("list-arm", 1), platform: "linux/arm64" },
      { image: yield* made("list-amd", 40), platform: "linux/amd64" }
    ],
    flavour: "docker"
  })
  const arm = yield* Images.index({
    images: [{ image: yield* made("arm", 50), platform: "linux/arm64" }],
    flavour: "docker"
  })
  return [
    {
      name: Names.RepositoryName.make("group/app"),
      tags: [
        tag("latest", yield* made("latest", 100)),
        tag("v1", yield* made("v1", 90)),
        tag("dev-1", yield* made("dev-1", 80)),
        tag("dev-2", yield* made("dev-2", 60)),
        tag("multi", multi),
        tag("list", list),
        tag("arm", arm),
        tag("dev-3", yield* made("dev-3", 10)),
        tag("dev-4", yield* made("dev-4", 1))
      ]
    },
    {
      name: Names.RepositoryName.make("group/dates"),
      tags: yield* tags({
        absent: undefined,
        day: "2020-01-01",
        "day-that-is-none": "2021-02-30T00:00:00Z",
        empty: "",
        epoch: "1970-01-01T00:00:00Z",
        null: null,
        number: 0,
        nanoseconds: "2020-01-01T00:00:00.123456789+02:00",
        "without-zone": "2020-01-01T00:00:00",
        zero: "0001-01-01T00:00:00Z"
      })
    },
    {
      name: Names.RepositoryName.make("group/order"),
      tags: yield* tags({ a: "2020-01-01T00:00:00.0002Z", b: "2020-01-01T00:00:00.0001Z", c: undefined })
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

const options = { timeout: "60 seconds", excludeTestServices: true } as const

layer(Layer.mergeAll(layerProgram, layerRegistry(repositories, { metadataDatabase: false })), options)(
  "F116 prune without the metadata database",
  (it) => {
    it.effect("goes by the dates in the configs; an OCI index has none, a manifest list that of linux/amd64", () =>
      Effect.gen(function* () {
        const [app] = yield* prune("group/app", "--older-than", "30d", "--name-regex-keep", "v.*")
        expect(app).toMatchObject({ deletes: ["dev-1", "dev-2", "list"], undecided: [], keep: 6 })
        // Their own layers, configs and manifests: the base is still used.
        expect(app!.frees_bytes).toBeGreaterThan(4000)
        expect(app!.frees_bytes).toBeLessThan(10_000)
      })
    )

    it.effect("keeps the newest, then those that are not old enough", () =>
      Effect.gen(function* () {
        // `multi` and `arm` are as new as now.
        expect((yield* prune("group/app", "--keep-n", "3"))[0]!.deletes).toEqual([
          "dev-1",
          "dev-2",
          "dev-3",
          "list",
          "v1"
        ])
        expect((yield* prune("group/app", "--keep-n", "5", "--older-than", "55 days"))[0]!.deletes).toEqual([
          "dev-1",
          "dev-2",
          "v1"
        ])
      })
    )

    it.effect("keeps a tag whose config states no date in RFC 3339", () =>
      Effect.gen(function* () {
        const old = ["epoch", "nanoseconds", "zero"]
        expect((yield* prune("group/dates", "--older-than", "30d"))[0]).toMatchObject({ deletes: old, undecided: [] })
        expect((yield* prune("group/dates", "--older-than", "30d", "--keep-n", "8"))[0]).toMatchObject({
          deletes: ["epoch", "zero"],
          undecided: []
        })
        expect((yield* prune("group/dates", "--keep-n", "7"))[0]).toMatchObject({ deletes: old, undecided: [] })
        // Microseconds order what was made in the same millisecond.
        expect((yield* prune("group/order", "--keep-n", "2"))[0]!.deletes).toEqual(["b"])
      })
    )

    it.effect("leaves open what depends on a date that could not be read, and nothing else", () =>
      Effect.gen(function* () {
        const { contents, inject } = yield* DemoRegistry.DemoRegistry
        const order = (yield* Ref.get(contents)).get("group/order")!
        const manifest = order.manifests.get(order.tags.get("b")!)!
        const { config } = JSON.parse(new TextDecoder().decode(manifest.body))
        yield* inject({
          on: ({ kind, reference }) => kind === "blob" && reference === config.digest,
          answer: Fault.status(404)
        })
        // The undated c is newer than a, whether b is or not.
        expect((yield* prune("group/order", "--keep-n", "1", "--older-than", "30d"))[0]).toMatchObject({
          deletes: ["a"],
          undecided: ["b"],
          keep: 1
        })
        expect((yield* prune("group/order", "--keep-n", "2"))[0]).toMatchObject({
          deletes: [],
          undecided: ["a", "b"]
        })
      })
    )

    it.effect("prices the whole set together: what only the doomed share is freed too", () =>
      Effect.gen(function* () {
        const program = yield* Program
        const env = asAdministrator(yield* DemoRegistry.DemoRegistry)
        const total = Number((yield* program.run(["total", "--bytes", "-q"], { env })).stdout)
        const { stderr, stdout } = yield* program.run(["prune", "--dry-run", "--bytes", "group/app"], { env })
        expect(stderr).toContain("would delete 8 of 9 tags")
        const frees = Number(/^TOTAL together .* (\d+)$/m.exec(stdout)![1])
        expect(frees).toBeLessThan(total - 50_000)
        expect(stdout).toMatch(/^group\/app +9 +8 +1 +0 +\d+$/m)
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

/** By when they were pushed; more tags in one repository than the policy looks at together. */
const pushed = Effect.gen(function* () {
  const base = yield* Images.layer("base", 50_000)
  const image = yield* madeAt("image", daysAgo(500), base)
  const multi = yield* Images.index({ images: [{ image, platform: "linux/amd64" }] })
  const tag = (name: string, image: Images.Image) => ({ name: Names.TagName.make(name), image })
  return [
    {
      name: Names.RepositoryName.make("group/app"),
      tags: ["d-040", "d-010", "latest", "d-001", "d-090"].map((name) => tag(name, image)).concat(tag("d-050", multi))
    },
    {
      name: Names.RepositoryName.make("group/large"),
      tags: Array.from({ length: 1003 }, (_, i) => tag(`n-${1000 + i}`, image))
    }
  ]
})

layer(
  Layer.mergeAll(
    layerProgram,
    layerRegistry(pushed, {
      pushedAt: (_, tag) => Date.now() - (tag.startsWith("d-") ? Number(tag.slice(2)) : 30) * day
    })
  ),
  options
)("prune with the metadata database", (it) => {
  it.effect("goes by when a tag was pushed, of an index as well, and reads no config", () =>
    Effect.gen(function* () {
      const registry = yield* DemoRegistry.DemoRegistry
      yield* registry.resetRequestCounts
      expect((yield* prune("group/app", "--older-than", "30d"))[0]).toMatchObject({
        deletes: ["d-040", "d-050", "d-090"],
        undecided: []
      })
      expect((yield* prune("group/app", "--keep-n", "3"))[0]!.deletes).toEqual(["d-050", "d-090"])
      expect((yield* registry.requestCounts)["GET blob"]).toBeUndefined()
    })
  )

  it.effect("keeps the newest of each page of 1000 tags, as GitLab does", () =>
    Effect.gen(function* () {
      const [large] = yield* prune("group/large", "--keep-n", "2", "--older-than", "1d")
      expect(large).toMatchObject({ tags: 1003, delete: 999, keep: 4, unknown: 0 })
      expect(large!.deletes.at(-1)).toBe("n-2000")
      expect(large!.deletes).not.toContain("n-1999")
    })
  )
})
