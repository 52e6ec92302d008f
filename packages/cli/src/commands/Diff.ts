/**
 * `diff`: what changed between two saved scans.
 *
 * @since 0.1.0
 */
import { Diff, Usage } from "@gitlab-registry-usage/core"
import { DateTime, Effect } from "effect"
import { Argument, Command } from "effect/cli"
import { print } from "../Print.ts"
import { root } from "../Root.ts"
import * as Scan from "../Scan.ts"
import type { Row, Sheet } from "../Sheet.ts"

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

const rowOf = (diff: Diff.RepositoryDiff): Row => {
  const [before, after] = [bytesOf(diff.before), bytesOf(diff.after)]
  return {
    values: {
      name: diff.name,
      state: stateOf(diff),
      tags: tagsOf(diff),
      before,
      after,
      change: before === null || after === null ? null : after - before,
      added: diff.tagsAdded,
      removed: diff.tagsRemoved,
      moved: diff.tagsMoved
    },
    mark: before === null || after === null ? "!" : undefined
  }
}

const sheetOf = (before: Usage.Usage, after: Usage.Usage): Sheet => {
  const rows = Diff.compare(before, after)
    .map(rowOf)
    .toSorted((a, b) => Math.abs(Number(b.values.change)) - Math.abs(Number(a.values.change)))
  const [was, is] = [Usage.total(before).diskSize, Usage.total(after).diskSize]
  return {
    columns: [
      { key: "name", field: "repository", heading: "REPOSITORY", kind: "name", essential: true },
      { key: "state", field: "state", heading: "STATE", kind: "text" },
      { key: "change", field: "change_bytes", heading: "CHANGE", kind: "change", essential: true },
      { key: "before", field: "before_bytes", heading: "BEFORE", kind: "bytes" },
      { key: "after", field: "after_bytes", heading: "AFTER", kind: "bytes" },
      { key: "tags", field: "tags", heading: "TAGS", kind: "text" },
      { key: "added", field: "tags_added", heading: "ADDED", kind: "name", audience: "programs" },
      { key: "removed", field: "tags_removed", heading: "REMOVED", kind: "name", audience: "programs" },
      { key: "moved", field: "tags_moved", heading: "MOVED", kind: "name", audience: "programs" }
    ],
    rows,
    total: { values: { name: "TOTAL", before: was, after: is, change: is - was } }
  }
}

/**
 * @category commands
 * @since 0.1.0
 */
export const diff = Command.make(
  "diff",
  {
    before: Argument.File("before").pipe(Argument.withDescription("A saved scan")),
    after: Argument.File("after").pipe(Argument.withDescription("A later one"))
  },
  Effect.fnUntraced(function* (input) {
    const shared = yield* root
    const before = yield* Scan.load(input.before, "before", shared.accounting)
    const after = yield* Scan.load(input.after, "after", shared.accounting)
    yield* print(shared, sheetOf(before.usage, after.usage), {
      command: "diff",
      rows: "repositories",
      fields: {
        before: { taken_at: DateTime.formatIso(before.takenAt), disk_bytes: Usage.total(before.usage).diskSize },
        after: { taken_at: DateTime.formatIso(after.takenAt), disk_bytes: Usage.total(after.usage).diskSize },
        accounting: shared.accounting
      }
    })
  })
).pipe(
  Command.withDescription("Compare two saved scans: what grew, what came, what went"),
  Command.withExamples([
    { command: "gitlab-registry-usage diff monday.scan friday.scan", description: "What a week added" }
  ])
)
