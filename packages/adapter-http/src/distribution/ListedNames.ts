/**
 * Names as somebody else lists them.
 *
 * @since 0.1.0
 */
import { Effect } from "effect"

/**
 * The names that fit their grammar. The others are left out, for they cannot be put into a URL; the log tells how many,
 * not which: they are what somebody else wrote.
 *
 * @category filtering
 * @since 0.1.0
 */
export const wellFormed = <A extends string>(
  names: ReadonlyArray<string> | null,
  guard: (text: string) => text is A,
  what: string
): Effect.Effect<ReadonlyArray<A>> => {
  const found = (names ?? []).filter(guard)
  if (names === null || found.length === names.length) return Effect.succeed(found)
  const left = names.length - found.length
  return Effect.as(Effect.logWarning(`left out ${left} ${what} whose names are not valid`), found)
}
