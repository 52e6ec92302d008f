/**
 * `prune --dry-run`: what a cleanup policy of GitLab's would delete, and what that would free.
 *
 * @since 0.1.0
 */
import { DurationText } from "@gitlab-registry-usage/core"
import { Effect, Option } from "effect"
import { Argument, Command, Flag } from "effect/cli"
import { switchFlag } from "../connection/FlagKinds.ts"
import { print } from "../output/Print.ts"
import { root } from "../connection/SharedFlags.ts"
import * as Scan from "../crawl/CrawledSnapshot.ts"
import { usage } from "../output/CommandFailure.ts"
import { summaryOf } from "../crawl/Summary.ts"

/**
 * @category commands
 * @since 0.1.0
 */
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
    keepN: Flag.Int("keep-n").pipe(
      Flag.withMetavar("N"),
      Flag.withDescription("How many of the newest stay in each repository"),
      Flag.filter(
        (n) => n >= 0,
        (n) => `${n} is less than 0`
      ),
      Flag.optional
    ),
    olderThan: Flag.String("older-than").pipe(
      Flag.withMetavar("AGE"),
      Flag.withSchema(DurationText.DurationText),
      Flag.withDescription("Only tags whose image is older, as 30d"),
      Flag.optional
    ),
    repositories: Argument.String("repository").pipe(
      Argument.withDescription("Names or globs such as 'group/**'"),
      Argument.variadic()
    )
  },
  Effect.fnUntraced(function* (input) {
    const shared = yield* root
    if (!input.dryRun) {
      return yield* usage(
        "prune only simulates",
        "add --dry-run; to delete, set up the cleanup policy in the project's settings, or use delete"
      )
    }
    // The expressions are checked before a crawl that may take minutes; they need a library that other commands do not.
    const { make, rules } = yield* Effect.promise(() => import("../tables/CleanupTable.ts"))
    const policy = yield* rules({
      nameRegex: input.nameRegex,
      nameRegexKeep: Option.getOrUndefined(input.nameRegexKeep),
      keepN: Option.getOrUndefined(input.keepN),
      olderThan: Option.getOrUndefined(input.olderThan)
    })
    const scan = yield* Scan.make(shared)
    const sheet = yield* make(shared, scan.snapshot.usage, policy, input.repositories)
    yield* print(shared, sheet, {
      command: "prune",
      rows: "repositories",
      fields: { ...summaryOf(scan), policy: policy.told }
    })
    yield* Scan.requireWhole(shared, scan)
  })
).pipe(
  Command.withDescription("Simulate GitLab's cleanup policy and tell what it would free"),
  Command.withExamples([
    {
      command: "gitlab-registry-usage prune --dry-run --keep-n 10 --older-than 30d --name-regex-keep 'v.*' 'group/**'",
      description: "What this policy would free in a group"
    }
  ])
)
