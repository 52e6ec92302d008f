/** When the registry will be full, in words. */
import type { Projection } from "../api/Resources.ts"
import * as Format from "../view/Format.ts"

/** In days. */
export const soon = 30
/** In days: ten years. A date so far ahead says nothing. */
const farAhead = 3653

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
      if (days > farAhead) return "It will be full in more than 10 years."
      return `Full in about ${Format.counted(Math.max(1, Math.round(days)), "day")}${full_at === null ? "" : `, on ${Format.onDay(full_at)}`}.`
  }
}

/** When the registry will be full, in a few words; `undefined` where that is not known. `now` is in seconds since 1970. */
export const words = ({ days, full_at, reason }: Projection, now: number): string | undefined => {
  if (reason === "not-growing") return "not growing"
  if (reason === "beyond-a-century" || (days !== null && days > farAhead)) return "full in more than 10 years"
  if (reason !== null || days === null || days <= 0 || full_at === null) return undefined
  return full_at <= now ? "expected to be full by now" : `full on ${Format.onComingDay(full_at, now)}`
}
