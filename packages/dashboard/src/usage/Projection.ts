/** When the registry will be full, in words. */
import type { Projection } from "../api/Resources.ts"
import * as Format from "../view/Format.ts"

/** The projection as a sentence; `undefined` without one. */
export const sentence = (
  { bytes_per_day, days, full_at, reason }: Projection,
  units: Format.Units
): string | undefined => {
  switch (reason) {
    case "no-capacity":
      return bytes_per_day === null ? undefined : `${Format.change(bytes_per_day, units)} a day on disk.`
    case "too-few-points":
      return "A projection needs three days of history."
    case "not-growing":
      return "It does not grow, so it will not be full."
    case "beyond-a-century":
      return "It will not be full within a century."
    default:
      if (days === null || days <= 0) return "It is full."
      return `Full in about ${Format.counted(Math.max(1, Math.round(days)), "day")}${full_at === null ? "" : `, on ${Format.onDay(full_at)}`}.`
  }
}
