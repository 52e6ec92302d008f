/**
 * Whether a registry is within its budget.
 */
import type { Report } from "./Measure.ts"
import { formatSize, read } from "./Size.ts"

/**
 * A budget, checked. `over`: exceeded, whatever could not be read. `unknown`: what could be read is within the budget, but
 * something could not, so that nobody knows about the whole. `actual` and `limit` are in bytes, `actual` null where nothing
 * could be read; `text` is one line for people.
 *
 * @category models
 * @since 0.1.0
 */
export interface Budget {
  readonly state: "ok" | "over" | "unknown"
  readonly actual: number | null
  readonly limit: number
  readonly text: string
}

/**
 * Compares the disk size of everything with a budget such as `50GB`, or of a number of bytes. Throws `ERR_OPTION_INVALID`
 * where the budget is missing, has no unit, or is no size.
 *
 * @category checking
 * @since 0.1.0
 */
export const checkBudget = (report: Report, maxTotal: string | number): Budget => {
  const { bytes: limit, decimal } = read(maxTotal, "maxTotal")
  const size = (bytes: number) => formatSize(bytes, { decimal })
  if (report.total === null) {
    const text = `nothing could be read, so nobody knows whether it is within the budget of ${size(limit)}`
    return { state: "unknown", actual: null, limit, text }
  }
  const actual = report.total.diskSize
  const used = `${report.partial ? "at least " : ""}${size(actual)} on disk`
  if (actual > limit) {
    return {
      state: "over",
      actual,
      limit,
      text: `${used}, which is ${size(actual - limit)} over the budget of ${size(limit)}`
    }
  }
  return report.partial
    ? {
        state: "unknown",
        actual,
        limit,
        text: `${used}; not all could be read, so nobody knows whether it is within the budget of ${size(limit)}`
      }
    : { state: "ok", actual, limit, text: `${used}, within the budget of ${size(limit)}` }
}
