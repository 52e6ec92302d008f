/**
 * Budgets: limits on the size of a registry, or of the repositories that a pattern matches.
 *
 * Patterns are `Glob`s of effect: names of repositories are paths, and the program bundles effect anyway.
 */
import { type Bytes, SizeText, Usage } from "@gitlab-registry-usage/core"
import { Effect, Glob, Schema } from "effect"
import { Yaml } from "effect/encoding"
import * as Format from "../output/Format.ts"
import { PercentText } from "./Percent.ts"
import { type CommandFailure, usageError } from "../output/CommandFailure.ts"

/** YAML reads a size without a unit as a number. */
const Size = Schema.Union([
  SizeText.SizeText,
  Schema.Int.check(Schema.isGreaterThanOrEqualTo(0)) as unknown as Schema.Codec<Bytes.Bytes, number>
])

const limits = {
  max: Schema.optionalKey(Size),
  max_growth: Schema.optionalKey(PercentText)
}

/**
 * A budget file in YAML or JSON: limits on everything, and for each pattern on the sum of its repositories (`max`) or on
 * each of them (`max_each`). The default `measure` is disk.
 */
export const BudgetFile = Schema.Struct({
  max_total: Schema.optionalKey(Size),
  max_growth: Schema.optionalKey(PercentText),
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
        Effect.mapError((error) => usageError(`--budget: ${error.message.replaceAll("\n", " ")}`))
      )
    )
  )

/**
 * The result for one limit. `actual` and `limit` are in bytes; for growth, `limit` is the size before plus the growth that
 * is allowed. `actual` is null where the size is unknown.
 */
export interface Outcome {
  readonly name: string
  readonly rule: "max" | "max_each" | "max_growth"
  readonly measure: Measure
  readonly actual: number | null
  readonly limit: number
  readonly exceeded: boolean
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

/** The unique size of several repositories is not a sum: blobs that only they share are unique to the set. */
const together = (usage: Usage.Usage, repositories: ReadonlyArray<number>, measure: Measure): number =>
  measure === "unique"
    ? Usage.uniqueSizeOf(usage, tagsOf(usage, repositories))
    : repositories.reduce((sum, r) => sum + (Usage.repositorySizes(usage, r)?.[keys[measure]] ?? 0), 0)

const outcome = (
  fields: Pick<Outcome, "name" | "rule" | "measure" | "limit">,
  actual: number | null,
  whole: boolean
): Outcome => ({ ...fields, actual, whole, exceeded: actual !== null && actual > fields.limit })

/** The maximum size after growth, in whole bytes, so that messages show the number that is compared. */
const grown = (before: number, growth: number) => Math.floor(before * (1 + growth))

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
  const isWhole = (r: number) => Usage.repositorySizes(usage, r) !== undefined && Usage.unknownTags(usage, r) === 0
  const limitSum = (
    fields: Pick<Outcome, "name" | "measure">,
    { max, max_growth }: Limits,
    repositories: ReadonlyArray<number>,
    sizeIn: (usage: Usage.Usage) => number
  ): ReadonlyArray<Outcome> => {
    const compare = (rule: "max" | "max_growth", limit: number) =>
      outcome({ ...fields, rule, limit }, sizeIn(usage), repositories.every(isWhole))
    return [
      ...(max === undefined ? [] : [compare("max", max)]),
      ...(max_growth === undefined || baseline === undefined
        ? []
        : [compare("max_growth", grown(sizeIn(baseline), max_growth))])
    ]
  }
  const { repositories } = usage.inventory
  return [
    ...limitSum(
      { name: "total", measure: "disk" },
      { max: budget.max_total, max_growth: budget.max_growth },
      [...repositories.keys()],
      (usage) => Usage.total(usage).diskSize
    ),
    ...(budget.budgets ?? []).flatMap(({ match, max_each, measure = "disk", ...limits }) => {
      const matched = matching(usage, match)
      const sums = limitSum({ name: match, measure }, limits, matched, (usage) =>
        together(usage, matching(usage, match), measure)
      )
      const each = (limit: number) =>
        matched.map((r) =>
          outcome(
            { name: repositories[r]!.name, measure, rule: "max_each", limit },
            Usage.repositorySizes(usage, r)?.[keys[measure]] ?? null,
            isWhole(r)
          )
        )
      return max_each === undefined ? sums : [...sums, ...each(max_each)]
    })
  ]
}

/** One line that explains an outcome. */
export const line = ({ actual, exceeded, limit, measure, name, rule, whole }: Outcome, style: Format.Style): string => {
  const size = (bytes: number) => Format.size(bytes, style)
  if (actual === null) return `${name}: could not be read, so nobody knows whether it is within ${size(limit)}`
  const bound =
    rule === "max_growth" ? `the ${size(limit)} that its growth may come to` : `its budget of ${size(limit)}`
  const least = whole ? "" : "at least "
  const used = `${name}: ${measure} ${least}${size(actual)}`
  return exceeded
    ? `${used} is ${size(actual - limit)} over ${bound}`
    : `${used} is within ${bound}${limit === 0 ? "" : ` (${Format.percent(actual / limit)})`}`
}
