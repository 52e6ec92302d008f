/** Computes on the points of a time series. */
import type { Point, SizeKey } from "../api/Resources.ts"

/** The values of a line, `null` where the size is unknown: there the line breaks. */
export const column = (points: ReadonlyArray<Point>, key: SizeKey): Array<number | null> =>
  points.map((point) => point[key])

/** The least and the greatest of these sizes; `undefined` where none is known. */
export const extent = (
  points: ReadonlyArray<Point>,
  keys: ReadonlyArray<SizeKey>
): readonly [low: number, high: number] | undefined => {
  const known = points.flatMap((point) => keys.flatMap((key) => point[key] ?? []))
  return known.length === 0 ? undefined : [Math.min(...known), Math.max(...known)]
}

/**
 * Whether `size` needs an axis of its own: it is often so many times the disk size that the other lines would be flat at
 * the bottom.
 */
export const needsOwnAxis = (points: ReadonlyArray<Point>, keys: ReadonlyArray<SizeKey>): boolean => {
  const stored = extent(
    points,
    keys.filter((key) => key !== "size")
  )
  const size = keys.includes("size") ? extent(points, ["size"]) : undefined
  return stored !== undefined && size !== undefined && size[1] > 3 * stored[1]
}

/** The change from the first known size to the last one. */
export const change = (
  points: ReadonlyArray<Point>,
  key: SizeKey
): { readonly change: number; readonly percent: number | null } | undefined => {
  const known = points.flatMap((point) => point[key] ?? [])
  const [before, after] = [known[0], known.at(-1)]
  if (known.length < 2 || before === undefined || after === undefined) return undefined
  return { change: after - before, percent: before === 0 ? null : ((after - before) / before) * 100 }
}

/** The index of the point that a key moves to, of `count` points; without a point, to the last one. `undefined` for other keys. */
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
