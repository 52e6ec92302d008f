/** The order of rows. */
import type { SortKey } from "../view/Location.ts"

export interface Order {
  readonly sort: SortKey
  readonly descending: boolean
}

export type Values = Readonly<Record<Exclude<SortKey, "name">, number | null | undefined>> & { readonly name: string }

/** Compares numbers within names as numbers: `1.9` comes before `1.10`. */
const names = new Intl.Collator("en", { numeric: true })

/** Unknown values come last in either direction; equal ones are in the order of their names. */
export const comparator =
  ({ descending, sort }: Order) =>
  (a: Values, b: Values): number => {
    if (sort === "name") return (descending ? -1 : 1) * names.compare(a.name, b.name)
    const [x, y] = [a[sort] ?? null, b[sort] ?? null]
    if (x === null || y === null) return x === y ? names.compare(a.name, b.name) : x === null ? 1 : -1
    return x === y ? names.compare(a.name, b.name) : descending ? y - x : x - y
  }
