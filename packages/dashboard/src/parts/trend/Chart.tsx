/** A time series on a canvas. Loaded separately: no other part of the page imports uPlot. */
import { useEffect, useLayoutEffect, useRef } from "preact/hooks"
import uPlot from "uplot"
import "uplot/dist/uPlot.min.css"
import type { Point, SizeKey } from "../../api/Resources.ts"
import { column, extent, needsOwnAxis } from "../../usage/TimeSeries.ts"
import { sizeTicks, timeLabels } from "../../usage/Ticks.ts"
import type { Units } from "../../view/Format.ts"
import { onThemeChange, resolveColours } from "../../view/Theme.ts"

interface Props {
  /** More than one. */
  readonly points: ReadonlyArray<Point>
  readonly lines: ReadonlyArray<SizeKey>
  readonly units: Units
  /** The index of the marked point, if any. */
  readonly at: number | undefined
  readonly onAt: (at: number | undefined) => void
}

/** In pixels. */
const letter = 6.6

const colourNames = ["--line-disk_size", "--line-unique_size", "--line-size", "--muted", "--line", "--surface"] as const

export const Chart = ({ at, lines, onAt, points, units }: Props) => {
  const element = useRef<HTMLDivElement>(null)
  const plot = useRef<uPlot | undefined>(undefined)

  useLayoutEffect(() => {
    const target = element.current!
    let colours = resolveColours(target, colourNames)
    const font = `12px ${getComputedStyle(target).fontFamily}`
    const ownAxis = needsOwnAxis(points, lines)
    const scaleOf = (key: SizeKey) => (ownAxis && key === "size" ? "right" : "left")
    const ticks = (scale: "left" | "right") => {
      const keys = lines.filter((key) => scaleOf(key) === scale)
      const [low, high] = extent(points, keys) ?? [0, 1]
      return sizeTicks(low, high, 4, units)
    }
    const scales = { left: ticks("left"), right: ticks("right") }
    const sizeAxis = (scale: keyof typeof scales): uPlot.Axis => {
      const { labels, ticks } = scales[scale]
      return {
        scale,
        side: scale === "left" ? 3 : 1,
        font,
        stroke: () => (scale === "right" ? colours["--line-size"] : colours["--muted"]),
        // Two grids on top of each other would look like one.
        grid: { show: scale === "left", stroke: () => colours["--line"], width: 1 },
        ticks: { show: false },
        gap: 8,
        size: Math.ceil(Math.max(...labels.map(({ length }) => length)) * letter) + 14,
        splits: () => [...ticks],
        values: () => [...labels]
      }
    }
    const range = (scale: keyof typeof scales): uPlot.Range.MinMax => {
      const { ticks } = scales[scale]
      return [ticks[0]!, ticks.at(-1)!]
    }
    const u = new uPlot(
      {
        width: target.clientWidth,
        height: target.clientHeight,
        // The first and the last time label may be wider than the axis.
        padding: [8, ownAxis ? 0 : 18, 0, 0],
        legend: { show: false },
        cursor: {
          y: false,
          // The mark jumps from point to point.
          move: (u, left, top) => {
            const point = left < 0 ? undefined : points[u.posToIdx(left)]
            return [point === undefined ? left : u.valToPos(point.timestamp, "x"), top]
          },
          drag: { x: false, y: false },
          points: {
            size: 9,
            width: 2,
            stroke: (_, series) => colours[`--line-${lines[series - 1]!}`],
            fill: () => colours["--surface"]
          }
        },
        scales: {
          x: { time: true },
          left: { range: () => range("left") },
          right: { range: () => range("right") }
        },
        axes: [
          {
            font,
            stroke: () => colours["--muted"],
            grid: { show: false },
            ticks: { stroke: () => colours["--line"], width: 1, size: 5 },
            gap: 4,
            size: 30,
            space: 50,
            values: (_, splits, __, ___, step) => [...timeLabels(splits, step)]
          },
          sizeAxis("left"),
          ...(ownAxis ? [sizeAxis("right")] : [])
        ],
        series: [
          {},
          ...lines.map((key): uPlot.Series => ({
            scale: scaleOf(key),
            stroke: () => colours[`--line-${key}`],
            width: key === "disk_size" ? 2.5 : 1.75,
            ...(key === "size" ? { dash: [6, 4] } : key === "unique_size" ? { dash: [1.5, 3] } : {}),
            points: { show: points.length <= 40, size: 5, stroke: () => colours[`--line-${key}`] }
          }))
        ],
        hooks: {
          setCursor: [
            ({ cursor }) => {
              onAt(cursor.idx ?? undefined)
            }
          ]
        }
      },
      [points.map(({ timestamp }) => timestamp), ...lines.map((key) => column(points, key))],
      target
    )
    plot.current = u
    const observer = new ResizeObserver(() => {
      const { clientHeight: height, clientWidth: width } = target
      if (width !== u.width || height !== u.height) u.setSize({ width, height })
    })
    observer.observe(target)
    const unsubscribe = onThemeChange(() => {
      colours = resolveColours(target, colourNames)
      u.redraw(false)
    })
    return () => {
      unsubscribe()
      observer.disconnect()
      u.destroy()
      plot.current = undefined
    }
  }, [points, lines, units, onAt])

  // The mark is on a point, whether the pointer or a key chose it.
  useEffect(() => {
    const u = plot.current
    if (u === undefined) return
    const point = at === undefined ? undefined : points[at]
    u.setCursor(
      point === undefined ? { left: -10, top: -10 } : { left: u.valToPos(point.timestamp, "x"), top: 0 },
      false
    )
  }, [at, points, lines, units])

  return <div class="chart-canvas" ref={element} aria-hidden="true" />
}
