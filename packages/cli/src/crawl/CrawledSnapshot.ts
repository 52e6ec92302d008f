/**
 * The snapshot that a command works on: crawled now, or read from a file.
 */
import { type Crawl, Inventory, PrintableText, Snapshot, type Usage } from "@gitlab-registry-usage/core"
import { Console, DateTime, Effect, Fiber, FileSystem, Option } from "effect"
import * as Connection from "../connection/Connection.ts"
import type { Shared } from "../connection/SharedFlags.ts"
import { CommandFailure, fromRegistry, remedyOf, Status, usageError } from "../output/CommandFailure.ts"
import * as Format from "../output/Format.ts"
import * as Progress from "./Progress.ts"

export interface CrawledSnapshot {
  readonly snapshot: Snapshot.Snapshot
  /** A phrase such as `the project group/app on registry.example.com` or `the snapshot of 2026-01-02T03:04:05Z`. */
  readonly source: string
}

/** Reads a snapshot from a file. `flag` is the flag's name for messages. */
export const load = Effect.fnUntraced(function* (path: string, flag: string, accounting: Usage.Accounting) {
  const fs = yield* FileSystem.FileSystem
  const bytes = yield* fs
    .readFile(path)
    .pipe(Effect.mapError(({ reason }) => usageError(`${flag}: ${path} cannot be read (${reason._tag})`)))
  return yield* Snapshot.decode(bytes, { accounting }).pipe(
    Effect.mapError(({ message }) => usageError(`${flag}: ${path} is ${message}; --save writes such files`))
  )
})

/**
 * Writes a temporary file first, so that an earlier file stays whole until it is replaced. Nobody else may read the file:
 * it has what the credentials may see.
 */
const save = Effect.fnUntraced(
  function* (path: string, snapshot: Snapshot.Snapshot) {
    const fs = yield* FileSystem.FileSystem
    const temporary = `${path}.new`
    const bytes = yield* Snapshot.encode(snapshot)
    yield* fs.remove(temporary, { force: true })
    yield* fs.writeFile(temporary, bytes, { flag: "wx", mode: 0o600 }).pipe(
      Effect.andThen(fs.rename(temporary, path)),
      Effect.onError(() => Effect.ignore(fs.remove(temporary, { force: true })))
    )
  },
  (effect, path) =>
    Effect.mapError(effect, ({ reason }) => usageError(`--save: ${path} cannot be written (${reason._tag})`))
)

/**
 * What is wrong with the address of --gitlab-server, which people may mistype, where the crawl does not ask GitLab itself.
 * A job has the address of its GitLab.
 */
const gitlabProblem = Effect.fnUntraced(function* (flags: Shared, connection: Connection.Connection) {
  const { gitlab, scope } = connection
  const isAsked = scope.kind === "group" || scope.kind === "project"
  if (gitlab === undefined || Option.isNone(flags.gitlabServer) || isAsked || flags.quiet) return undefined
  const [{ hint, problem }, { httpLayer }] = yield* Effect.promise(() =>
    Promise.all([import("../connection/GitLabServer.ts"), import("../connection/RegistryConnection.ts")])
  )
  const found = yield* Effect.provide(problem(gitlab), httpLayer(connection))
  return found === undefined ? undefined : `--gitlab-server: ${found.detail}; ${hint}`
})

type CrawlOptions = Pick<Crawl.Options, "measure">

const crawl = Effect.fnUntraced(function* (flags: Shared, options: CrawlOptions) {
  const connection = yield* Connection.fromFlags(flags)
  const { layer } = yield* Effect.promise(() => import("../connection/RegistryConnection.ts"))
  const { accounting } = flags
  const { account, concurrency, registry, scope } = connection
  if (!flags.quiet && account === undefined) {
    yield* Console.error(
      "warning: no credentials are given, so only what everybody may see is read; use --user with --token-file, or --credentials-file"
    )
  }
  const take = (onProgress: Crawl.Options["onProgress"]) =>
    Snapshot.take({ ...options, accounting, concurrency, onProgress })
  const checking = yield* Effect.forkChild(gitlabProblem(flags, connection))
  const reported = Effect.flatMap(Fiber.join(checking), (problem) =>
    problem === undefined ? Effect.void : Console.error(`warning: ${problem}`)
  )
  const snapshot = yield* Progress.shown(take).pipe(
    Effect.provide(layer(connection)),
    Effect.mapError(fromRegistry),
    Effect.tapError(() => reported),
    Effect.tap(() => reported)
  )
  const isPart = scope.kind === "group" || scope.kind === "project"
  const source = isPart ? `the ${scope.kind} ${scope.path} on ${registry.host}` : registry.host
  if (!flags.quiet && isPart) {
    yield* Console.error(
      `only ${source} was read: what it shares with others counts as its own; --scope instance reads everything`
    )
  }
  return { snapshot, source }
})

/** The maximum of gaps that are reported one by one. */
const maxGaps = 10

/** Warns in one line that something is missing in the sizes. `remedy` says how to learn what. */
export const warnOfMissing = (gaps: number, remedy: string): Effect.Effect<void> =>
  gaps === 0
    ? Effect.void
    : Console.error(
        `warning: ${Format.counted(gaps, "thing")} could not be read or left out, so sizes may be too small; ${remedy}`
      )

/** Warns of each gap, with its reason and what to do; with --quiet in one line, as a sum without it is no result. */
export const warnOfGaps = Effect.fnUntraced(function* ({ quiet }: Shared, snapshot: Snapshot.Snapshot) {
  const { gaps } = snapshot.usage.inventory
  if (quiet) return yield* warnOfMissing(gaps.length, "run without --quiet to see what")
  for (const gap of gaps.slice(0, maxGaps)) {
    const what = gap.blob === undefined ? "could not read" : "a wrong size in"
    const reason = PrintableText.printable(`${gap.reason}: ${gap.detail}`, 500)
    yield* Console.error(`warning: ${what} ${Inventory.gapTarget(gap)}: ${reason}; ${remedyOf(gap.reason)}`)
  }
  yield* gaps.length > maxGaps
    ? Console.error(`warning: ${gaps.length - maxGaps} more could not be read; -o json has all in gaps`)
    : Effect.void
})

/** Fails with status 4 where there are `gaps` and --fail-on-partial is set. */
export const requireNone = (flags: Shared, gaps: number): Effect.Effect<void, CommandFailure> =>
  flags.failOnPartial && gaps > 0
    ? Effect.fail(
        new CommandFailure({ status: Status.partial, message: `${gaps} could not be read (--fail-on-partial)` })
      )
    : Effect.void

/** Fails with status 4 where the snapshot has gaps and --fail-on-partial is set. */
export const requireWhole = (flags: Shared, { snapshot }: CrawledSnapshot): Effect.Effect<void, CommandFailure> =>
  requireNone(flags, snapshot.usage.inventory.gaps.length)

/** Reads the file of --from, or else crawls the registry; writes the file of --save. */
export const make = Effect.fnUntraced(function* (flags: Shared, options: CrawlOptions = {}) {
  const from = Option.getOrUndefined(flags.from)
  const crawled: CrawledSnapshot =
    from === undefined
      ? yield* crawl(flags, options)
      : yield* Effect.map(load(from, "--from", flags.accounting), (snapshot) => ({
          snapshot,
          source: `the snapshot of ${DateTime.formatIso(snapshot.takenAt)}`
        }))
  if (Option.isSome(flags.save)) yield* save(flags.save.value, crawled.snapshot)
  yield* warnOfGaps(flags, crawled.snapshot)
  return crawled
})
