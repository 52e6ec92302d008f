/**
 * Crawling, measuring and keeping up to a million tags.
 */
import * as Path from "node:path"
import { Servers } from "@gitlab-registry-usage/test-servers"
import { Console, Effect } from "effect"
import { count, figure, seconds } from "../Format.ts"
import * as ChildProcess from "../scale/ChildProcess.ts"
import type { Extent, Suite, Table } from "../Suite.ts"

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
      { what: `Measuring, the first time, ${at}`, value: largest.measure.wall / 1000, limit: 2, unit: " s" },
      { what: `Resident memory, crawl and measure, ${at}`, value: largest.peak, limit: 700, unit: " MiB" },
      {
        what: `Processor time of crawling per tag, beside that at ${count(second.tags)} tags`,
        value: growth(({ crawl }) => crawl.cpu),
        limit: 1.5,
        unit: "×"
      },
      ...Object.entries({ encode: saved.encode, save: saved.save, decode: loaded.decode, load: loaded.load }).map(
        ([step, { wall }]) => ({ what: `Snapshot, ${step}`, value: wall / 1000, limit: 3, unit: " s" })
      )
    ],
    tables: [
      seriesTable("Listings tell digests (GitLab's metadata database)", listed),
      seriesTable("Listings tell names alone (OCI distribution)", resolved),
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
      "An in-memory `Registry` (`packages/bench/src/registry/GeneratedRegistry.ts`) makes names, digests and manifests when they are asked for and holds none. A repository has 50 tags, five tags in different repositories share a manifest, a manifest has a config and ten layers, of which half belong to one of the base images (one for 200 manifests). A million tags are 20,000 repositories, 200,000 manifests and 1.4 million blobs. The times of crawling contain making the bodies.",
      "Each size is a Node process of its own without flags, running the TypeScript sources. Memory is `ru_maxrss`, the most that the system counted so far: `Idle` before the crawl, with Node, the compiler of the sources and Effect loaded; `Peak` after one crawl and one measuring; `Refreshed` after a second crawl from the first one's inventory, with nothing changed and both inventories alive. Times are by the wall clock, those per tag processor time, which says more on a machine that is busy otherwise. `Measure` is the first in the process, `Again` the median of four more."
    ].join("\n\n"),
    data: { listed, resolved, saved, loaded }
  }
})

const suite: Suite = { title: "Scale: up to a million tags", run }
export default suite
