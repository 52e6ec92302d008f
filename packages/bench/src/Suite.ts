/**
 * A suite of measurements and what it found.
 */
import type { Effect } from "effect"
import type { Scope } from "effect"

/**
 * How much is measured: `full` is what the targets speak of; `smoke` shows in seconds that the suite still runs, and its
 * figures mean nothing.
 */
export type Extent = "full" | "smoke"

/**
 * A table of figures, each a text as it is printed. The first column names the row.
 */
export interface Table {
  readonly title: string
  readonly columns: ReadonlyArray<string>
  readonly rows: ReadonlyArray<ReadonlyArray<string>>
}

/**
 * A figure beside what it should be at most.
 */
export interface Target {
  readonly what: string
  readonly value: number
  readonly limit: number
  readonly unit: string
}

/**
 * What a suite found. `method` says how each figure was taken, as paragraphs of Markdown; `data` is every single
 * measurement, as JSON.
 */
export interface Report {
  readonly method: string
  readonly targets: ReadonlyArray<Target>
  readonly tables: ReadonlyArray<Table>
  readonly data: unknown
}

/**
 * A suite: the default export of a file in `suites/`, which is named like it.
 */
export interface Suite {
  readonly title: string
  readonly run: (extent: Extent) => Effect.Effect<Report, unknown, Scope.Scope>
}

/**
 * Whether the figure is what it should be.
 */
export const isMet = ({ limit, value }: Target): boolean => value <= limit
