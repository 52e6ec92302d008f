import * as Fs from "node:fs/promises"
import * as Path from "node:path"
import { assert, describe, it } from "@effect/vitest"
import { Crawl, Inventory, Names, Registry, Usage } from "@gitlab-registry-usage/core"
import { Images } from "@gitlab-registry-usage/core/testing"
import { DockerRegistry, Servers } from "@gitlab-registry-usage/test-servers"
import { Effect } from "effect"
import { HttpClient } from "effect/http"
import { overUndici, registryAt } from "./servers.ts"

// A registry lists its repositories by name: the damaged tags are read before the healthy ones.
const damagedRepository = Names.RepositoryName.make("a/broken")

/** What a crash leaves: the file of a tag or of its manifest, by what it holds then. */
const damages: ReadonlyArray<readonly [tag: string, file: "link" | "manifest", content: string, cause: string]> = [
  ["empty-link", "link", "", "500 UNKNOWN"],
  ["text-in-link", "link", "hello", "500 UNKNOWN"],
  ["link-to-nothing", "link", `sha256:${"0".repeat(64)}`, "404 MANIFEST_UNKNOWN"],
  ["empty-manifest", "manifest", "", "is empty"],
  ["cut-off-manifest", "manifest", '{"schemaVersion":2,', "breaks off as JSON at byte 19"]
]

/** Pushes an image under a new tag and damages it. */
const damage = Effect.fnUntraced(function* (
  server: DockerRegistry.DockerRegistry,
  tag: string,
  file: "link" | "manifest",
  content: string
) {
  const image = yield* Images.image({ layers: [], config: { tag } })
  yield* server.push(damagedRepository, tag, image)
  const root = Path.join(server.storage, "docker/registry/v2")
  const hex = image.digest.slice("sha256:".length)
  const path =
    file === "link"
      ? Path.join(root, "repositories", damagedRepository, "_manifests/tags", tag, "current/link")
      : Path.join(root, "blobs/sha256", hex.slice(0, 2), hex, "data")
  yield* Effect.promise(() => Fs.writeFile(path, content))
})

/** How often the manifest of each damaged tag was requested. */
const counted = Effect.fnUntraced(function* (url: URL, concurrency: number) {
  const requests = new Map<string, number>()
  const client = HttpClient.transform(yield* HttpClient.HttpClient, (effect, request) => {
    const [, tag] = /\/v2\/a\/broken\/manifests\/([^:]+)$/.exec(request.url) ?? []
    if (tag !== undefined) requests.set(tag, (requests.get(tag) ?? 0) + 1)
    return effect
  })
  const options = { retries: 4, concurrency: { max: concurrency } }
  const registry = yield* Effect.provideService(registryAt(url, options), HttpClient.HttpClient, client)
  return { requests, registry }
})

describe.skipIf(Servers.leftOut("docker-registry"))("a registry with a damaged storage", () => {
  it.live(
    "F105 is read exactly, with one gap for each damaged tag, at any concurrency",
    () =>
      Effect.gen(function* () {
        const server = yield* DockerRegistry.start()
        for (let i = 0; i < 20; i++) {
          const layers = [yield* Images.layer(`healthy ${i}`, 1000)]
          yield* server.push(`z/healthy-${i}`, "1.0", yield* Images.image({ layers, config: { i } }))
        }
        const expected = yield* server.bytesOnDisk
        const causes = new Map<string, string>()
        for (let i = 0; i < 6; i++) {
          for (const [kind, file, content, cause] of damages) {
            yield* damage(server, `${kind}-${i}`, file, content)
            causes.set(`${damagedRepository}:${kind}-${i}`, cause)
          }
        }
        for (const concurrency of [1, 2, 8, 64]) {
          const { registry, requests } = yield* counted(server.url, concurrency)
          const crawl = (previous?: Inventory.Inventory) =>
            Effect.provideService(Crawl.crawl({ concurrency, previous }), Registry.Registry, registry)
          let inventory = yield* crawl()
          for (const attempts of [2, 1]) {
            assert.sameMembers(inventory.gaps.map(Inventory.gapTarget), [...causes.keys()])
            for (const gap of inventory.gaps) assert.include(gap.detail, causes.get(Inventory.gapTarget(gap))!)
            const usage = Usage.measure(inventory)
            const sizes = inventory.repositories.flatMap(({ name }, i) =>
              name === damagedRepository ? [] : [Usage.repositorySizes(usage, i)?.diskSize ?? Number.NaN]
            )
            assert.strictEqual(
              sizes.reduce((sum, size) => sum + size, 0),
              expected
            )
            const most = Math.max(...requests.values())
            assert.strictEqual(most, attempts, `attempts at concurrency ${concurrency}`)
            requests.clear()
            inventory = yield* crawl(inventory)
          }
        }
      }).pipe(overUndici),
    120_000
  )
})
