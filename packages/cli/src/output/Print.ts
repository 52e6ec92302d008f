/**
 * Writes the result of a command to the standard output.
 */
import { Console, Effect, Option, Stdio, Stream } from "effect"
import * as Format from "./Format.ts"
import * as MarkdownTable from "./MarkdownTable.ts"
import * as Pieces from "./Pieces.ts"
import * as Records from "./Records.ts"
import * as TextTable from "./TextTable.ts"
import { Screen } from "./Screen.ts"
import * as Table from "./Table.ts"
import { usageError } from "./CommandFailure.ts"

const writeAll = Effect.fnUntraced(function* (pieces: Stream.Stream<string>) {
  const stdio = yield* Stdio.Stdio
  yield* Stream.run(Pieces.pausing(pieces), stdio.stdout()).pipe(Effect.orDie)
})

/** Writes text to the standard output unchanged. */
export const write = (text: string) => writeAll(Stream.make(text))

/** The flags that choose the output. */
export interface OutputFlags extends Format.Style {
  readonly output: "table" | "json" | "ndjson" | "csv" | "markdown" | "openmetrics"
  readonly columns: Option.Option<string>
  readonly header: boolean
  readonly quiet: boolean
}

/** The JSON document around the rows. */
export interface Envelope {
  readonly command: string
  /** The name of the array of rows. */
  readonly rows: string
  readonly fields: Readonly<Record<string, unknown>>
  /** The OpenMetrics text, where the command has one. */
  readonly openmetrics?: (() => string) | undefined
}

const render = Effect.fnUntraced(function* (flags: OutputFlags, table: Table.Table, envelope: Envelope) {
  const { bytes, header, output, si } = flags
  const inPieces = (pieces: Iterable<string>) => Stream.fromIterable(pieces, { chunkSize: 1 })
  if (output === "markdown") return inPieces(MarkdownTable.render(table, flags))
  if (output === "csv") return Records.csv(table, header)
  if (output === "ndjson") return inPieces(Records.ndjson(table))
  if (output === "json") {
    const { command, fields, rows } = envelope
    return inPieces(Records.documentOf({ command, ...fields }, rows, table))
  }
  const { color, unicode, width } = yield* Screen
  return inPieces(TextTable.render(table, { width, color, unicode, header, bytes, si }))
})

/** Writes the table in the form of --output; for people its notes follow on the standard error stream. */
export const print = Effect.fnUntraced(function* (flags: OutputFlags, whole: Table.Table, envelope: Envelope) {
  const form = flags.output
  if (form === "openmetrics") {
    if (envelope.openmetrics !== undefined) return yield* write(envelope.openmetrics())
    return yield* usageError(`${envelope.command} has no output openmetrics`, "ls, total, report and history have")
  }
  const forPeople = form === "table" || form === "markdown"
  // A signal is handled between two long computations.
  yield* Effect.yieldNow
  const table = yield* Table.select(whole, Option.getOrUndefined(flags.columns), forPeople ? "people" : "programs")
  yield* writeAll(yield* render(flags, table, envelope))
  if (!forPeople || flags.quiet) return
  const notes = whole.notes?.((bytes) => Format.size(bytes, flags)) ?? []
  yield* Effect.forEach(notes, (note) => Console.error(note))
})
