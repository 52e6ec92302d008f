/** The points of a time series as a table, the newest first. */
import { useState } from "preact/hooks"
import type { Point } from "../../api/Resources.ts"
import * as Format from "../../view/Format.ts"
import * as Instant from "../../view/Instant.ts"
import { usePage } from "../../view/PageContext.ts"
import { sizeKeys, sizeNames } from "../../view/SizeNames.ts"

export const TrendTable = ({ points }: { readonly points: ReadonlyArray<Point> }) => {
  const { href, units } = usePage()
  const [open, setOpen] = useState(false)
  return (
    <details class="trend-table" onToggle={(event) => setOpen(event.currentTarget.open)}>
      <summary class="caption">Figures as a table</summary>
      {open && (
        <div class="trend-scroll" tabIndex={0} role="region" aria-label="Figures as a table">
          <table>
            <thead>
              <tr>
                <th scope="col">When</th>
                {sizeKeys.map((key) => (
                  <th key={key} scope="col">
                    {sizeNames[key].label}
                  </th>
                ))}
              </tr>
            </thead>
            <tbody>
              {points.toReversed().map((point) => (
                <tr key={point.timestamp}>
                  <th scope="row">
                    <a href={href({ instant: Instant.fromSeconds(point.timestamp) })} title="Show the snapshot">
                      {Format.toMinute(point.timestamp)}
                    </a>
                  </th>
                  {sizeKeys.map((key) => (
                    <td key={key}>{Format.bytes(point[key], units)}</td>
                  ))}
                </tr>
              ))}
            </tbody>
          </table>
        </div>
      )}
    </details>
  )
}
