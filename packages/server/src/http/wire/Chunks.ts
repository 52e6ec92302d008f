/**
 * A document that is made in pieces: collected, or written to where it goes, in turns with everything else.
 *
 * @since 0.1.0
 */
import { Effect } from "effect"
import type { Writable } from "node:stream"

/** Pieces are joined to blocks of about so many characters; between two blocks others have their turn. */
const blockLength = 64 * 1024

/** The pieces, joined to blocks. */
export const blocks = function* (pieces: Iterable<string>): Generator<Buffer> {
  let block = ""
  for (const piece of pieces) {
    block += piece
    if (block.length >= blockLength) {
      yield Buffer.from(block)
      block = ""
    }
  }
  if (block !== "") yield Buffer.from(block)
}

/**
 * All of it, or `undefined` where it is larger than so many bytes.
 *
 * @category running
 * @since 0.1.0
 */
export const collect = Effect.fnUntraced(function* (pieces: Iterable<string>, maximum: number) {
  const collected: Array<Buffer> = []
  let size = 0
  for (const block of blocks(pieces)) {
    if (size > 0) yield* Effect.yieldNow
    collected.push(block)
    size += block.length
    if (size > maximum) return undefined
  }
  return Buffer.concat(collected, size)
})

const write = (destination: Writable, block: Buffer): Effect.Effect<void> =>
  Effect.callback((resume) => {
    if (destination.write(block)) return resume(Effect.void)
    const go = () => resume(Effect.void)
    destination.once("drain", go)
    return Effect.sync(() => destination.off("drain", go))
  })

/**
 * Writes all of it and ends, no faster than it is taken.
 *
 * @category running
 * @since 0.1.0
 */
export const writeTo = Effect.fnUntraced(function* (destination: Writable, pieces: Iterable<string>) {
  for (const block of blocks(pieces)) {
    yield* write(destination, block)
    yield* Effect.yieldNow
  }
  destination.end()
})
