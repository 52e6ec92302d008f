type Values = Uint8Array | Uint16Array | Uint32Array | Float64Array

/**
 * A column of a table: a typed array that grows, so that its numbers cost their own bytes and nothing else. Places beyond
 * `length` mean nothing.
 */
export interface Column<A extends Values> {
  /** Another array after each `push`. */
  values: A
  length: number
}

export const uint8 = (): Column<Uint8Array> => ({ values: new Uint8Array(1024), length: 0 })
export const uint16 = (): Column<Uint16Array> => ({ values: new Uint16Array(1024), length: 0 })
export const uint32 = (): Column<Uint32Array> => ({ values: new Uint32Array(1024), length: 0 })
export const float64 = (): Column<Float64Array> => ({ values: new Float64Array(1024), length: 0 })

const enlarge = <A extends Values>(column: Column<A>) => {
  const larger = new (column.values.constructor as new (length: number) => A)(Math.ceil(column.length * 1.5))
  larger.set(column.values)
  column.values = larger
}

/** Appends the value; returns its place. */
export const push = <A extends Values>(column: Column<A>, value: number): number => {
  if (column.length === column.values.length) enlarge(column)
  column.values[column.length] = value
  return column.length++
}

/** The values alone, in an array of just their number. */
export const done = <A extends Values>(column: Column<A>): A => column.values.slice(0, column.length) as A
