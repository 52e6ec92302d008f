/**
 * `why`: what a repository or tag consists of.
 */
import { Usage } from "@gitlab-registry-usage/core"
import { Effect, Option } from "effect"
import { Argument, Command, Flag } from "effect/cli"
import { countFlag } from "../connection/FlagKinds.ts"
import * as BlobTable from "../tables/BlobTable.ts"
import { CommandFailure, Status } from "../output/CommandFailure.ts"
import { print } from "../output/Print.ts"
import { root } from "../connection/SharedFlags.ts"
import * as CrawledSnapshot from "../crawl/CrawledSnapshot.ts"
import { summarize } from "../crawl/Summary.ts"
import * as Target from "../connection/Target.ts"

/** The default of rows in a table for people; most of the other blobs are manifests and configs. */
const defaultCount = 20

const isUnread = (usage: Usage.Usage, tag: number) => Usage.tagSizes(usage, tag) === undefined

export const why = Command.make(
  "why",
  {
    count: countFlag("count").pipe(
      Flag.withAlias("n"),
      Flag.withDescription(`Only the N largest (default: ${defaultCount} in tables, else all)`),
      Flag.optional
    ),
    target: Argument.String("repository[:tag]").pipe(Argument.withDescription("What to explain"))
  },
  Effect.fnUntraced(function* ({ count, target: text }) {
    const shared = yield* root
    const target = yield* Target.parse(text)
    const crawled = yield* CrawledSnapshot.make(shared)
    const { usage } = crawled.snapshot
    const r = yield* Target.findRepository(usage, target)
    const tags =
      target.tag === undefined
        ? Array.from(usage.inventory.repositories[r]!.tagNames, (_, i) => usage.tagStarts[r]! + i)
        : [yield* Target.findTag(usage, r, target.tag)]
    if (tags.length > 0 && tags.every((tag) => Usage.tagBlobs(usage, tag).length === 0 && isUnread(usage, tag))) {
      return yield* new CommandFailure({ status: Status.partial, message: `${text} could not be read` })
    }
    const isTable = shared.output === "table" || shared.output === "markdown"
    const limit = Option.getOrElse(count, () => (isTable ? defaultCount : undefined))
    const { sums, table } = BlobTable.make(usage, r, tags, limit)
    yield* print(shared, table, {
      command: "why",
      rows: "blobs",
      fields: { ...summarize(crawled), target: text, sums }
    })
    yield* CrawledSnapshot.requireWhole(shared, crawled)
  })
).pipe(
  Command.withDescription("Show the blobs of a repository or tag: who is charged with them, who else shares them"),
  Command.withExamples([
    { command: "gitlab-registry-usage why group/app:latest", description: "What latest consists of" }
  ])
)
