/** When the registry will be full if its growth continues, and how this is computed. */
import type { Projection } from "../../api/Resources.ts"
import { sentence, soon } from "../../usage/Projection.ts"
import * as Format from "../../view/Format.ts"
import { usePage } from "../../view/PageContext.ts"

export const ProjectedFull = ({ projection }: { readonly projection: Projection }) => {
  const { capacity, units } = usePage()
  const text = sentence(projection, units)
  if (text === undefined) return null
  const { based_on, bytes_per_day } = projection
  const near = projection.days !== null && projection.days < soon
  return (
    <details class={near ? "projected projected-near" : "projected"}>
      <summary>{text}</summary>
      <p class="caption">
        {bytes_per_day !== null && `It takes ${Format.change(bytes_per_day, units)} on disk a day: `}
        {projection.method === "theil-sen"
          ? "the median of the growth between all pairs of days (the method of Theil and Sen), which few unusual days do not move"
          : `the method is ${projection.method}`}
        . Based on {Format.counted(based_on.points, "day")}
        {based_on.from !== null &&
          based_on.to !== null &&
          ` from ${Format.onDay(based_on.from)} to ${Format.onDay(based_on.to)}`}
        {capacity === undefined
          ? "."
          : `, and a capacity of ${Format.bytesPartsIn(capacity.bytes, capacity.unit, units).join("\u00a0")}.`}
      </p>
    </details>
  )
}
