/** The chunks of a document: joined to blocks, or collected, while other requests have their turns. */
import { Effect } from "effect"

/** The length of a block in characters; between two blocks other requests have their turn. */
const blockLength = 64 * 1024

/** Joins chunks to blocks. */
export const blocks = function* (chunks: Iterable<string>): Generator<Buffer> {
  let block = ""
  for (const chunk of chunks) {
    block += chunk
    if (block.length >= blockLength) {
      yield Buffer.from(block)
      block = ""
    }
  }
  if (block !== "") yield Buffer.from(block)
}

/** Collects all chunks in one buffer; `undefined` if it is larger than `maximum` bytes. */
export const collect = Effect.fnUntraced(function* (chunks: Iterable<string>, maximum: number) {
  const collected: Array<Buffer> = []
  let size = 0
  for (const block of blocks(chunks)) {
    if (size > 0) yield* Effect.yieldNow
    collected.push(block)
    size += block.length
    if (size > maximum) return undefined
  }
  return Buffer.concat(collected, size)
})
