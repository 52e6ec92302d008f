/**
 * `diff`: what changed between two saved snapshots, or between a snapshot of a server and its latest.
 */
import { BlobChanges, type Diff, type Usage, type Instant } from "@gitlab-registry-usage/core"
import { DateTime, Effect, Option } from "effect"
import { Argument, Command } from "effect/cli"
import { compare, type Comparison, HistorySource, type SnapshotTotals } from "../history/HistorySource.ts"
import { since } from "../history/HistoryFlags.ts"
import * as Source from "../history/Source.ts"
import { print } from "../output/Print.ts"
import { root } from "../connection/SharedFlags.ts"
import * as CrawledSnapshot from "../crawl/CrawledSnapshot.ts"
import type { Column, Row, Table } from "../output/Table.ts"
import { usageError } from "../output/CommandFailure.ts"

const bytesOf = (sizes: Usage.Sizes | null | undefined): number | null =>
  sizes === undefined ? 0 : sizes === null ? null : sizes.diskSize

const stateOf = ({ after, before }: Diff.RepositoryDiff): string =>
  before === undefined
    ? "new"
    : after === undefined
      ? "gone"
      : before === null || after === null
        ? "unreadable"
        : "changed"

const tagsOf = ({ tagsAdded, tagsMoved, tagsRemoved }: Diff.RepositoryDiff): string =>
  [
    ...(tagsAdded.length > 0 ? [`+${tagsAdded.length}`] : []),
    ...(tagsRemoved.length > 0 ? [`-${tagsRemoved.length}`] : []),
    ...(tagsMoved.length > 0 ? [`~${tagsMoved.length}`] : [])
  ].join(" ")

/** The part of the change of a disk size that is new, freed, or only charged elsewhere. */
const partsOf = (change: number | null, blobs: BlobChanges.BlobChanges | undefined) =>
  change === null || blobs === undefined
    ? { new: null, freed: null, moved_bytes: null }
    : {
        new: blobs.newBytes,
        freed: blobs.freedBytes,
        moved_bytes: BlobChanges.movedBytes(change, blobs)
      }

const rowOf = (diff: Diff.RepositoryDiff, blobs: BlobChanges.BlobChanges | undefined): Row => {
  const [before, after] = [bytesOf(diff.before), bytesOf(diff.after)]
  const change = before === null || after === null ? null : after - before
  return {
    values: {
      name: diff.name,
      state: stateOf(diff),
      tags: tagsOf(diff),
      before,
      after,
      change,
      ...partsOf(change, blobs),
      added: diff.tagsAdded,
      removed: diff.tagsRemoved,
      moved: diff.tagsMoved
    },
    mark: change === null ? "!" : undefined
  }
}

const tableOf = ({ after, before, blobs, changes }: Comparison): Table => {
  const rows = changes
    .map((diff) => rowOf(diff, blobs && (blobs.get(diff.name) ?? BlobChanges.none)))
    .toSorted((a, b) => Math.abs(Number(b.values.change)) - Math.abs(Number(a.values.change)))
  const [was, is] = [before.diskSize ?? null, after.diskSize ?? null]
  const change = was === null || is === null ? null : is - was
  // Over the API blobs are not compared.
  const audience = blobs === undefined ? "programs" : undefined
  const parts: ReadonlyArray<Column> = [
    { key: "new", field: "new_bytes", heading: "NEW", kind: "change", audience },
    { key: "freed", field: "freed_bytes", heading: "FREED", kind: "bytes", audience },
    { key: "moved_bytes", field: "moved_bytes", heading: "MOVED", kind: "change", audience }
  ]
  return {
    columns: [
      { key: "name", field: "repository", heading: "REPOSITORY", kind: "name", essential: true },
      { key: "state", field: "state", heading: "STATE", kind: "text" },
      { key: "change", field: "change_bytes", heading: "CHANGE", kind: "change", essential: true },
      ...parts,
      { key: "before", field: "before_bytes", heading: "BEFORE", kind: "bytes" },
      { key: "after", field: "after_bytes", heading: "AFTER", kind: "bytes" },
      { key: "tags", field: "tags", heading: "TAGS", kind: "text" },
      { key: "added", field: "tags_added", heading: "ADDED", kind: "name", audience: "programs" },
      { key: "removed", field: "tags_removed", heading: "REMOVED", kind: "name", audience: "programs" },
      { key: "moved", field: "tags_moved", heading: "MOVED", kind: "name", audience: "programs" }
    ],
    rows,
    totals: [
      {
        values: {
          name: "TOTAL",
          before: was,
          after: is,
          change,
          ...partsOf(change, blobs && [...blobs.values()].reduce(BlobChanges.sum, BlobChanges.none))
        }
      }
    ]
  }
}

/** What to compare: two files, or an earlier snapshot of a server with its latest. */
const wanted = (input: {
  readonly before: Option.Option<string>
  readonly after: Option.Option<string>
  readonly since: Option.Option<Instant.Instant>
  readonly database: Option.Option<string>
  readonly api: Option.Option<string>
}) => {
  const { after, before, since } = input
  if (Option.isSome(since)) {
    return Option.isNone(before)
      ? Effect.succeed({ _tag: "Since", since: since.value } as const)
      : Effect.fail(usageError("both saved snapshots and --since", "compare two files, or give --since alone"))
  }
  if (Option.isSome(input.database) || Option.isSome(input.api)) {
    return Effect.fail(
      Option.isSome(before)
        ? usageError("both saved snapshots and --database or --api", "compare two files, or give --since without them")
        : usageError("since when?", "add --since, as 7d")
    )
  }
  return Option.isSome(before) && Option.isSome(after)
    ? Effect.succeed({ _tag: "Files", before: before.value, after: after.value } as const)
    : Effect.fail(usageError("compare what?", "name two saved snapshots, or give --since with --database or --api"))
}

export const diff = Command.make(
  "diff",
  {
    ...Source.flags,
    since,
    before: Argument.File("before").pipe(Argument.withDescription("A saved snapshot"), Argument.optional),
    after: Argument.File("after").pipe(Argument.withDescription("A later one"), Argument.optional)
  },
  Effect.fnUntraced(function* (input) {
    const shared = yield* root
    const what = yield* wanted(input)
    const comparison =
      what._tag === "Files"
        ? compare(
            yield* CrawledSnapshot.load(what.before, "before", shared.accounting),
            yield* CrawledSnapshot.load(what.after, "after", shared.accounting)
          )
        : yield* HistorySource.pipe(
            Effect.flatMap(({ changesSince }) => changesSince(what.since)),
            Effect.provide(Source.layer(input, shared))
          )
    const fields = ({ diskSize, gaps, takenAt }: SnapshotTotals) => ({
      taken_at: DateTime.formatIso(takenAt),
      disk_bytes: diskSize ?? null,
      gaps
    })
    const gaps = comparison.before.gaps + comparison.after.gaps
    yield* CrawledSnapshot.warnOfMissing(
      gaps,
      what._tag === "Files" ? "ls --from with each file names them" : "the server's log and its API name them"
    )
    yield* print(shared, tableOf(comparison), {
      command: "diff",
      rows: "repositories",
      fields: {
        before: fields(comparison.before),
        after: fields(comparison.after),
        accounting: comparison.accounting
      }
    })
    yield* CrawledSnapshot.requireNone(shared, gaps)
  })
).pipe(
  Command.withShortDescription("Compare two saved snapshots, or then and now: what grew, what came, what went"),
  Command.withDescription(
    "Compare two saved snapshots, or with --since a snapshot of a server and its latest: what grew, what came, what went. " +
      "Over --api a tag that moved to an image of the same size is not reported, as the lists there have no digests; " +
      "and the accounting is that of the server."
  ),
  Command.withExamples([
    { command: "gitlab-registry-usage diff monday.snapshot friday.snapshot", description: "What a week added" },
    {
      command: "gitlab-registry-usage diff --database usage.sqlite --since 7d",
      description: "The same, from what a server kept"
    }
  ])
)
