/**
 * Keeping a year of snapshots, asking for them, and serving them from several processes.
 */
import { Console, Effect } from "effect"
import { count, figure, seconds } from "../Format.ts"
import * as Following from "../history/Following.ts"
import * as Replicas from "../history/Replicas.ts"
import * as Year from "../history/Year.ts"
import type { Extent, Suite } from "../Suite.ts"

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
      {
        what: "The database of all snapshots, beside each of them saved whole",
        value: kept.bytes / wholeBytes,
        limit: 0.1,
        unit: " ×"
      },
      {
        what: "Saving one, beside saving it whole",
        value: kept.save.median / kept.whole.wall,
        limit: 2,
        unit: " ×"
      },
      ...followed.map(({ slowest, tags }) => ({
        what: `From a publication to another replica serving it, at most, at ${count(tags)} tags`,
        value: slowest,
        limit: 1000,
        unit: " ms"
      }))
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
            `As many as are kept by default: ${count(kept.retention.kept)}`,
            megabytes(kept.retention.bytes),
            megabytes(kept.whole.bytes * kept.retention.kept)
          ],
          ["To save the first one", milliseconds(kept.first.wall), milliseconds(kept.whole.wall)],
          ["To save a later one, median", milliseconds(kept.save.median), milliseconds(kept.whole.wall)],
          ["To save a later one, 99th percentile", milliseconds(kept.save.p99), ""],
          ["To forget those that are not kept, all at once", seconds(kept.retention.forget), ""]
        ]
      },
      {
        title: "What is asked of the database, before anything is forgotten",
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
        columns: ["Asked for", "Processes", "Requests/s", "p99"],
        rows: rates.map(({ p99, processes, rate, what }) => [what, count(processes), count(rate), milliseconds(p99)])
      }
    ],
    method: [
      "The course of a registry is made by `packages/bench/src/registry/TimeSeries.ts`: an image has ten layers, of which those of a repository share five; one that is pushed anew has a new manifest, a new config and one new layer. The snapshots go one after the other into SQLite as the server has it; the sizes are those of its file with the write-ahead log. Beside it now and then the same snapshot is saved whole to a file, as `snapshot_file` does; its size times the number of snapshots is what they would take. A year has 8,760 of them, all kept here until the end; a server forgets meanwhile, and has never more than what is kept by default.",
      "Questions go to the store, without HTTP: the snapshots that are asked for lie evenly over all of them. A snapshot is measured anew when it is loaded, which is in its time.",
      "For the other replica the measuring process leads and saves into Debian's PostgreSQL, and a server process that follows is asked every two milliseconds whether it serves what was saved: `Published until served` is from the end of the save on. A store of its own loads after that, which measures anew: with what it had, and with nothing. The images are all different: 200,000 tags are 1.2 million blobs.",
      "For the replicas the latest snapshot lies in Debian's PostgreSQL. The server processes, nginx with one process, and `wrk` with 32 connections share the two processors of the machine: more processes cannot add what the processors do not have. What can be seen is whether replicas cost anything."
    ].join("\n\n"),
    data: { course: kept, following: followed, replicas: rates }
  }
})

const suite: Suite = { title: "History and replicas", run }
export default suite
