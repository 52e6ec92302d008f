/**
 * The maximum of growth.
 */
import { Growth, ParsedText, SizeText } from "@gitlab-registry-usage/core"
import { Console, Effect } from "effect"
import * as Format from "../output/Format.ts"
import * as Percent from "./Percent.ts"
import { Status, CommandFailure } from "../output/CommandFailure.ts"

/** A share of the size before, or bytes. */
export type GrowthLimit =
  | { readonly _tag: "Share"; readonly share: number }
  | { readonly _tag: "Bytes"; readonly bytes: number }

const parse = (text: string): GrowthLimit | undefined => {
  const share = Percent.parse(text)
  if (share !== undefined) return { _tag: "Share", share }
  const bytes = SizeText.parseSetting(text)
  return bytes === undefined ? undefined : { _tag: "Bytes", bytes }
}

export const GrowthLimitText = ParsedText.make("a growth such as 5% or 10GB", parse, (limit) =>
  limit._tag === "Share" ? Percent.format(limit.share) : `${limit.bytes}B`
)

/**
 * Fails with status 10 where growth exceeds the limit; `name` is the subject for the message. Where growth is unknown, it
 * warns, or fails with status 4 with --fail-on-partial.
 */
export const enforce = Effect.fnUntraced(function* (
  limit: GrowthLimit,
  name: string,
  by: Growth.Measure,
  growth: Growth.Change,
  { failOnPartial, ...style }: Format.Style & { readonly failOnPartial: boolean }
) {
  const { before } = growth
  const change = by === "new_bytes" ? Growth.added(growth) : growth.change
  if (before === undefined || change === undefined) {
    const message = `${name}: could not be read, so nobody knows how much it grew; choose a period in which it could be read with --since`
    if (failOnPartial) return yield* new CommandFailure({ status: Status.partial, message })
    return yield* Console.error(`warning: ${message}`)
  }
  const allowed = limit._tag === "Bytes" ? limit.bytes : Math.floor(before * limit.share)
  if (change <= allowed) return
  const size = (bytes: number) => Format.size(bytes, style)
  return yield* new CommandFailure({
    status: Status.overBudget,
    message: `over budget: ${name} grew by ${size(change)}, which is ${size(change - allowed)} over the ${size(allowed)} that it may grow by`
  })
})
