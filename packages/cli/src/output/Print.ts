/**
 * Writes a sheet to the standard output in the form that `--output` asks for.
 *
 * @since 0.1.0
 */
import { Console, Effect, Option, Stdio, Stream } from "effect"
import * as Format from "./Format.ts"
import * as MarkdownTable from "./MarkdownTable.ts"
import * as Records from "./Records.ts"
import * as TextTable from "./TextTable.ts"
import type { Shared } from "../connection/SharedFlags.ts"
import { Screen } from "./Screen.ts"
import * as Sheet from "../tables/Table.ts"
import { usage } from "./CommandFailure.ts"

/**
 * Writes text to the standard output as it is.
 *
 * @category writing
 * @since 0.1.0
 */
export const write = Effect.fnUntraced(function* (text: string) {
  const stdio = yield* Stdio.Stdio
  yield* Stream.run(Stream.make(text), stdio.stdout()).pipe(Effect.orDie)
})

/**
 * What stands around the rows in JSON.
 *
 * @category models
 * @since 0.1.0
 */
export interface Envelope {
  readonly command: string
  /** The name of the array of rows. */
  readonly rows: string
  readonly fields: Readonly<Record<string, unknown>>
  /** The OpenMetrics text, where the command has one. */
  readonly openmetrics?: (() => string) | undefined
}

/**
 * @category writing
 * @since 0.1.0
 */
export const print = Effect.fnUntraced(function* (flags: Shared, whole: Sheet.Sheet, envelope: Envelope) {
  const form = flags.output
  if (form === "openmetrics") {
    if (envelope.openmetrics !== undefined) return yield* write(envelope.openmetrics())
    return yield* usage(`${envelope.command} has no output openmetrics`, "ls, total, report and history have")
  }
  const forPeople = form === "table" || form === "markdown"
  const sheet = yield* Sheet.select(whole, Option.getOrUndefined(flags.columns), forPeople ? "people" : "programs")
  switch (form) {
    case "table": {
      const { color, unicode, width } = yield* Screen
      const { bytes, header, si } = flags
      yield* write(TextTable.render(sheet, { width, color, unicode, header, bytes, si }))
      break
    }
    case "markdown":
      yield* write(MarkdownTable.render(sheet, flags))
      break
    case "csv":
      yield* write(yield* Records.csv(sheet, flags.header))
      break
    case "ndjson":
      yield* write(Records.ndjson(sheet))
      break
    case "json":
      yield* write(
        `${JSON.stringify(
          {
            schema_version: Records.schemaVersion,
            command: envelope.command,
            ...envelope.fields,
            [envelope.rows]: sheet.rows.map((row) => Records.record(sheet.columns, row))
          },
          null,
          2
        )}\n`
      )
  }
  if (!forPeople || flags.quiet) return
  const notes = whole.notes?.((bytes) => Format.size(bytes, flags)) ?? []
  yield* Effect.forEach(notes, (note) => Console.error(note))
})
