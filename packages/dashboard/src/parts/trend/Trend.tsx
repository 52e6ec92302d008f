/** A time series as lines, with the values at a point and the same as a table. */
import { useCallback, useEffect, useMemo, useState } from "preact/hooks"
import type { Link } from "../../api/Links.ts"
import { Problem } from "../../api/Problem.ts"
import type { Point } from "../../api/Resources.ts"
import { change, needsOwnAxis, step } from "../../usage/TimeSeries.ts"
import * as Format from "../../view/Format.ts"
import * as Instant from "../../view/Instant.ts"
import { periods } from "../../view/Location.ts"
import { usePage } from "../../view/PageContext.ts"
import { sizeKeys, sizeNames } from "../../view/SizeNames.ts"
import { useLoaded } from "../../view/useLoaded.ts"
import { Failure } from "../controls/Failure.tsx"
import { LoadedPanel } from "./LoadedPanel.tsx"
import { TrendTable } from "./TrendTable.tsx"

interface Props {
  /** Undefined while it is loading. */
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
  const { client, view } = usePage()
  const state = useLoaded(
    `history ${link?.href} ${view.period}`,
    link && (() => client.timeSeries(link, periods[view.period].from))
  )
  return (
    <LoadedPanel name="trend" title="Trend" state={state}>
      {({ points }) => (points.length < 2 ? <SinglePoint point={points[0]} /> : <Lines points={points} name={name} />)}
    </LoadedPanel>
  )
}

const describe = (point: Point, units: Format.Units) =>
  sizeKeys.map((key) => `${sizeNames[key].label} ${Format.bytes(point[key], units)}`).join(" · ")

/** A single point makes no line. */
const SinglePoint = ({ point }: { readonly point: Point | undefined }) => {
  const { units, view } = usePage()
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
          <p class="panel-first">{describe(point, units)}</p>
        </>
      )}
    </div>
  )
}

const Lines = ({ name, points }: { readonly name: string; readonly points: ReadonlyArray<Point> }) => {
  const { go, units, view } = usePage()
  const [at, setAt] = useState<number>()
  useEffect(() => setAt(undefined), [points])
  const { latest: chart, loaded, retry } = useLoaded("chart", loadChart)

  const onKeyDown = useCallback(
    (event: KeyboardEvent) => {
      if (event.key === "Escape" && at !== undefined) {
        event.preventDefault()
        setAt(undefined)
        return
      }
      const chosen = at === undefined ? undefined : points[at]
      if (event.key === "Enter" && chosen !== undefined) go({ instant: Instant.fromSeconds(chosen.timestamp) })
      if (step(event.key, at, points.length) === undefined || event.altKey || event.ctrlKey || event.metaKey) return
      event.preventDefault()
      // Keys may come faster than the page is drawn.
      setAt((at) => step(event.key, at, points.length))
    },
    [at, points, go]
  )

  const point = at === undefined ? undefined : points[at]
  // A new view with the same lines does not draw the chart again.
  const lines = useMemo(() => view.lines, [view.lines.join()])
  const ownAxis = needsOwnAxis(points, lines)
  const whole = change(points, "disk_size")
  const unknown = points.filter(({ disk_size }) => disk_size === null).length
  return (
    <>
      <div class="trend-lines" role="group" aria-label="Lines">
        {sizeKeys.map((key) => {
          const drawn = lines.includes(key)
          return (
            <button
              key={key}
              type="button"
              class={`line line-${key}`}
              title={sizeNames[key].title}
              aria-pressed={drawn}
              disabled={drawn && lines.length === 1}
              onClick={() => go({ lines: sizeKeys.filter((other) => (other === key) !== lines.includes(other)) }, true)}
            >
              <span class="line-swatch" aria-hidden="true" />
              {sizeNames[key].label}
              {key === "size" && ownAxis && <small> (right axis)</small>}
            </button>
          )
        })}
      </div>
      {loaded?.state === "failed" ? (
        <Failure text={loaded.problem.sentence} onRetry={retry} />
      ) : (
        <div
          class="chart"
          role="application"
          aria-roledescription="chart"
          aria-label={`Time series of the sizes of ${name}, ${Format.count(points.length)} points`}
          aria-describedby="trend-keys"
          tabIndex={0}
          onKeyDown={onKeyDown}
          onBlur={() => setAt(undefined)}
        >
          {chart && <chart.Chart points={points} lines={lines} units={units} at={at} onAt={setAt} />}
        </div>
      )}
      <p class="visually-hidden" id="trend-keys">
        The arrow keys lead from point to point, Home and End to the first and the last. Enter shows the snapshot of the
        point.
      </p>
      <p class="trend-caption caption" role="status">
        {point !== undefined ? (
          <>
            <strong>{Format.toMinute(point.timestamp)}</strong> {describe(point, units)}
          </>
        ) : (
          <>
            {whole !== undefined &&
              `${Format.change(whole.change, units)}${whole.percent === null ? "" : ` (${Format.percentChange(whole.percent)})`} on disk from ${Format.toMinute(points[0]!.timestamp)} to ${Format.toMinute(points.at(-1)!.timestamp)}.`}
            {unknown > 0 && ` The size of ${Format.counted(unknown, "point")} is unknown: there the lines break.`}
          </>
        )}
      </p>
      <TrendTable points={points} />
    </>
  )
}
