/** The ticks of the chart's axes and their labels. */
import { type Units, units } from "../view/Format.ts"

/** Equidistant ticks (bytes). All labels have the same unit, and enough digits to differ. */
interface SizeTicks {
  readonly ticks: ReadonlyArray<number>
  readonly labels: ReadonlyArray<string>
}

/** Rounds up to 1, 2 or 5 times a power of ten. */
const roundStep = (value: number): number => {
  const power = 10 ** Math.floor(Math.log10(value))
  return [1, 2, 5, 10].map((factor) => factor * power).find((step) => step >= value * 0.999_999) ?? 10 * power
}

/**
 * About `count` ticks that span the sizes from `low` to `high` (bytes). They begin at 0 if `low` is less than half of
 * `high`.
 */
export const sizeTicks = (low: number, high: number, count: number, choice: Units): SizeTicks => {
  const { base, names } = units[choice]
  const from = low < high / 2 ? 0 : low
  // A constant line is in the middle.
  const [bottom, top] = high > from ? [from, high] : [from * 0.95, Math.max(from * 1.05, 1)]
  let unit = 0
  while (top >= base ** (unit + 1) && unit < names.length - 1) unit++
  const scale = base ** unit
  // There are no fractions of a byte.
  const least = unit === 0 ? 1 : 0
  const step = Math.max(least, roundStep((top - bottom) / scale / Math.max(1, count)))
  const digits = Math.max(0, -Math.floor(Math.log10(step) + 1e-9))
  const [first, last] = [Math.floor(bottom / scale / step + 1e-9), Math.ceil(top / scale / step - 1e-9)]
  const values = Array.from({ length: last - first + 1 }, (_, i) => (first + i) * step)
  return {
    ticks: values.map((value) => value * scale),
    labels: values.map((value) => `${value.toFixed(digits)}\u00a0${names[unit]}`)
  }
}

const formats = {
  second: new Intl.DateTimeFormat(undefined, { hour: "2-digit", minute: "2-digit", second: "2-digit" }),
  time: new Intl.DateTimeFormat(undefined, { hour: "2-digit", minute: "2-digit" }),
  day: new Intl.DateTimeFormat(undefined, { day: "numeric", month: "short" }),
  month: new Intl.DateTimeFormat(undefined, { month: "short" }),
  year: new Intl.DateTimeFormat(undefined, { month: "short", year: "numeric" })
}

const isMidnight = (date: Date) => date.getHours() === 0 && date.getMinutes() === 0

/**
 * The labels of ticks (seconds since 1970) that are `step` seconds apart, in the user's language and time zone: times,
 * with the day at midnight; days; or months, with the year in January.
 */
export const timeLabels = (ticks: ReadonlyArray<number>, step: number): ReadonlyArray<string> =>
  ticks.map((tick) => {
    const date = new Date(tick * 1000)
    const format =
      step < 86_400
        ? isMidnight(date)
          ? formats.day
          : step < 60
            ? formats.second
            : formats.time
        : step < 28 * 86_400
          ? formats.day
          : date.getMonth() === 0
            ? formats.year
            : formats.month
    return format.format(date)
  })
