/**
 * `growth`: what grew, and when the disk will be full.
 */
import { History, Projection, Instant } from "@gitlab-registry-usage/core"
import { DateTime, Duration, Effect, Option } from "effect"
import { Argument, Command, Flag } from "effect/cli"
import { countFlag, sizeFlag, textFlag } from "../connection/FlagKinds.ts"
import * as GrowthLimit from "../tables/GrowthLimit.ts"
import * as GrowthTable from "../tables/GrowthTable.ts"
import { type GrowthResult, named, HistorySource } from "../history/HistorySource.ts"
import * as HistoryFlags from "../history/HistoryFlags.ts"
import * as Source from "../history/Source.ts"
import { print } from "../output/Print.ts"
import { root } from "../connection/SharedFlags.ts"
import { usageError } from "../output/CommandFailure.ts"

/** The default of rows in a table for people. */
const defaultCount = 20

/** Replaces the projection by one to this capacity (bytes). */
const projectTo = Effect.fnUntraced(function* (result: GrowthResult, capacity: number) {
  const source = yield* HistorySource
  const range = { from: Instant.ago(Projection.basis), to: undefined }
  const { points } = yield* source.timeSeries(History.wholeRegistry, range, Duration.days(1))
  const levels = points.map(({ figures, takenAt }) => ({ takenAt, size: figures.sizes?.diskSize }))
  return { ...result, capacity, projection: Projection.project(levels, capacity) }
})

const instant = (instant: DateTime.Utc | undefined) => (instant === undefined ? null : DateTime.formatIso(instant))

const projectionFields = ({ basedOn, bytesPerDay, days, fullAt, method, reason }: Projection.Projection) => ({
  method,
  bytes_per_day: bytesPerDay === undefined ? null : Math.round(bytesPerDay),
  days: days === undefined ? null : Math.round(days * 100) / 100,
  full_at: instant(fullAt),
  reason: reason ?? null,
  based_on: { points: basedOn.points, from: instant(basedOn.from), to: instant(basedOn.to) }
})

export const growth = Command.make(
  "growth",
  {
    ...Source.flags,
    since: HistoryFlags.since,
    to: HistoryFlags.to,
    by: Flag.ChoiceWithValue("by", [
      ["new", "new_bytes"],
      ["disk", "disk_size"],
      ["size", "size"],
      ["unique", "unique_size"]
    ] as const).pipe(
      Flag.withDescription("What is new to the registry, or a size that is compared"),
      Flag.withDefault("new_bytes" as const)
    ),
    of: Flag.Literals("of", ["images", "namespaces"]).pipe(
      Flag.withDescription("What is listed; namespaces at every depth, so that one may lie in another"),
      Flag.withDefault("images" as const)
    ),
    count: countFlag("count", 1).pipe(
      Flag.withAlias("n"),
      Flag.withDescription(`Only the N that grew most (default: ${defaultCount} in tables, else all; over --api 1000)`),
      Flag.optional
    ),
    capacity: sizeFlag("capacity").pipe(
      Flag.withDescription(
        "The capacity of the disk, such as 2TB, to project when it will be full (default: the capacity that --api knows)"
      ),
      Flag.optional
    ),
    maxGrowth: textFlag("max-growth", "LIMIT", GrowthLimit.GrowthLimitText).pipe(
      Flag.withDescription("Exit with 10 where more was added, as 5% or 10GB"),
      Flag.optional
    ),
    namespace: Argument.String("group/").pipe(
      Argument.withDescription("Only what lies in this group (default: everything)"),
      Argument.optional
    )
  },
  Effect.fnUntraced(function* (input) {
    const shared = yield* root
    const text = Option.getOrUndefined(input.namespace)
    // The growth of one repository is in its history.
    const subject = yield* HistoryFlags.parseSubject(text === undefined ? undefined : `${text.replace(/\/$/, "")}/`)
    const range = yield* HistoryFlags.timeRange(input, shared, "7 days")
    const capacity = Option.getOrUndefined(input.capacity)
    if (capacity !== undefined && subject.path !== "") {
      return yield* usageError("--capacity is that of the whole registry", "leave out the group")
    }
    const isTable = shared.output === "table" || shared.output === "markdown"
    const limit = Option.getOrElse(input.count, () => (isTable ? defaultCount : undefined))
    const result = yield* Effect.gen(function* () {
      const source = yield* HistorySource
      const found = yield* source.growth({ path: subject.path, range, by: input.by, of: input.of, limit })
      return capacity === undefined ? found : yield* projectTo(found, capacity)
    }).pipe(Effect.provide(Source.layer(input, shared)))
    const { growth, period, projection } = result
    yield* print(shared, GrowthTable.make(result, input.of), {
      command: "growth",
      rows: input.of === "images" ? "repositories" : "namespaces",
      fields: {
        namespace: subject.path,
        from: DateTime.formatIso(period.from),
        to: DateTime.formatIso(period.to),
        by: input.by,
        before_bytes: growth.before ?? null,
        after_bytes: growth.after ?? null,
        change_bytes: growth.change ?? null,
        new_bytes: growth.disk?.newBytes ?? null,
        freed_bytes: growth.disk?.freedBytes ?? null,
        moved_bytes: growth.disk?.movedBytes ?? null,
        unread_bytes: growth.disk?.unreadBytes ?? null,
        partial: growth.partial,
        matching: growth.matching,
        capacity_bytes: result.capacity ?? null,
        projection: projection === undefined ? null : projectionFields(projection)
      }
    })
    if (Option.isSome(input.maxGrowth)) {
      yield* GrowthLimit.enforce(input.maxGrowth.value, named(subject), input.by, growth, shared)
    }
    yield* HistoryFlags.requireWhole(shared, growth.partial)
  })
).pipe(
  Command.withDescription("Show what grew and when the disk will be full; exit with 10 where it grew too much"),
  Command.withExamples([
    {
      command: "gitlab-registry-usage growth --database usage.sqlite --since 7d --capacity 2TB",
      description: "What a week added, and how long that can go on"
    },
    {
      command: "gitlab-registry-usage growth --api https://usage.example.com --since 1d --max-growth 5%",
      description: "Fail a job where a day added more; the token is in GITLAB_REGISTRY_USAGE_TOKEN"
    }
  ])
)
