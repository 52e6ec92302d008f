/**
 * Crawling, measuring and saving up to a million tags.
 */
import * as Path from "node:path"
import { Servers } from "@gitlab-registry-usage/test-servers"
import { Console, Effect } from "effect"
import { count, figure, seconds } from "../Format.ts"
import * as ChildProcess from "../scale/ChildProcess.ts"
import type { Extent, Report, Suite, Table, Target } from "../Suite.ts"

const sizes: Record<Extent, ReadonlyArray<number>> = {
  full: [10_000, 30_000, 100_000, 300_000, 1_000_000],
  smoke: [500, 1000]
}

interface Point extends ChildProcess.Measured<"crawl"> {
  readonly tags: number
}

const series = Effect.fnUntraced(function* (extent: Extent, listDigests: boolean) {
  const points: Array<Point> = []
  for (const tags of sizes[extent]) {
    yield* Console.log(`  ${count(tags)} tags${listDigests ? "" : ", digests not listed"}`)
    points.push({ tags, ...(yield* ChildProcess.run("crawl", tags, listDigests)) })
  }
  return points
})

const perTag = (milliseconds: number, tags: number) => `${figure((milliseconds * 1000) / tags)} µs`

const seriesTable = (title: string, points: ReadonlyArray<Point>): Table => ({
  title,
  columns: [
    "Tags",
    "Crawl",
    "per tag",
    "Measure",
    "per tag",
    "Again",
    "Refresh",
    "per tag",
    "Idle",
    "Peak",
    "Refreshed"
  ],
  rows: points.map(({ crawl, idle, measure, measureAgain, peak, peakRefresh, refresh, tags }) => [
    count(tags),
    seconds(crawl.wall),
    perTag(crawl.cpu, tags),
    seconds(measure.wall),
    perTag(measure.cpu, tags),
    seconds(measureAgain),
    seconds(refresh.wall),
    perTag(refresh.cpu, tags),
    ...[idle, peak, peakRefresh].map((mebibytes) => `${count(mebibytes)} MiB`)
  ])
})

const run = Effect.fnUntraced(function* (extent: Extent) {
  const listed = yield* series(extent, true)
  const resolved = yield* series(extent, false)
  const tags = sizes[extent].at(-1)!
  const path = Path.join(yield* Servers.temporaryDirectory, "snapshot")
  yield* Console.log("  snapshot")
  const saved = yield* ChildProcess.run("save", path, tags)
  const loaded = yield* ChildProcess.run("load", path)

  const [largest, second] = [listed.at(-1)!, listed.at(-3) ?? listed[0]!]
  const growth = (time: (point: Point) => number) => time(largest) / largest.tags / (time(second) / second.tags)
  const at = `at ${count(tags)} tags`
  return {
    targets: [
      [`Measuring, the first time, ${at}`, largest.measure.wall / 1000, 2, " s"],
      [`Resident memory, crawl and measure, ${at}`, largest.peak, 700, " MiB"],
      [
        `Processor time of crawling per tag, beside that at ${count(second.tags)} tags`,
        growth(({ crawl }) => crawl.cpu),
        1.5,
        "×"
      ],
      ...Object.entries({ encode: saved.encode, save: saved.save, decode: loaded.decode, load: loaded.load }).map(
        ([step, { wall }]): Target => [`Snapshot, ${step}`, wall / 1000, 3, " s"]
      )
    ],
    tables: [
      seriesTable("Listings with digests (GitLab's metadata database)", listed),
      seriesTable("Listings without digests (OCI distribution)", resolved),
      {
        title: `Snapshot of ${count(tags)} tags`,
        columns: ["Step", "Time", "Processor time"],
        rows: [
          ["Encode", seconds(saved.encode.wall), seconds(saved.encode.cpu)],
          ["Save: encode, write, force to disk, rename", seconds(saved.save.wall), seconds(saved.save.cpu)],
          ["Load: read, check, decode, measure", seconds(loaded.load.wall), seconds(loaded.load.cpu)],
          ["Decode from memory, and measure", seconds(loaded.decode.wall), seconds(loaded.decode.cpu)],
          ["File", `${count(saved.fileBytes / 1e6)} MB`, `${figure(saved.fileBytes / tags)} B per tag`],
          ["Resident memory after loading, at most", `${count(loaded.peak)} MiB`, `idle ${count(loaded.idle)} MiB`]
        ]
      }
    ],
    method: [
      "An in-memory `Registry` (`packages/bench/src/registry/GeneratedRegistry.ts`) computes names, digests and manifests at each request and stores none. A repository has 50 tags; five tags in different repositories share a manifest; a manifest has a config and ten layers, of which half belong to a base image (one for 200 manifests). A million tags are 20,000 repositories, 200,000 manifests and 1.4 million blobs. The times of crawling include computing the bodies.",
      "Each size runs the TypeScript sources in its own Node process without flags. Memory is `ru_maxrss`, the maximum of the process so far: `Idle` before the crawl, with Node, the compiler of the sources and Effect loaded; `Peak` after one crawl and one measuring; `Refreshed` after a second crawl from the first one's inventory, with nothing changed and both inventories alive. Times are wall times; times per tag are processor times, which depend less on other load on the machine. `Measure` is the first measurement in the process, `Again` the median of four more."
    ].join("\n\n"),
    data: { listed, resolved, saved, loaded }
  } satisfies Report
})

const suite: Suite = { title: "Scale: up to a million tags", run }
export default suite
