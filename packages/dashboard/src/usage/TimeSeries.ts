/** The course of sizes: as columns that can be drawn, and what changed from the first to the last. */
import type { Point, SizeKey } from "../api/Resources.ts"
import type { Period } from "../view/Location.ts"

/** How the API is asked for a period, and how the page calls it. */
export const periods: Readonly<Record<Period, { readonly from: string; readonly label: string }>> = {
  "24h": { from: "24h", label: "24 hours" },
  "7d": { from: "7d", label: "7 days" },
  "30d": { from: "30d", label: "30 days" },
  "1y": { from: "365d", label: "1 year" }
}

/** What each size is called. */
export const names: Readonly<Record<SizeKey, string>> = {
  disk_size: "On disk",
  unique_size: "Deleting frees",
  size: "Virtual"
}

/** A row for each line, `null` where the size was not known: there the line breaks. */
export const column = (points: ReadonlyArray<Point>, key: SizeKey): Array<number | null> =>
  points.map((point) => point[key])

/** The least and the most of these sizes; `undefined` where none is known. */
export const extent = (
  points: ReadonlyArray<Point>,
  keys: ReadonlyArray<SizeKey>
): readonly [low: number, high: number] | undefined => {
  let [low, high] = [Infinity, -Infinity]
  for (const point of points) {
    for (const key of keys) {
      const value = point[key]
      if (value === null) continue
      low = Math.min(low, value)
      high = Math.max(high, value)
    }
  }
  return low > high ? undefined : [low, high]
}

/**
 * Whether what the tags add up to needs an axis of its own: it is often so many times what is stored that the other lines
 * would lie flat on the ground.
 */
export const isApart = (points: ReadonlyArray<Point>, keys: ReadonlyArray<SizeKey>): boolean => {
  const stored = extent(
    points,
    keys.filter((key) => key !== "size")
  )
  const virtual = keys.includes("size") ? extent(points, ["size"]) : undefined
  return stored !== undefined && virtual !== undefined && virtual[1] > 3 * stored[1]
}

/** From the first size that is known to the last one. */
export const change = (
  points: ReadonlyArray<Point>,
  key: SizeKey
): { readonly change: number; readonly percent: number | null } | undefined => {
  const known = points.flatMap((point) => point[key] ?? [])
  const [before, after] = [known[0], known.at(-1)]
  if (known.length < 2 || before === undefined || after === undefined) return undefined
  return { change: after - before, percent: before === 0 ? null : ((after - before) / before) * 100 }
}

/** An instant (seconds since 1970) as addresses have it. */
export const instantOf = (seconds: number): string => new Date(Math.round(seconds * 1000)).toISOString()

/** The index to which a key leads, of `count` points; from none to the last one. `undefined` for other keys. */
export const step = (key: string, at: number | undefined, count: number): number | undefined => {
  const last = count - 1
  const from = at ?? last + (key === "ArrowLeft" || key === "PageUp" ? 1 : 0)
  const page = Math.max(1, Math.round(count / 10))
  const to = {
    ArrowLeft: from - 1,
    ArrowRight: from + 1,
    PageUp: from - page,
    PageDown: from + page,
    Home: 0,
    End: last
  }[key]
  return to === undefined ? undefined : Math.max(0, Math.min(last, to))
}
