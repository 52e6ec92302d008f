import { TimeSlices } from "@gitlab-registry-usage/core"
import { indexIds } from "./HashIndex.ts"
import * as Tables from "../database/Tables.ts"

const isAscending = (ids: Float64Array) => ids.every((id, place) => place === 0 || ids[place - 1]! < id)

/** Finds the places of ascending ids by bisection. It needs no index, so it is faster for few ids. */
const bisecting = (ids: Float64Array) => (id: number) => {
  let [low, high] = [0, ids.length - 1]
  while (low <= high) {
    const middle = (low + high) >> 1
    const found = ids[middle]!
    if (found === id) return middle
    if (found < id) low = middle + 1
    else high = middle - 1
  }
  return -1
}

/** An index is built if more than one of this many ids is new: most searches are for new ids. */
const few = 8

/** The places of a table's rows in a later snapshot: remaining rows keep their order, and new rows follow. */
export type PlaceMapping = ReturnType<typeof mapPlaces> extends TimeSlices.Sliced<infer A> ? A : never

/** A row that both ended and began is a changed row: it keeps its place. */
export function* mapPlaces(
  table: Tables.Table,
  before: Float64Array,
  ended: ReadonlySet<number>,
  begun: ReadonlyArray<number>
) {
  const replaced = new Set(ended.size === 0 ? [] : begun.filter((id) => ended.has(id)))
  // Ids grow from snapshot to snapshot, so only the new ids must be sorted.
  const added = Float64Array.from(replaced.size === 0 ? begun : begun.filter((id) => !replaced.has(id))).sort()
  const ids = new Float64Array(Math.max(before.length - (ended.size - replaced.size), 0) + added.length)
  const now = new Int32Array(before.length)
  let next = 0
  for (let place = 0; place < before.length; place++) {
    if (place % TimeSlices.stride === 0) yield
    const id = before[place]!
    if (ended.size > 0 && ended.has(id) && !replaced.has(id)) {
      now[place] = -1
      continue
    }
    ids[next] = id
    now[place] = next++
  }
  if (next + added.length !== ids.length) {
    throw new Tables.Inconsistent({ detail: `in ${table.name} a row ended that was not there` })
  }
  ids.set(added, next)
  const find = begun.length * few < ids.length && isAscending(ids) ? bisecting(ids) : yield* indexIds(ids)
  return {
    ids,
    /** Earlier place → new place, −1 for a row that ended. */
    now,
    /** Earlier place → new place. Throws `Inconsistent` for a row that ended. */
    kept: (place: number) => {
      const found = now[place]!
      if (found < 0) throw Tables.missing(table, before[place]!)
      return found
    },
    /** Id → new place, −1 for an unknown id. */
    find,
    /** Id → new place. Throws `Inconsistent` for an unknown id. */
    at: (id: number) => {
      const place = find(id)
      if (place < 0) throw Tables.missing(table, id)
      return place
    }
  }
}
