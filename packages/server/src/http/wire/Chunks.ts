/** A document in pieces, joined to blocks or collected, in turns with other requests. */
import { Effect } from "effect"

/** The length of a block in characters; between two blocks other requests have their turn. */
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

/** All pieces as one buffer, or `undefined` where it is larger than `maximum` bytes. */
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
