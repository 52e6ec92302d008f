/**
 * `total`: one number.
 *
 * @since 0.1.0
 */
import { OpenMetrics, Usage } from "@gitlab-registry-usage/core"
import { Effect } from "effect"
import { Command, Flag } from "effect/cli"
import { print, write } from "../output/Print.ts"
import { root } from "../connection/SharedFlags.ts"
import * as Scan from "../crawl/CrawledSnapshot.ts"
import { summaryOf } from "../crawl/Summary.ts"
import * as Format from "../output/Format.ts"

/**
 * @category commands
 * @since 0.1.0
 */
export const total = Command.make(
  "total",
  {
    of: Flag.Literals("of", ["disk", "size"]).pipe(
      Flag.withDescription("disk: what is stored, each blob once; size: the sum of all tags"),
      Flag.withDefault("disk" as const)
    )
  },
  Effect.fnUntraced(function* ({ of }) {
    const shared = yield* root
    const scan = yield* Scan.make(shared)
    const { diskSize, size } = Usage.total(scan.snapshot.usage)
    if (shared.output === "table") {
      yield* write(`${Format.size(of === "disk" ? diskSize : size, shared)}\n`)
    } else {
      const summary = summaryOf(scan)
      yield* print(
        shared,
        {
          columns: [
            { key: "repositories", field: "repositories", heading: "REPOSITORIES", kind: "count" },
            { key: "tags", field: "tags", heading: "TAGS", kind: "count" },
            { key: "disk", field: "disk_bytes", heading: "DISK", kind: "bytes" },
            { key: "size", field: "size_bytes", heading: "SIZE", kind: "bytes" }
          ],
          rows: [
            { values: { repositories: summary.total.repositories, tags: summary.total.tags, disk: diskSize, size } }
          ]
        },
        {
          command: "total",
          rows: "totals",
          fields: summary,
          openmetrics: () => OpenMetrics.render(OpenMetrics.families(scan.snapshot, { maxRepositories: 0 }))
        }
      )
    }
    yield* Scan.requireWhole(shared, scan)
  })
).pipe(Command.withDescription("Tell the size of everything in one line, or with --bytes as a number for scripts"))
