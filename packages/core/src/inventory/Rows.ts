import * as Column from "./Column.ts"

/**
 * Rows of numbers, each number with a flag: one row for each manifest, in one column in the order in which they were
 * written.
 */
export interface Rows {
  readonly starts: Column.Column<Uint32Array>
  readonly counts: Column.Column<Uint32Array>
  readonly values: Column.Column<Uint32Array>
  readonly flags: Column.Column<Uint8Array>
}

export const make = (): Rows => ({
  starts: Column.uint32(),
  counts: Column.uint32(),
  values: Column.uint32(),
  flags: Column.uint8()
})

/** Adds an empty row. */
export const add = ({ counts, starts }: Rows): void => {
  Column.push(starts, 0)
  Column.push(counts, 0)
}

/** Begins to write a row anew; what is pushed before `end` belongs to it. */
export const begin = ({ starts, values }: Rows, row: number): void => {
  starts.values[row] = values.length
}

export const push = ({ flags, values }: Rows, value: number, flag: number): void => {
  Column.push(values, value)
  Column.push(flags, flag)
}

/** Ends the row that was begun last. Returns its numbers. */
export const end = ({ counts, starts, values }: Rows, row: number): Uint32Array => {
  const written = values.values.subarray(starts.values[row]!, values.length)
  counts.values[row] = written.length
  return written
}

/** All rows in their order: row `r` is `values[starts[r] … starts[r + 1]]`. */
export const done = (rows: Rows) => {
  const count = rows.starts.length
  const starts = new Uint32Array(count + 1)
  for (let row = 0; row < count; row++) starts[row + 1] = starts[row]! + rows.counts.values[row]!
  const values = new Uint32Array(starts[count]!)
  const flags = new Uint8Array(starts[count]!)
  for (let row = 0; row < count; row++) {
    const [from, to] = [rows.starts.values[row]!, rows.starts.values[row]! + rows.counts.values[row]!]
    values.set(rows.values.values.subarray(from, to), starts[row])
    flags.set(rows.flags.values.subarray(from, to), starts[row])
  }
  return { starts, values, flags }
}
