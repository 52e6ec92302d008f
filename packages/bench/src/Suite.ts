/**
 * A suite of measurements and its report.
 */
import type { Effect } from "effect"
import type { Scope } from "effect"

/**
 * The size of a run: the targets hold for `full`; `smoke` checks within seconds that the suite runs, and its figures mean
 * nothing.
 */
export type Extent = "full" | "smoke"

/**
 * A table of printed figures. The first column names the row.
 */
export interface Table {
  readonly title: string
  readonly columns: ReadonlyArray<string>
  readonly rows: ReadonlyArray<ReadonlyArray<string>>
}

/**
 * A value and its limit, in the same unit, which is printed after them.
 */
export type Target = readonly [what: string, value: number, limit: number, unit: string]

/**
 * The report of a suite. `method` explains how the figures were measured, in paragraphs of Markdown; `data` has every
 * measurement, as JSON.
 */
export interface Report {
  readonly method: string
  readonly targets: ReadonlyArray<Target>
  readonly tables: ReadonlyArray<Table>
  readonly data: unknown
}

/**
 * A suite: the default export of a file in `suites/` with the name of the suite.
 */
export interface Suite {
  readonly title: string
  readonly run: (extent: Extent) => Effect.Effect<Report, unknown, Scope.Scope>
}

/**
 * Whether the value is within its limit.
 */
export const isMet = ([, value, limit]: Target): boolean => value <= limit
