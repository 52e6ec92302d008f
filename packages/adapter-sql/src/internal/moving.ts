import { placesOfIds } from "./places.ts"
import { type Sliced, stride } from "./slices.ts"
import * as Tables from "./tables.ts"

/** Where the rows of a table are in a later snapshot: what stays keeps its order, what is new follows. */
export interface Moved {
  readonly ids: Float64Array
  /** Whether what was at this place is there no more. */
  readonly isGone: (before: number) => boolean
  /** Place before → place now. Throws `Inconsistent` for what is gone. */
  readonly now: (before: number) => number
  /** Id → place now. Throws `Inconsistent` for what is not there. */
  readonly at: (id: number) => number
}

/** A row that ended and begun is another by the same id: it stays where it is. */
export function* movedOf(
  table: Tables.Table,
  before: Float64Array,
  ended: ReadonlySet<number>,
  begun: ReadonlyArray<number>
): Sliced<Moved> {
  const replaced = new Set(ended.size === 0 ? [] : begun.filter((id) => ended.has(id)))
  const ids = new Float64Array(Math.max(before.length - ended.size + begun.length, 0))
  const now = new Int32Array(before.length)
  let next = 0
  for (let place = 0; place < before.length; place++) {
    if (place % stride === 0) yield
    const id = before[place]!
    if (ended.size > 0 && ended.has(id) && !replaced.has(id)) {
      now[place] = -1
      continue
    }
    ids[next] = id
    now[place] = next++
  }
  for (const id of begun) if (!replaced.has(id)) ids[next++] = id
  if (next !== ids.length) throw new Tables.Inconsistent({ detail: `in ${table.name} a row ended that was not there` })
  const find = yield* placesOfIds(ids)
  return {
    ids,
    isGone: (place) => now[place] === -1,
    now: (place) => {
      const found = now[place]!
      if (found < 0) throw Tables.missing(table, before[place]!)
      return found
    },
    at: (id) => {
      const place = find(id)
      if (place < 0) throw Tables.missing(table, id)
      return place
    }
  }
}
