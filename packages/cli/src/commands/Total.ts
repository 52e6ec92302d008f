/**
 * `total`: the size of everything.
 */
import { OpenMetrics } from "@gitlab-registry-usage/core"
import { Console, Effect } from "effect"
import { Command, Flag } from "effect/cli"
import { print, write } from "../output/Print.ts"
import { root } from "../connection/SharedFlags.ts"
import * as CrawledSnapshot from "../crawl/CrawledSnapshot.ts"
import { summarize } from "../crawl/Summary.ts"
import { CommandFailure, Status } from "../output/CommandFailure.ts"
import * as Format from "../output/Format.ts"
import * as UsageTable from "../tables/UsageTable.ts"
import { Screen } from "../output/Screen.ts"

export const total = Command.make(
  "total",
  {
    of: Flag.Literals("of", ["disk", "size"]).pipe(
      Flag.withDescription(
        "disk: what tags need on disk, each blob once, without untagged content; size: the sum of all tags"
      ),
      Flag.withDefault("disk" as const)
    )
  },
  Effect.fnUntraced(function* ({ of }) {
    const shared = yield* root
    const crawled = yield* CrawledSnapshot.make(shared)
    const summary = summarize(crawled)
    const { disk_bytes: disk, partial, size_bytes: size } = summary.total
    const wanted = of === "disk" ? disk : size
    if (shared.output === "table") {
      const { unicode } = yield* Screen
      yield* write(`${Format.sum(wanted, partial, shared, unicode)}\n`)
      if (of === "disk" && wanted !== null && !shared.quiet && !shared.bytes)
        yield* Console.error(UsageTable.untaggedNote)
    } else {
      yield* print(
        shared,
        {
          columns: [
            { key: "repositories", field: "repositories", heading: "REPOSITORIES", kind: "count" },
            { key: "tags", field: "tags", heading: "TAGS", kind: "count" },
            { key: "disk", field: "disk_bytes", heading: "ON DISK", kind: "bytes" },
            { key: "size", field: "size_bytes", heading: "SIZE", kind: "bytes" }
          ],
          rows: [
            { values: { repositories: summary.total.repositories, tags: summary.total.tags, disk, size }, partial }
          ]
        },
        {
          command: "total",
          rows: "totals",
          fields: summary,
          openmetrics: () => OpenMetrics.render(OpenMetrics.families(crawled.snapshot, { maxRepositories: 0 }))
        }
      )
    }
    if (wanted === null) {
      return yield* new CommandFailure({
        status: Status.partial,
        message: "nothing could be read: the size is unknown"
      })
    }
    yield* CrawledSnapshot.requireWhole(shared, crawled)
  })
).pipe(
  Command.withDescription(
    "Print the size of everything in one line, or with --bytes as a number for scripts; untagged content is not counted"
  )
)
