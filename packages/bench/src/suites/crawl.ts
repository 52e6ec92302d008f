/**
 * Crawling a real registry over the loopback interface.
 */
import type { Images } from "@gitlab-registry-usage/core/testing"
import { DockerRegistry } from "@gitlab-registry-usage/test-servers"
import { Console, Effect, Redacted } from "effect"
import { count, figure, seconds } from "../Format.ts"
import { counts } from "../crawl/Requests.ts"
import * as MetadataDatabase from "../crawl/MetadataDatabase.ts"
import * as GeneratedRegistry from "../registry/GeneratedRegistry.ts"
import * as Storage from "../crawl/Storage.ts"
import * as Wire from "../crawl/Wire.ts"
import type { Extent, Report, Suite } from "../Suite.ts"

interface Size {
  readonly repositories: number
  readonly tagsPerRepository: number
  readonly layersPerManifest: number
  readonly rounds: number
}

const sizes: Record<Extent, Size> = {
  full: { repositories: 1000, tagsPerRepository: 20, layersPerManifest: 10, rounds: 4 },
  smoke: { repositories: 4, tagsPerRepository: 3, layersPerManifest: 4, rounds: 1 }
}

/** The default of a crawl. */
const concurrency = 64

type Repositories = ReadonlyArray<Images.Repository>

/** Every tag has its own manifest, half of whose layers all tags of the repository share. */
const repositoriesOf = ({ repositories, tagsPerRepository, layersPerManifest }: Size): Repositories =>
  GeneratedRegistry.images({
    repositories,
    tagsPerRepository,
    manifests: repositories * tagsPerRepository,
    manifestsPerBase: tagsPerRepository,
    layersPerManifest
  })

const started = Effect.fnUntraced(function* (repositories: Repositories, options?: DockerRegistry.Options) {
  const server = yield* DockerRegistry.start(options)
  yield* Storage.fill(server.storage, repositories)
  return server.url
})

/** Wall times against a registry without authentication, where only the requests take time. */
const measureTimes = Effect.fnUntraced(function* (repositories: Repositories, rounds: number) {
  const options = { registry: { url: yield* started(repositories) }, concurrency }
  const cold = yield* Wire.crawl(options)
  yield* Console.log("  cold")
  const coldTimes = yield* Wire.compare(options, cold.requests, rounds)
  yield* Console.log("  nothing changed")
  const again = { ...options, previous: cold.inventory }
  const unchanged = yield* Wire.crawl(again)
  return { cold: coldTimes, unchanged: yield* Wire.compare(again, unchanged.requests, rounds) }
}, Effect.scoped)

const countRequests = Effect.fnUntraced(function* (registry: Wire.Options["registry"]) {
  const cold = yield* Wire.crawl({ registry, concurrency })
  const unchanged = yield* Wire.crawl({ registry, concurrency, previous: cold.inventory })
  return { cold: counts(cold.requests), unchanged: counts(unchanged.requests) }
})

/** Requests to a registry that requires tokens, as GitLab's does. */
const countOci = Effect.fnUntraced(function* (repositories: Repositories) {
  const [username, password] = ["bench", "bench-secret"]
  const grants = (_type: string, _name: string, actions: ReadonlyArray<string>) => actions
  yield* Console.log("  requests with tokens")
  const url = yield* started(repositories, { tokens: { users: { [username]: { password, grants } } } })
  return yield* countRequests({ url, credentials: { username, token: Redacted.make(password) } })
}, Effect.scoped)

/** Requests to a registry with GitLab's metadata database, which requires tokens as well. */
const countMetadata = Effect.fnUntraced(function* (repositories: Repositories) {
  yield* Console.log("  requests with GitLab's metadata database")
  return yield* countRequests(yield* MetadataDatabase.start(repositories))
}, Effect.scoped)

type Counts = ReturnType<typeof counts>

const sum = (found: Counts, kinds = Object.keys(found)) => kinds.reduce((total, kind) => total + (found[kind] ?? 0), 0)

const forTags = ["manifest by tag", "tag asked for changes", "manifest by digest"]

const run = Effect.fnUntraced(function* (extent: Extent) {
  const size = sizes[extent]
  const { repositories, tagsPerRepository } = size
  const tags = repositories * tagsPerRepository
  yield* Console.log(`  ${count(repositories)} repositories of ${tagsPerRepository} tags`)
  const generated = repositoriesOf(size)
  const times = yield* measureTimes(generated, size.rounds)
  const oci = yield* countOci(generated)
  const metadata = yield* countMetadata(generated)
  const pages = oci.cold["catalog page"] ?? 0
  const columns = [oci.cold, oci.unchanged, metadata.cold, metadata.unchanged]
  const kinds = [...new Set(columns.flatMap((column) => Object.keys(column)))]

  const timesRow = (name: string, { crawl, floor, ratio }: Wire.Compared, sent: number) => [
    name,
    seconds(crawl.wall),
    seconds(floor.wall),
    `${figure(ratio)}×`,
    seconds(crawl.cpu),
    seconds(floor.cpu),
    count((1000 * sent) / crawl.wall)
  ]
  return {
    targets: [
      ["Wall time cold, beside the floor", times.cold.ratio, 1.25, "×"],
      ["Wall time with nothing changed, beside the floor", times.unchanged.ratio, 1.25, "×"],
      [
        "Requests cold: tags + repositories + a fifteenth of them for tokens + pages",
        sum(oci.cold),
        tags + repositories + Math.ceil(repositories / 15) + pages,
        ""
      ],
      ["Requests for tags with nothing changed", sum(oci.unchanged, forTags), tags, ""],
      [
        "Requests for tags with nothing changed, with the metadata database: the lists of tags",
        sum(metadata.unchanged, ["tag list", ...forTags]),
        repositories,
        ""
      ]
    ],
    tables: [
      {
        title: `Wall and processor time, ${count(repositories)} repositories of ${tagsPerRepository} tags`,
        columns: ["", "Crawl", "Floor", "Ratio", "Crawl, processor", "Floor, processor", "Requests per second"],
        rows: [
          timesRow("Cold", times.cold, tags + repositories + 1),
          timesRow("Nothing changed", times.unchanged, tags + repositories + 1)
        ]
      },
      {
        title: "Requests, tokens included",
        columns: ["", "Cold", "Nothing changed", "Metadata database, cold", "Nothing changed"],
        rows: [
          ...kinds.map((kind) => [kind, ...columns.map((column) => count(column[kind] ?? 0))]),
          ["all", ...columns.map((column) => count(sum(column)))]
        ]
      }
    ],
    method: [
      `Debian's \`docker-registry\` listens on the loopback interface; \`packages/bench/src/crawl/Storage.ts\` writes its storage. Every tag has its own manifest with ${size.layersPerManifest} layers. The crawl is that of \`core\` over \`adapter-http\` with undici, with the default of at most ${concurrency} concurrent requests. The floor sends the recorded requests of a crawl, in the same order with the same headers, through an undici \`Pool\` of ${concurrency} connections and reads every body; it parses nothing and checks no digest.`,
      `Crawl and floor run in turns for ${size.rounds} rounds after one round that does not count, and each begins every other round. The figures are medians; the ratio is that of the medians. Processor time is that of the measuring process with all its threads, without the registry, which competes for the same processors. Times are measured without authentication. Requests are counted in separate crawls: of a \`docker-registry\` with a token service, and of the demo's embedded registry, which responds as GitLab's registry with its metadata database does. The embedded registry runs in the measuring process, so no times are measured with it.`
    ].join("\n\n"),
    data: { size, concurrency, times, requests: { oci, metadata } }
  } satisfies Report
})

const suite: Suite = { title: "Crawling over HTTP", run }
export default suite
