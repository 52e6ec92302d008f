/** How sizes went: lines, what they say at a point, and the same as a table. */
import { useCallback, useEffect, useMemo, useState } from "preact/hooks"
import type { Link } from "../../api/Links.ts"
import { Problem } from "../../api/Problem.ts"
import type { Course, Point } from "../../api/Resources.ts"
import { change, instantOf, isApart, names, periods, step } from "../../usage/TimeSeries.ts"
import * as Format from "../../view/Format.ts"
import * as Location from "../../view/Location.ts"
import { useShell } from "../../view/Shell.ts"
import { useKept } from "../../view/useLastValue.ts"
import { Failure } from "../controls/Failure.tsx"
import { TrendTable } from "./TrendTable.tsx"

interface Props {
  /** Undefined while it is not known yet. */
  readonly link: Link | undefined
  readonly name: string
}

const loadChart = () =>
  import("./Chart.tsx").catch(() => {
    throw new Problem(
      "unreachable",
      "the chart could not be loaded; reload the page if the server was updated meanwhile"
    )
  })

export const Trend = ({ link, name }: Props) => {
  const { cache, client, view } = useShell()
  const key = `course ${link?.href} ${view.period}`
  const ask = () => client.history(link!, periods[view.period].from)
  useEffect(() => {
    if (link !== undefined) cache.load(key, ask)
  }, [cache, client, key, link])
  const loaded = link === undefined ? undefined : cache.get<Course>(key)
  const course = useKept(loaded)
  return (
    <section class="panel trend" aria-labelledby="trend-title" aria-busy={loaded?.state !== "done"}>
      <h3 id="trend-title">Trend</h3>
      {loaded?.state === "failed" ? (
        <Failure problem={loaded.problem} onRetry={() => cache.retry(key, ask)} />
      ) : course === undefined ? (
        <p class="panel-empty">Loading …</p>
      ) : course.points.length < 2 ? (
        <First points={course.points} />
      ) : (
        <Lines course={course} name={name} />
      )}
    </section>
  )
}

/** What is told of sizes at a point. */
const told = (point: Point, units: Format.Units) =>
  Location.sizeKeys.map((key) => `${names[key]} ${Format.bytes(point[key], units)}`).join(" · ")

/** One point is no line. */
const First = ({ points }: { readonly points: ReadonlyArray<Point> }) => {
  const { units, view } = useShell()
  const [point] = points
  return (
    <div class="panel-empty">
      {point === undefined ? (
        <p>There are no figures of this period.</p>
      ) : (
        <>
          <p>
            In this period, history begins at {Format.toMinute(point.timestamp)}. Come back after the next crawl
            {view.period === "1y" ? "." : ", or choose a longer period."}
          </p>
          <p class="panel-first">{told(point, units)}</p>
        </>
      )}
    </div>
  )
}

const Lines = ({ course, name }: { readonly course: Course; readonly name: string }) => {
  const { cache, go, units, view } = useShell()
  const { points } = course
  const [at, setAt] = useState<number>()
  useEffect(() => setAt(undefined), [points])
  useEffect(() => void cache.load("chart", loadChart), [cache])
  const chart = cache.get<Awaited<ReturnType<typeof loadChart>>>("chart")
  const Chart = useKept(chart)?.Chart

  const onKeyDown = useCallback(
    (event: KeyboardEvent) => {
      if (event.key === "Escape" && at !== undefined) {
        event.preventDefault()
        setAt(undefined)
        return
      }
      const chosen = at === undefined ? undefined : points[at]
      if (event.key === "Enter" && chosen !== undefined) go({ past: instantOf(chosen.timestamp) })
      if (step(event.key, at, points.length) === undefined || event.altKey || event.ctrlKey || event.metaKey) return
      event.preventDefault()
      // Keys may come faster than the page is drawn.
      setAt((at) => step(event.key, at, points.length))
    },
    [at, points, go]
  )

  const point = at === undefined ? undefined : points[at]
  // The same lines in another view are no others: nothing is drawn anew.
  const lines = useMemo(() => view.lines, [view.lines.join()])
  const apart = isApart(points, lines)
  const whole = change(points, "disk_size")
  const unknown = points.filter(({ disk_size }) => disk_size === null).length
  return (
    <>
      <div class="trend-lines" role="group" aria-label="Lines">
        {Location.sizeKeys.map((key) => {
          const drawn = view.lines.includes(key)
          return (
            <button
              key={key}
              type="button"
              class={`line line-${key}`}
              aria-pressed={drawn}
              disabled={drawn && view.lines.length === 1}
              onClick={() => {
                const lines = Location.sizeKeys.filter((other) => (other === key) !== view.lines.includes(other))
                go({ lines }, true)
              }}
            >
              <span class="line-swatch" aria-hidden="true" />
              {names[key]}
              {key === "size" && apart && <small> (right axis)</small>}
            </button>
          )
        })}
      </div>
      {chart?.state === "failed" ? (
        <Failure problem={chart.problem} onRetry={() => cache.retry("chart", loadChart)} />
      ) : (
        <div
          class="chart"
          role="application"
          aria-roledescription="chart"
          aria-label={`Sizes of ${name} over time, ${Format.count(points.length)} points`}
          aria-describedby="trend-keys"
          tabIndex={0}
          onKeyDown={onKeyDown}
          onBlur={() => setAt(undefined)}
        >
          {Chart !== undefined && <Chart points={points} lines={lines} units={units} at={at} onAt={setAt} />}
        </div>
      )}
      <p class="visually-hidden" id="trend-keys">
        The arrow keys lead from point to point, Home and End to the first and the last. Enter shows all as of then.
      </p>
      <p class="trend-caption" role="status">
        {point !== undefined ? (
          <>
            <strong>{Format.toMinute(point.timestamp)}</strong> {told(point, units)}
          </>
        ) : (
          <>
            {whole !== undefined &&
              `${Format.change(whole.change, units)}${whole.percent === null ? "" : ` (${Format.percentChange(whole.percent)})`} on disk from ${Format.toMinute(points[0]!.timestamp)} to ${Format.toMinute(points.at(-1)!.timestamp)}.`}
            {unknown > 0 && ` Of ${Format.counted(unknown, "point")} the size is not known: there the lines break.`}
          </>
        )}
      </p>
      <TrendTable points={points} />
    </>
  )
}
