/**
 * Long texts in pieces, so that none is held whole, and a signal is handled between two of them.
 */
import { Effect, Stream } from "effect"

/** The number of items in a piece: a few milliseconds of work. */
const size = 1000

/** The texts of all items, of so many together. */
export function* join<A>(items: Iterable<A>, textOf: (item: A) => string): Generator<string> {
  let text = ""
  let count = 0
  for (const item of items) {
    text += textOf(item)
    if (++count % size > 0) continue
    yield text
    text = ""
  }
  yield text
}

/** Lets other fibers, and the handlers of signals, run between two pieces. */
export const pausing = <E, R>(pieces: Stream.Stream<string, E, R>): Stream.Stream<string, E, R> =>
  pieces.pipe(
    Stream.mapArrayEffect((texts) => Effect.as(Effect.yieldNow, [texts.join("")] as const)),
    Stream.filter((text) => text !== "")
  )
