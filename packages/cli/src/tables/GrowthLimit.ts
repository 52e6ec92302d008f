/**
 * The maximum of growth.
 */
import { type Growth, ParsedText, SizeText } from "@gitlab-registry-usage/core"
import { Effect } from "effect"
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
  const bytes = SizeText.parse(text)
  return bytes === undefined ? undefined : { _tag: "Bytes", bytes }
}

export const GrowthLimitText = ParsedText.make("a growth such as 5% or 10GB", parse, (limit) =>
  limit._tag === "Share" ? Percent.format(limit.share) : `${limit.bytes}`
)

/**
 * Fails with status 10 where growth exceeds the limit; `name` is the subject for the message. Unknown growth exceeds no limit.
 */
export const enforce = (
  limit: GrowthLimit,
  name: string,
  { before, change }: Growth.Change,
  style: Format.Style
): Effect.Effect<void, CommandFailure> => {
  if (before === undefined || change === undefined) return Effect.void
  const allowed = limit._tag === "Bytes" ? limit.bytes : Math.floor(before * limit.share)
  if (change <= allowed) return Effect.void
  const size = (bytes: number) => Format.size(bytes, style)
  return Effect.fail(
    new CommandFailure({
      status: Status.overBudget,
      message: `over budget: ${name} grew by ${size(change)}, which is ${size(change - allowed)} over the ${size(allowed)} that it may grow by`
    })
  )
}
