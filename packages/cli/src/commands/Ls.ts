/**
 * `ls`: the repositories or tags, biggest first.
 */
import { OpenMetrics, TimeSlices } from "@gitlab-registry-usage/core"
import { Effect, Option } from "effect"
import { Command, Flag } from "effect/cli"
import { allowEmptyFlag, countFlag, repositoriesArgument, sizeFlag, switchFlag } from "../connection/FlagKinds.ts"
import * as RepositoryPattern from "../connection/RepositoryPattern.ts"
import * as UsageTable from "../tables/UsageTable.ts"
import { print } from "../output/Print.ts"
import { usageError } from "../output/CommandFailure.ts"
import { root } from "../connection/SharedFlags.ts"
import * as CrawledSnapshot from "../crawl/CrawledSnapshot.ts"
import { summarize } from "../crawl/Summary.ts"

const flags = {
  tags: switchFlag("tags").pipe(Flag.withAlias("t"), Flag.withDescription("List tags instead of repositories")),
  count: countFlag("count").pipe(Flag.withAlias("n"), Flag.withDescription("Only the first N"), Flag.optional),
  minSize: sizeFlag("min-size").pipe(Flag.withDescription("Only what is at least this large, as 10MB"), Flag.optional),
  minTags: countFlag("min-tags", 1).pipe(Flag.withDescription("Only repositories with at least N tags"), Flag.optional),
  sort: Flag.ChoiceWithValue("sort", [
    ["disk", "disk"],
    ["size", "size"],
    ["unique", "unique"],
    ["name", "name"],
    // The spelling of the original program.
    ["disksize", "disk"]
  ] as const).pipe(Flag.withAlias("s"), Flag.withDescription("What to sort by"), Flag.withDefault("disk" as const)),
  reverse: switchFlag("reverse").pipe(Flag.withAlias("R"), Flag.withDescription("The other way round")),
  allowEmpty: allowEmptyFlag,
  repositories: repositoriesArgument
}

export const ls = Command.make(
  "ls",
  flags,
  Effect.fnUntraced(function* (input) {
    const shared = yield* root
    if (input.tags && Option.isSome(input.minTags)) {
      return yield* usageError("--min-tags selects repositories, and --tags lists tags", "leave one of them out")
    }
    const crawled = yield* CrawledSnapshot.make(shared)
    yield* RepositoryPattern.requireMatches(crawled.snapshot.usage, input.repositories, input)
    const options = {
      of: input.tags ? "tags" : "repositories",
      only: input.repositories,
      order: input.sort,
      reverse: input.reverse,
      count: Option.getOrUndefined(input.count),
      minSize: Option.getOrUndefined(input.minSize),
      minTags: Option.getOrUndefined(input.minTags)
    } as const
    const table = yield* TimeSlices.inSlices(() => UsageTable.making(crawled.snapshot.usage, options))
    yield* print(shared, table, {
      command: "ls",
      rows: input.tags ? "tags" : "repositories",
      fields: summarize(crawled),
      openmetrics: () => OpenMetrics.render(OpenMetrics.families(crawled.snapshot, { tags: input.tags }))
    })
    yield* CrawledSnapshot.requireWhole(shared, crawled)
  })
).pipe(
  Command.withDescription("List repositories (or tags), biggest first; untagged content is not counted"),
  Command.withExamples([
    { command: "gitlab-registry-usage ls -n 10", description: "The ten repositories that take most of the disk" },
    {
      command: "gitlab-registry-usage ls -t -s unique 'group/**'",
      description: "Which tags of a group are worth deleting"
    }
  ])
)
