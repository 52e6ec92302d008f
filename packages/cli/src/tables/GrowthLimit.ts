/**
 * How much may have been added.
 *
 * @since 0.1.0
 */
import { type Growth, SizeText } from "@gitlab-registry-usage/core"
import { Effect, Schema, SchemaIssue, SchemaTransformation } from "effect"
import * as Figure from "../output/Figure.ts"
import { Status, Stopped } from "../output/CommandFailure.ts"

/**
 * A part of what there was, or bytes.
 *
 * @category models
 * @since 0.1.0
 */
export type GrowthLimit =
  | { readonly _tag: "Share"; readonly share: number }
  | { readonly _tag: "Bytes"; readonly bytes: number }

const parse = (text: string): GrowthLimit | undefined => {
  const percent = /^\s*(\d+(?:\.\d+)?)\s*%\s*$/.exec(text)?.[1]
  if (percent !== undefined) return { _tag: "Share", share: Number(percent) / 100 }
  const bytes = SizeText.parse(text)
  return bytes === undefined ? undefined : { _tag: "Bytes", bytes }
}

/**
 * @category schemas
 * @since 0.1.0
 */
export const GrowthLimitText = Schema.String.pipe(
  Schema.decodeTo(
    Schema.Any as unknown as Schema.Codec<GrowthLimit>,
    SchemaTransformation.transformEffect<GrowthLimit, string>({
      decode: (text, options) => {
        const limit = parse(text)
        return limit === undefined
          ? Effect.fail(new SchemaIssue.InvalidValue({ expected: "a growth such as 5% or 10GB" }, text, options))
          : Effect.succeed(limit)
      },
      encode: (limit) => Effect.succeed(limit._tag === "Share" ? `${limit.share * 100}%` : `${limit.bytes}`)
    })
  )
)

/**
 * Ends with status 10 where more was added; `name` says to what. What is not known exceeds nothing.
 *
 * @category guards
 * @since 0.1.0
 */
export const enforce = (
  limit: GrowthLimit,
  name: string,
  { before, change }: Growth.Change,
  style: Figure.Style
): Effect.Effect<void, Stopped> => {
  if (before === undefined || change === undefined) return Effect.void
  const allowed = limit._tag === "Bytes" ? limit.bytes : Math.floor(before * limit.share)
  if (change <= allowed) return Effect.void
  const size = (bytes: number) => Figure.size(bytes, style)
  return Effect.fail(
    new Stopped({
      status: Status.overBudget,
      message: `over budget: ${name} grew by ${size(change)}, which is ${size(change - allowed)} over the ${size(allowed)} that it may grow by`
    })
  )
}
