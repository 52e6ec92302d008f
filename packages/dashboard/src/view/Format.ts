/** Sizes, numbers and times as text for users. */

/** Powers of 1024 (KiB) or of 1000 (kB). */
export type Units = "binary" | "decimal"

export const units = {
  binary: { base: 1024, names: ["B", "KiB", "MiB", "GiB", "TiB", "PiB"] },
  decimal: { base: 1000, names: ["B", "kB", "MB", "GB", "TB", "PB"] }
}

const digits = (value: number) => (value >= 99.95 ? 0 : value >= 9.995 ? 1 : value >= 0.9995 ? 2 : 3)

type Parts = readonly [number: string, unit: string]

/** A size with three significant digits, such as `1.50 KiB`, as number and unit. */
export const bytesParts = (bytes: number, choice: Units): Parts => {
  const { base, names } = units[choice]
  let value = bytes
  let unit = 0
  // A value that would print as 1000 or more takes the next unit.
  while (value >= 999.5 && unit < names.length - 1) {
    value /= base
    unit++
  }
  return [value.toFixed(unit === 0 ? 0 : Math.min(2, digits(value))), names[unit]!]
}

/** A size in this unit, such as `0.27 TB`, or in a smaller one of its kind. In bytes and in no unit, it is as the user chose. */
export const bytesPartsIn = (bytes: number, unit: string | undefined, choice: Units): Parts => {
  const written = (["binary", "decimal"] as const).find((kind) => units[kind].names.indexOf(unit ?? "") > 0)
  if (written === undefined || unit === undefined) return bytesParts(bytes, choice)
  const { base, names } = units[written]
  const value = bytes / base ** names.indexOf(unit)
  if (value < 0.1) return bytesParts(bytes, written)
  return [
    value.toLocaleString("en", { minimumFractionDigits: digits(value), maximumFractionDigits: digits(value) }),
    unit
  ]
}

/** A size as one text, `unknown` where it is not known. */
export const bytes = (value: number | null | undefined, choice: Units): string =>
  value === null || value === undefined ? "unknown" : bytesParts(value, choice).join("\u00a0")

/** A sum as one text, with `≥` where something is missing in it. */
export const sum = (value: number | null | undefined, partial: boolean, choice: Units): string =>
  `${partial && typeof value === "number" ? "≥\u00a0" : ""}${bytes(value, choice)}`

const grouped = new Intl.NumberFormat("en")

export const count = (value: number): string => grouped.format(value)

/** `1 tag`, `2,000 tags`. */
export const counted = (value: number, one: string, many = `${one}s`): string =>
  `${count(value)} ${value === 1 ? one : many}`

/** A share between 0 and 1 in percent. Only 0 and 1 themselves become `0 %` and `100 %`. */
export const percent = (share: number): string => {
  const value = share * 100
  if (value > 0 && value < 1) return "< 1 %"
  if (value > 99 && value < 100) return "> 99 %"
  return `${Math.round(value)} %`
}

/** A share in percent, with `≥` where something is missing in it. */
export const leastPercent = (share: number, partial: boolean): string =>
  partial ? `≥ ${percent(share).replace("< 1", "0").replace("> ", "")}` : percent(share)

const relative = new Intl.RelativeTimeFormat("en", { numeric: "auto" })
const steps: ReadonlyArray<readonly [Intl.RelativeTimeFormatUnit, number]> = [
  ["day", 86_400],
  ["hour", 3_600],
  ["minute", 60]
]

/** How long ago an instant was, `now` and `then` in seconds. */
export const ago = (then: number, now: number): string => {
  const elapsed = Math.max(0, now - then)
  for (const [unit, seconds] of steps) {
    if (elapsed >= seconds) return relative.format(-Math.floor(elapsed / seconds), unit)
  }
  return "just now"
}

const moment = new Intl.DateTimeFormat("en-GB", { dateStyle: "medium", timeStyle: "medium" })

/** An instant in seconds since 1970, in the user's time zone. */
export const at = (seconds: number): string => moment.format(seconds * 1000)

/** A change of a size, with its sign: `+1.50 KiB`. */
export const change = (value: number, choice: Units): string =>
  `${value > 0 ? "+" : value < 0 ? "\u2212" : "±"}${bytes(Math.abs(value), choice)}`

const signed = new Intl.NumberFormat("en", { maximumFractionDigits: 0, signDisplay: "exceptZero" })
const signedFine = new Intl.NumberFormat("en", { maximumFractionDigits: 1, signDisplay: "exceptZero" })

/** A change in percent, with its sign: `+8.3 %`, `−50 %`. */
export const percentChange = (value: number): string =>
  value !== 0 && Math.abs(value) < 0.05
    ? `${value > 0 ? "+" : "\u2212"}< 0.1 %`
    : `${(Math.abs(value) < 10 ? signedFine : signed).format(value).replace("-", "\u2212")} %`

const day = new Intl.DateTimeFormat(undefined, { day: "numeric", month: "short", year: "numeric" })

/** The day of an instant in seconds since 1970, in the user's language. */
export const onDay = (seconds: number): string => day.format(seconds * 1000)

const dayOfYear = new Intl.DateTimeFormat("en-GB", { day: "numeric", month: "long" })
const dayOfAnyYear = new Intl.DateTimeFormat("en-GB", { dateStyle: "long" })

/** The day of an instant to come, with the year where it is more than ten months ahead; `now` in seconds, too. */
export const onComingDay = (seconds: number, now: number): string =>
  (seconds - now < 300 * 86_400 ? dayOfYear : dayOfAnyYear).format(seconds * 1000)

const minute = new Intl.DateTimeFormat(undefined, { dateStyle: "medium", timeStyle: "short" })

/** An instant to the minute, in the user's language. */
export const toMinute = (seconds: number): string => minute.format(seconds * 1000)

/** A duration given in milliseconds. */
export const duration = (milliseconds: number): string =>
  milliseconds < 1000
    ? `${Math.round(milliseconds)} ms`
    : milliseconds < 60_000
      ? `${(milliseconds / 1000).toFixed(1)} s`
      : `${Math.floor(milliseconds / 60_000)} min ${Math.round((milliseconds % 60_000) / 1000)} s`

/** The first 12 digits of a digest; the algorithm only if it is not SHA-256. */
export const shortDigest = (digest: string): string => {
  const [algorithm, hash] = digest.split(":")
  return hash === undefined
    ? digest.slice(0, 12)
    : algorithm === "sha256"
      ? hash.slice(0, 12)
      : `${algorithm}:${hash.slice(0, 12)}`
}
