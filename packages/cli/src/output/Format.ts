/**
 * Values formatted for people.
 */
import { Bytes, type Digest, PrintableText } from "@gitlab-registry-usage/core"
import { DateTime } from "effect"
import type { Column, Row, Value } from "./Table.ts"

/** The style of sizes: in bytes, in powers of 1000 (`si`), or by default of 1024. */
export interface Style {
  readonly bytes: boolean
  readonly si: boolean
}

export const size = (bytes: number, style: Style): string =>
  style.bytes ? `${bytes}` : Bytes.format(Bytes.make(bytes), { decimal: style.si })

/** A difference of sizes: `+1.5 KiB`, `-3 B`, `0 B`. */
export const change = (bytes: number, style: Style): string =>
  `${bytes > 0 ? "+" : bytes < 0 ? "-" : ""}${size(Math.abs(bytes), style)}`

/** A part of 1 in percent, with two digits; `<1 %` for a small part that is not 0. */
export const percent = (share: number): string => {
  const percent = share * 100
  return percent > 0 && percent < 1
    ? "<1 %"
    : percent >= 10 || percent === 0
      ? `${Math.round(percent)} %`
      : `${Number(percent.toFixed(1))} %`
}

/** The text of a value; `?` where it is unknown. */
export const text = (value: Value, kind: Column["kind"], style: Style): string => {
  if (value === undefined) return ""
  if (value === null) return "?"
  if (typeof value === "object") return PrintableText.printable(value.join(", "))
  if (typeof value !== "number") return PrintableText.printable(`${value}`)
  if (kind === "bytes") return size(value, style)
  if (kind === "change") return change(value, style)
  return kind === "share" ? percent(value) : `${value}`
}

/** A size that is the least that it can be: `≥ 1.5 KiB`. In bytes it stays a number, for scripts. */
export const least = (size: string, style: Style, unicode = true): string =>
  style.bytes ? size : `${unicode ? "≥" : ">="} ${size}`

/** A sum for people: `unknown`, or `≥ 1.5 KiB` where something is missing in it. */
export const sum = (bytes: number | null, partial: boolean, style: Style, unicode = true): string => {
  if (bytes === null) return "unknown"
  const text = size(bytes, style)
  return partial ? least(text, style, unicode) : text
}

/** The text of a cell. */
export const cell = ({ exact, key, kind }: Column, { partial, values }: Row, style: Style, unicode = true): string => {
  const value = values[key]
  const shown = text(value, kind, style)
  const isLeast = partial === true && exact !== true && kind === "bytes" && typeof value === "number"
  return isLeast ? least(shown, style, unicode) : shown
}

const eighths = ["", "▏", "▎", "▍", "▌", "▋", "▊", "▉"]

/** A bar of at most `width` columns for a part of 1; empty for 0 alone. */
export const bar = (share: number, width: number): string => {
  const parts = Math.max(share > 0 ? 1 : 0, Math.round(share * width * 8))
  return "█".repeat(Math.floor(parts / 8)) + eighths[parts % 8]
}

/** The bar in ASCII, for terminals without Unicode. */
export const plainBar = (share: number, width: number): string =>
  "#".repeat(Math.max(share > 0 ? 1 : 0, Math.round(share * width)))

/** The text, cut in its middle where it is longer than `width`, so that both group and image stay readable. */
export const cut = (text: string, width: number): string => {
  const letters = [...text]
  if (letters.length <= width) return text
  const head = Math.ceil((width - 1) / 2)
  return `${letters.slice(0, head).join("")}…${letters.slice(letters.length - (width - 1 - head)).join("")}`
}

/** An instant in UTC, to the minute: `2026-01-31 12:00`. */
export const minute = (instant: DateTime.Utc): string => DateTime.formatIso(instant).slice(0, 16).replace("T", " ")

/** A number with its noun: `1 tag`, `2 repositories`. */
export const counted = (n: number, one: string, many = `${one}s`): string => `${n} ${n === 1 ? one : many}`

/** A number of repositories with its noun. */
export const repositories = (n: number): string => counted(n, "repository", "repositories")

/** A digest with its first twelve digits, which name it well enough for people. */
export const shortDigest = (digest: Digest.Digest): string => digest.slice(0, digest.indexOf(":") + 13)
