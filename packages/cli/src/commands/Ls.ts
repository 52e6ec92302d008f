/**
 * `ls`: the repositories or tags, biggest first.
 *
 * @since 0.1.0
 */
import { OpenMetrics } from "@gitlab-registry-usage/core"
import { Effect, Option } from "effect"
import { Argument, Command, Flag } from "effect/cli"
import { sizeFlag, switchFlag } from "../connection/FlagKinds.ts"
import * as Listing from "../tables/UsageTable.ts"
import { print } from "../output/Print.ts"
import { root } from "../connection/SharedFlags.ts"
import * as Scan from "../crawl/CrawledSnapshot.ts"
import { summaryOf } from "../crawl/Summary.ts"

const flags = {
  tags: switchFlag("tags").pipe(Flag.withAlias("t"), Flag.withDescription("List tags instead of repositories")),
  count: Flag.Int("count").pipe(
    Flag.withAlias("n"),
    Flag.withMetavar("N"),
    Flag.withDescription("Only the first N"),
    Flag.optional
  ),
  minSize: sizeFlag("min-size").pipe(Flag.withDescription("Only what is at least this large, as 10MB"), Flag.optional),
  sort: Flag.ChoiceWithValue("sort", [
    ["disk", "disk"],
    ["size", "size"],
    ["unique", "unique"],
    ["name", "name"],
    // As the original spells it.
    ["disksize", "disk"]
  ] as const).pipe(Flag.withAlias("s"), Flag.withDescription("What to sort by"), Flag.withDefault("disk" as const)),
  reverse: switchFlag("reverse").pipe(Flag.withAlias("R"), Flag.withDescription("The other way round")),
  repositories: Argument.String("repository").pipe(
    Argument.withDescription("Names or globs such as 'group/**'"),
    Argument.variadic()
  )
}

/**
 * @category commands
 * @since 0.1.0
 */
export const ls = Command.make(
  "ls",
  flags,
  Effect.fnUntraced(function* (input) {
    const shared = yield* root
    const scan = yield* Scan.make(shared)
    const sheet = Listing.make(scan.snapshot.usage, {
      of: input.tags ? "tags" : "repositories",
      only: input.repositories,
      order: input.sort,
      reverse: input.reverse,
      count: Option.getOrUndefined(input.count),
      minSize: Option.getOrUndefined(input.minSize)
    })
    yield* print(shared, sheet, {
      command: "ls",
      rows: input.tags ? "tags" : "repositories",
      fields: summaryOf(scan),
      openmetrics: () => OpenMetrics.render(OpenMetrics.families(scan.snapshot, { tags: input.tags }))
    })
    yield* Scan.requireWhole(shared, scan)
  })
).pipe(
  Command.withDescription("List repositories (or tags), biggest first"),
  Command.withExamples([
    { command: "gitlab-registry-usage ls -n 10", description: "The ten repositories that take most of the disk" },
    {
      command: "gitlab-registry-usage ls -t -s unique 'group/**'",
      description: "Which tags of a group are worth deleting"
    }
  ])
)
