/**
 * A scan: the registry's state as it is crawled now, or as it was saved.
 *
 * @since 0.1.0
 */
import { Snapshot, type Usage } from "@gitlab-registry-usage/core"
import { Console, DateTime, Effect, FileSystem, Option } from "effect"
import * as Connection from "../connection/Connection.ts"
import * as Progress from "./Progress.ts"
import type { Shared } from "../connection/SharedFlags.ts"
import { fromRegistry, Status, Stopped, usage } from "../output/CommandFailure.ts"

/**
 * A snapshot and where it comes from.
 *
 * @category models
 * @since 0.1.0
 */
export interface Scan {
  readonly snapshot: Snapshot.Snapshot
  /** In words: `the project group/app`, `the scan saved 2026-01-02T03:04:05Z`. */
  readonly of: string
}

/**
 * Reads a saved scan. `flag` names it in messages.
 *
 * @category reading
 * @since 0.1.0
 */
export const load = Effect.fnUntraced(function* (path: string, flag: string, accounting: Usage.Accounting) {
  const fs = yield* FileSystem.FileSystem
  const bytes = yield* fs
    .readFile(path)
    .pipe(Effect.mapError(({ reason }) => usage(`${flag}: ${path} cannot be read (${reason._tag})`)))
  return yield* Snapshot.decode(bytes, { accounting }).pipe(
    Effect.mapError((error) => usage(`${flag}: ${path} is ${error.message}`, "write such files with --save"))
  )
})

/** Beside the file first, so that a scan which is there already is never half gone. */
const save = Effect.fnUntraced(
  function* (path: string, snapshot: Snapshot.Snapshot) {
    const fs = yield* FileSystem.FileSystem
    yield* fs.writeFile(`${path}.new`, yield* Snapshot.encode(snapshot))
    yield* fs.rename(`${path}.new`, path)
  },
  (effect, path) => Effect.mapError(effect, ({ reason }) => usage(`--save: ${path} cannot be written (${reason._tag})`))
)

const named = (scope: Connection.Scope, host: string): string =>
  scope.kind === "instance" || scope.kind === "auto" ? host : `the ${scope.kind} ${scope.path} on ${host}`

const crawl = Effect.fnUntraced(function* (flags: Shared) {
  const connection = yield* Connection.fromFlags(flags)
  const { layer } = yield* Effect.promise(() => import("../connection/RegistryConnection.ts"))
  const { accounting } = flags
  const { concurrency } = connection
  const snapshot = yield* Progress.shown((onProgress) => Snapshot.take({ accounting, concurrency, onProgress })).pipe(
    Effect.provide(layer(connection)),
    Effect.mapError(fromRegistry)
  )
  const { scope } = connection
  const of = named(scope, connection.registry.host)
  if (!flags.quiet && (scope.kind === "group" || scope.kind === "project")) {
    yield* Console.error(`only ${of} was read: what it shares with others counts as its own`)
  }
  return { snapshot, of }
})

/** Tells on the standard error stream what is missing; at most the first ten. */
const tellGaps = Effect.fnUntraced(function* (snapshot: Snapshot.Snapshot) {
  const { gaps } = snapshot.usage.inventory
  for (const gap of gaps.slice(0, 10)) {
    const target = `${gap.repository}${gap.tag === undefined ? "" : `:${gap.tag}`}${gap.digest === undefined ? "" : `@${gap.digest}`}`
    yield* Console.error(`warning: could not read ${target}: ${gap.reason}: ${gap.detail}`)
  }
  if (gaps.length > 10) yield* Console.error(`warning: and ${gaps.length - 10} more could not be read`)
})

/**
 * Whether nothing is missing, else the end with status 4 where it was asked for.
 *
 * @category guards
 * @since 0.1.0
 */
export const requireWhole = (flags: Shared, { snapshot }: Scan): Effect.Effect<void, Stopped> => {
  const count = snapshot.usage.inventory.gaps.length
  return flags.failOnPartial && count > 0
    ? Effect.fail(new Stopped({ status: Status.partial, message: `${count} could not be read (--fail-on-partial)` }))
    : Effect.void
}

/**
 * The scan that the flags ask for; saves it where they say so.
 *
 * @category reading
 * @since 0.1.0
 */
export const make = Effect.fnUntraced(function* (flags: Shared) {
  const from = Option.getOrUndefined(flags.from)
  const scan: Scan =
    from === undefined
      ? yield* crawl(flags)
      : yield* Effect.map(load(from, "--from", flags.accounting), (snapshot) => ({
          snapshot,
          of: `the scan saved ${DateTime.formatIso(snapshot.takenAt)}`
        }))
  if (Option.isSome(flags.save)) yield* save(flags.save.value, scan.snapshot)
  if (!flags.quiet) yield* tellGaps(scan.snapshot)
  return scan
})
