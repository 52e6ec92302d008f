import { Function } from "effect"
import type { Usage } from "./Usage.ts"

/** Which graphs reach a blob and which tags have a graph, as ranges of numbers. */
export interface Sharing {
  /** The tags that reach the blob, in the order of their numbers, at most `limit`. */
  readonly tagsOf: (blob: number, limit: number) => ReadonlyArray<number>
}

/** Row → the numbers of the columns that name it, as ranges. */
const inverted = (rows: number, columns: number, each: (visit: (row: number, column: number) => void) => void) => {
  const starts = new Uint32Array(rows + 1)
  each((row) => starts[row + 1]!++)
  for (let row = 0; row < rows; row++) starts[row + 1]! += starts[row]!
  const next = starts.slice()
  const values = new Uint32Array(columns)
  each((row, column) => {
    values[next[row]!++] = column
  })
  return { starts, values }
}

/** Computed on first use, once for each usage: it takes as much memory as the graphs themselves. */
export const sharing = Function.memoize(({ graphs, inventory }: Usage): Sharing => {
  const graphCount = graphs.firstTags.length
  const blobGraphs = inverted(inventory.blobs.digests.length, graphs.starts[graphCount]!, (visit) => {
    for (let graph = 0; graph < graphCount; graph++) {
      for (let at = graphs.starts[graph]!; at < graphs.starts[graph + 1]!; at++) visit(graphs.blobs[at]!, graph)
    }
  })
  const graphTags = inverted(graphCount, graphs.tagGraphs.length, (visit) => {
    graphs.tagGraphs.forEach((graph, tag) => {
      if (graph >= 0) visit(graph, tag)
    })
  })
  return {
    tagsOf: (blob, limit) => {
      // The first tags of so many graphs are enough: graphs are numbered by their first tags.
      const tags: Array<number> = []
      for (let at = blobGraphs.starts[blob]!; at < blobGraphs.starts[blob + 1]! && tags.length < limit; at++) {
        const graph = blobGraphs.values[at]!
        const end = Math.min(graphTags.starts[graph + 1]!, graphTags.starts[graph]! + limit - tags.length)
        tags.push(...graphTags.values.subarray(graphTags.starts[graph]!, end))
      }
      return tags.sort((a, b) => a - b)
    }
  }
})
