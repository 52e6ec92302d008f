/** The points of the trend as a table, the newest first. */
import { useState } from "preact/hooks"
import type { Point } from "../../api/Resources.ts"
import { instantOf, names } from "../../usage/TimeSeries.ts"
import * as Format from "../../view/Format.ts"
import { sizeKeys } from "../../view/Location.ts"
import { useShell } from "../../view/Shell.ts"

export const TrendTable = ({ points }: { readonly points: ReadonlyArray<Point> }) => {
  const { href, units } = useShell()
  const [open, setOpen] = useState(false)
  return (
    <details class="trend-table" onToggle={(event) => setOpen(event.currentTarget.open)}>
      <summary>Figures as a table</summary>
      {open && (
        <div class="trend-scroll" tabIndex={0} role="region" aria-label="Figures as a table">
          <table>
            <thead>
              <tr>
                <th scope="col">When</th>
                {sizeKeys.map((key) => (
                  <th key={key} scope="col">
                    {names[key]}
                  </th>
                ))}
              </tr>
            </thead>
            <tbody>
              {points.toReversed().map((point) => (
                <tr key={point.timestamp}>
                  <th scope="row">
                    <a href={href({ past: instantOf(point.timestamp) })} title="Show all as of then">
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
