/**
 * Budgets: limits on the size of a registry, or of the repositories that a pattern matches.
 *
 * Patterns are `Glob`s of effect: names of repositories are paths, and the program bundles effect anyway.
 */
import { BlobChanges, IssueText, SizeText, Usage } from "@gitlab-registry-usage/core"
import { Effect, Glob, Schema, SchemaTransformation } from "effect"
import { Yaml } from "effect/encoding"
import * as Format from "../output/Format.ts"
import { PercentText } from "./Percent.ts"
import * as RepositoryPattern from "../connection/RepositoryPattern.ts"
import { type CommandFailure, usageError } from "../output/CommandFailure.ts"

/** YAML reads a text that has no unit as a number. */
const setting = <A>(schema: Schema.Codec<A, string>) =>
  Schema.Union([Schema.String, Schema.Number]).pipe(
    Schema.decodeTo(
      schema,
      SchemaTransformation.transform<string, string | number>({ decode: String, encode: (text) => text })
    )
  )
const Size = setting(SizeText.SizeText)
const Percent = setting(PercentText)

const limits = {
  max: Schema.optionalKey(Size),
  max_growth: Schema.optionalKey(Percent)
}

/**
 * A budget file in YAML or JSON: limits on everything, and for each pattern on the sum of its repositories (`max`) or on
 * each of them (`max_each`). The default `measure` is disk.
 */
export const BudgetFile = Schema.Struct({
  max_total: Schema.optionalKey(Size),
  max_growth: Schema.optionalKey(Percent),
  budgets: Schema.optionalKey(
    Schema.Array(
      Schema.Struct({
        match: Schema.NonEmptyString,
        measure: Schema.optionalKey(Schema.Literals(["disk", "size", "unique"])),
        ...limits,
        max_each: Schema.optionalKey(Size)
      })
    )
  )
})
export type BudgetFile = typeof BudgetFile.Type

type Measure = "disk" | "size" | "unique"

/** Parses a budget file. An unknown key is an error: a mistyped limit would never be exceeded. */
export const parse = (text: string): Effect.Effect<BudgetFile, CommandFailure> =>
  Effect.try({
    try: () => Yaml.parse(text),
    catch: (error) => usageError(`--budget: not YAML: ${String(error)}`)
  }).pipe(
    Effect.flatMap((value) =>
      Schema.decodeUnknownEffect(BudgetFile)(value ?? {}, { onExcessProperty: "error", errors: "all" }).pipe(
        Effect.mapError((error) => usageError(`--budget: ${IssueText.problemsText(error.issue)}`))
      )
    )
  )

/**
 * The result for one limit. `actual` and `limit` are in bytes; for growth, `limit` is the size before plus the growth that
 * is allowed. They are null where the size is unknown, now or before.
 */
export interface Outcome {
  readonly name: string
  readonly rule: "max" | "max_each" | "max_growth"
  readonly measure: Measure
  readonly actual: number | null
  readonly limit: number | null
  readonly state: "OVER" | "ok" | "unknown"
  /** Whether every repository under the limit was read completely. */
  readonly whole: boolean
}

const keys = { disk: "diskSize", size: "size", unique: "uniqueSize" } as const

const matching = (usage: Usage.Usage, pattern: string): ReadonlyArray<number> => {
  const glob = Glob.make(pattern)
  return usage.inventory.repositories.flatMap(({ name }, r) => (Glob.match(glob, name) ? [r] : []))
}

const tagsOf = (usage: Usage.Usage, repositories: ReadonlyArray<number>): ReadonlyArray<number> =>
  repositories.flatMap((r) =>
    Array.from({ length: usage.tagStarts[r + 1]! - usage.tagStarts[r]! }, (_, i) => usage.tagStarts[r]! + i)
  )

const isWhole = (usage: Usage.Usage, repositories: ReadonlyArray<number>) =>
  repositories.every((r) => Usage.repositoryUnread(usage, r) === 0 && Usage.repositorySizes(usage, r) !== undefined)

/** The unique size of several repositories is not a sum: blobs that only they share are unique to the set. */
const together = (usage: Usage.Usage, repositories: ReadonlyArray<number>, measure: Measure): number | null => {
  const sizes = Usage.sumSizes(repositories.map((r) => Usage.repositorySizes(usage, r)))
  if (sizes.size === 0 && !isWhole(usage, repositories)) return null
  return measure === "unique" ? Usage.uniqueSizeOf(usage, tagsOf(usage, repositories)) : sizes[keys[measure]]
}

const outcome = (
  fields: Pick<Outcome, "name" | "rule" | "measure" | "limit">,
  actual: number | null,
  whole: boolean
): Outcome => ({
  ...fields,
  actual,
  whole,
  state: actual === null || fields.limit === null ? "unknown" : actual > fields.limit ? "OVER" : "ok"
})

/** The maximum size after growth, in whole bytes, so that messages show the number that is compared. */
const grown = (before: number | null, growth: number) => (before === null ? null : Math.floor(before * (1 + growth)))

/** The bytes that the repositories of a pattern are charged with now, while others were charged with them before. */
const movedTo = (before: Usage.Usage, after: Usage.Usage, pattern: string): number => {
  const glob = Glob.make(pattern)
  const disk = (usage: Usage.Usage) => together(usage, matching(usage, pattern), "disk") ?? 0
  const changes = [...BlobChanges.compare(before, after)].flatMap(([name, change]) =>
    Glob.match(glob, name) ? [change] : []
  )
  return BlobChanges.movedBytes(disk(after) - disk(before), changes.reduce(BlobChanges.sum, BlobChanges.none))
}

/** What a limit on a sum applies to: a size, and the repositories that it is the sum of, now or before. */
interface Sum {
  readonly size: (usage: Usage.Usage) => number | null
  readonly isWhole: (usage: Usage.Usage) => boolean
  /** The bytes of its growth that are only charged to it now, and were stored before. */
  readonly moved: (before: Usage.Usage) => number
}

interface Limits {
  readonly max?: number | undefined
  readonly max_growth?: number | undefined
}

/** Compares usage with a budget, and its growth with an earlier usage. */
export const evaluate = (
  budget: BudgetFile,
  usage: Usage.Usage,
  baseline: Usage.Usage | undefined
): ReadonlyArray<Outcome> => {
  const limitSum = (
    fields: Pick<Outcome, "name" | "measure">,
    { max, max_growth }: Limits,
    { isWhole, moved, size }: Sum
  ): ReadonlyArray<Outcome> => {
    const actual = size(usage)
    const all: Array<Outcome> = []
    if (max !== undefined) all.push(outcome({ ...fields, rule: "max", limit: max }, actual, isWhole(usage)))
    if (max_growth !== undefined && baseline !== undefined) {
      const limit = grown(size(baseline), max_growth)
      const own = actual === null || limit === null ? null : actual - moved(baseline)
      all.push(outcome({ ...fields, rule: "max_growth", limit }, own, isWhole(usage) && isWhole(baseline)))
    }
    return all
  }
  return [
    ...limitSum(
      { name: "total", measure: "disk" },
      { max: budget.max_total, max_growth: budget.max_growth },
      {
        size: (usage) => Usage.total(usage)?.diskSize ?? null,
        isWhole: (usage) => Usage.namespaceUnread(usage, "") === 0,
        moved: () => 0
      }
    ),
    ...(budget.budgets ?? []).flatMap(({ match, max_each, measure = "disk", ...limits }) => {
      const sums = limitSum({ name: match, measure }, limits, {
        size: (usage) => together(usage, matching(usage, match), measure),
        isWhole: (usage) => isWhole(usage, matching(usage, match)),
        moved: (before) => (measure === "disk" ? movedTo(before, usage, match) : 0)
      })
      const each = (limit: number) =>
        matching(usage, match).map((r) =>
          outcome(
            { name: usage.inventory.repositories[r]!.name, measure, rule: "max_each", limit },
            Usage.repositorySizes(usage, r)?.[keys[measure]] ?? null,
            isWhole(usage, [r])
          )
        )
      return max_each === undefined ? sums : [...sums, ...each(max_each)]
    })
  ]
}

/** One line that explains an outcome. */
export const line = ({ actual, limit, measure, name, rule, state, whole }: Outcome, style: Format.Style): string => {
  const size = (bytes: number) => Format.size(bytes, style)
  if (limit === null)
    return `${name}: could not be read before, so nobody knows how much it grew; save a new baseline with --save`
  if (actual === null)
    return `${name}: could not be read, so nobody knows whether it is within ${size(limit)}; doctor finds out why`
  const bound =
    rule === "max_growth" ? `the ${size(limit)} that its growth may come to` : `its budget of ${size(limit)}`
  const least = whole ? "" : "at least "
  const used = `${name}: ${measure} ${least}${size(actual)}`
  return state === "OVER"
    ? `${used} is ${size(actual - limit)} over ${bound}`
    : `${used} is within ${bound}${limit === 0 ? "" : ` (${Format.percent(actual / limit)})`}`
}

/** Fails with status 2 where a pattern matches no repository: its limit would never be exceeded. */
export const requireMatches = (
  budget: BudgetFile,
  usage: Usage.Usage,
  allowEmpty: boolean
): Effect.Effect<void, CommandFailure> =>
  RepositoryPattern.requireMatches(
    usage,
    (budget.budgets ?? []).map(({ match }) => match),
    { allowEmpty, of: "--budget: " }
  )
