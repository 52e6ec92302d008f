/**
 * `prune --dry-run`: the tags that a cleanup policy of GitLab would delete, and what that would free.
 */
import { DurationText } from "@gitlab-registry-usage/core"
import { Effect, Option, Struct } from "effect"
import { Command, Flag } from "effect/cli"
import { allowEmptyFlag, countFlag, repositoriesArgument, switchFlag, textFlag } from "../connection/FlagKinds.ts"
import { print } from "../output/Print.ts"
import { root } from "../connection/SharedFlags.ts"
import * as CrawledSnapshot from "../crawl/CrawledSnapshot.ts"
import { usageError } from "../output/CommandFailure.ts"
import * as RepositoryPattern from "../connection/RepositoryPattern.ts"
import { summarize } from "../crawl/Summary.ts"

export const prune = Command.make(
  "prune",
  {
    dryRun: switchFlag("dry-run").pipe(Flag.withDescription("Needed: nothing is ever deleted by this command")),
    nameRegex: Flag.String("name-regex").pipe(
      Flag.withMetavar("RE2"),
      Flag.withDescription("Tags that may be deleted (whole name; default .*)"),
      Flag.withDefault(".*")
    ),
    nameRegexKeep: Flag.String("name-regex-keep").pipe(
      Flag.withMetavar("RE2"),
      Flag.withDescription("Tags that stay in any case (whole name)"),
      Flag.optional
    ),
    keepN: countFlag("keep-n", 0).pipe(
      Flag.withDescription("How many of the newest stay in each repository"),
      Flag.optional
    ),
    olderThan: textFlag("older-than", "AGE", DurationText.DurationText).pipe(
      Flag.withDescription("Only tags whose image is older, as 30d"),
      Flag.optional
    ),
    allowEmpty: allowEmptyFlag,
    repositories: repositoriesArgument
  },
  Effect.fnUntraced(function* (input) {
    const shared = yield* root
    if (!input.dryRun) {
      return yield* usageError(
        "prune only simulates",
        "add --dry-run; to delete, set up the cleanup policy in the project's settings, or use delete"
      )
    }
    // The expressions are checked before a crawl that may take minutes. Only this command needs their library.
    const { make, rules } = yield* Effect.promise(() => import("../tables/CleanupTable.ts"))
    const policy = yield* rules({
      nameRegex: input.nameRegex,
      nameRegexKeep: Option.getOrUndefined(input.nameRegexKeep),
      keepN: Option.getOrUndefined(input.keepN),
      olderThan: Option.getOrUndefined(input.olderThan)
    })
    const crawled = yield* CrawledSnapshot.make(shared)
    yield* RepositoryPattern.requireMatches(crawled.snapshot.usage, input.repositories, input)
    const { table, together } = yield* make(shared, crawled.snapshot.usage, policy, input.repositories)
    yield* print(shared, table, {
      command: "prune",
      rows: "repositories",
      fields: {
        ...summarize(crawled),
        policy: policy.settings,
        together: Struct.renameKeys(together, { frees: "frees_bytes" })
      }
    })
    yield* CrawledSnapshot.requireWhole(shared, crawled)
  })
).pipe(
  Command.withDescription("Simulate GitLab's cleanup policy and show what it would free"),
  Command.withExamples([
    {
      command: "gitlab-registry-usage prune --dry-run --keep-n 10 --older-than 30d --name-regex-keep 'v.*' 'group/**'",
      description: "What this policy would free in a group"
    }
  ])
)
