/**
 * Saving a year of snapshots, querying them, and serving them from several processes.
 */
import { Console, Effect } from "effect"
import { count, figure, seconds } from "../Format.ts"
import * as Following from "../history/Following.ts"
import * as Replicas from "../history/Replicas.ts"
import * as Year from "../history/Year.ts"
import type { Extent, Report, Suite, Target } from "../Suite.ts"

/** Hours of a year. */
const year = 8760

const extents = {
  full: {
    course: {
      repositories: 1000,
      tagsPerRepository: 20,
      changes: 200,
      snapshots: year,
      wholeEvery: 100,
      questions: 20
    },
    following: {
      registries: [
        { repositories: 1000, tagsPerRepository: 20, changes: 200 },
        { repositories: 10_000, tagsPerRepository: 20, changes: 2000 }
      ],
      publications: 20
    },
    replicas: { repositories: 1000, tagsPerRepository: 20, changes: 200, processes: [1, 2, 4], rounds: 3, seconds: 3 }
  },
  smoke: {
    course: { repositories: 6, tagsPerRepository: 4, changes: 2, snapshots: 100, wholeEvery: 20, questions: 2 },
    following: { registries: [{ repositories: 6, tagsPerRepository: 4, changes: 2 }], publications: 2 },
    replicas: { repositories: 6, tagsPerRepository: 4, changes: 2, processes: [1, 2], rounds: 1, seconds: 1 }
  }
} as const

const megabytes = (bytes: number) => `${figure(bytes / 1e6)} MB`
const milliseconds = (value: number) => `${figure(value)} ms`

const run = Effect.fnUntraced(function* (extent: Extent) {
  const { course, following, replicas } = extents[extent]
  yield* Console.log(`  ${count(course.snapshots)} snapshots`)
  const kept = yield* Year.measure(course)
  const followed = yield* Following.measure(following)
  yield* Console.log("  replicas")
  const rates = yield* Replicas.measure(replicas)
  const wholeBytes = kept.whole.bytes * course.snapshots
  const tags = course.repositories * course.tagsPerRepository
  return {
    targets: [
      ["The database of all snapshots, beside each of them saved whole", kept.bytes / wholeBytes, 0.1, " ×"],
      ["Saving one, beside saving it whole", kept.save.median / kept.whole.wall, 2, " ×"],
      ...followed.map(({ slowest, tags }): Target => [
        `From a publication to another replica serving it, at most, at ${count(tags)} tags`,
        slowest,
        1000,
        " ms"
      ])
    ],
    tables: [
      {
        title: `${count(course.snapshots)} snapshots, an hour apart, of ${count(tags)} tags, ${count(course.changes)} of them changed each time`,
        columns: ["", "In the database", "Each saved whole"],
        rows: [
          ["All snapshots", megabytes(kept.bytes), megabytes(wholeBytes)],
          [
            "For each snapshot",
            megabytes((kept.bytes - kept.firstBytes) / (course.snapshots - 1)),
            megabytes(kept.whole.bytes)
          ],
          [
            `As many as the default retention keeps: ${count(kept.retention.kept)}`,
            megabytes(kept.retention.bytes),
            megabytes(kept.whole.bytes * kept.retention.kept)
          ],
          ["To save the first one", milliseconds(kept.first.wall), milliseconds(kept.whole.wall)],
          ["To save a later one, median", milliseconds(kept.save.median), milliseconds(kept.whole.wall)],
          ["To save a later one, 99th percentile", milliseconds(kept.save.p99), ""],
          ["To delete those beyond the default retention, all at once", seconds(kept.retention.forget), ""]
        ]
      },
      {
        title: "Queries of the database, before old snapshots are deleted",
        columns: ["", "Median"],
        rows: Object.entries(kept.questions).map(([what, took]) => [what, milliseconds(took)])
      },
      {
        title: "Another replica, on PostgreSQL, when one tag of a hundred has changed",
        columns: ["Tags", "To save", "To load what changed", "To load all", "Published until served", "At most"],
        rows: followed.map(({ load, save, served, slowest, tags, wholeLoad }) => [
          count(tags),
          ...[save, load, wholeLoad, served, slowest].map(milliseconds)
        ])
      },
      {
        title: "Server processes on one PostgreSQL database, behind nginx",
        columns: ["Document", "Processes", "Requests/s", "p99"],
        rows: rates.map(({ p99, processes, rate, what }) => [what, count(processes), count(rate), milliseconds(p99)])
      }
    ],
    method: [
      "`packages/bench/src/registry/TimeSeries.ts` generates the snapshots. An image has ten layers, of which the images of a repository share five; an image that is pushed again has a new manifest, a new config and one new layer. The snapshots are saved one after the other into SQLite as the server configures it; sizes are those of its file with the write-ahead log. At intervals the same snapshot is also saved whole to a file, as `snapshot_file` does; its size times the number of snapshots is the size of all of them saved whole. A year has 8,760 snapshots, and all are in the database until the end; a server deletes old ones meanwhile and never has more than the default retention keeps.",
      "Queries go to the store, without HTTP. The instants that are queried are spread evenly over all snapshots. The time to load a snapshot includes measuring it.",
      "For the other replica the measuring process leads and saves into Debian's PostgreSQL. Every two milliseconds it requests the images from a server process that follows, until the response has the saved snapshot: `Published until served` is the time from the end of the save. Then another store loads the snapshot and measures it: first with the previous snapshot known, then with none. All images are different: 200,000 tags are 1.2 million blobs.",
      "For the replicas the latest snapshot is in Debian's PostgreSQL. The server processes, nginx with one process, and `wrk` with 32 connections share the two processors of the machine, so more processes cannot serve more than the processors allow. The table shows whether replicas cost anything."
    ].join("\n\n"),
    data: { course: kept, following: followed, replicas: rates }
  } satisfies Report
})

const suite: Suite = { title: "History and replicas", run }
export default suite
