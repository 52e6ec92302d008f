/**
 * A cleanup policy, simulated on a snapshot, with the bytes that it would free.
 */
import { CleanupPolicy, Usage } from "@gitlab-registry-usage/core"
import { Array as Arr, Clock, Duration, Effect, Option } from "effect"
import * as Connection from "../connection/Connection.ts"
import * as Dates from "../crawl/Dates.ts"
import { chooses } from "../connection/RepositoryPattern.ts"
import * as NameRegex from "../connection/NameRegex.ts"
import type { Shared } from "../connection/SharedFlags.ts"
import type { Row, Table } from "../output/Table.ts"
import * as Format from "../output/Format.ts"
import { fromRegistry } from "../output/CommandFailure.ts"

/** The policy in the form of GitLab's settings. */
export interface Settings {
  readonly nameRegex: string
  readonly nameRegexKeep: string | undefined
  readonly keepN: number | undefined
  readonly olderThan: Duration.Duration | undefined
}

export interface Rules extends CleanupPolicy.Policy {
  /** The settings in JSON. */
  readonly settings: Readonly<Record<string, unknown>>
}

/** Compiles the settings; ages count from now. */
export const rules = Effect.fnUntraced(function* (settings: Settings) {
  const now = yield* Clock.currentTimeMillis
  const { keepN, nameRegex, nameRegexKeep, olderThan } = settings
  return {
    matches: yield* NameRegex.compile(nameRegex, "--name-regex"),
    keeps: nameRegexKeep === undefined ? () => false : yield* NameRegex.compile(nameRegexKeep, "--name-regex-keep"),
    keepCount: keepN,
    olderThan: olderThan === undefined ? undefined : now - Duration.toMillis(olderThan),
    now,
    settings: {
      name_regex: nameRegex,
      name_regex_keep: nameRegexKeep ?? null,
      keep_n: keepN ?? null,
      older_than_days: olderThan === undefined ? null : Duration.toDays(olderThan)
    }
  } satisfies Rules
})

interface Judged {
  readonly r: number
  readonly name: string
  readonly verdicts: ReadonlyArray<CleanupPolicy.Verdict>
}

/** Reads the dates that the policy needs from the registry, for each chosen repository; a saved snapshot has none. */
const dates = Effect.fnUntraced(function* (
  flags: Shared,
  { inventory }: Usage.Usage,
  chosen: ReadonlyArray<number>,
  policy: Rules
) {
  const wanted = chosen.map((r) => CleanupPolicy.needDates(inventory.repositories[r]!.tagNames, policy))
  if (Option.isSome(flags.from) || wanted.every((tags) => tags.length === 0)) return wanted.map(() => Dates.unread)
  const connection = yield* Connection.fromFlags(flags)
  const { layer } = yield* Effect.promise(() => import("../connection/RegistryConnection.ts"))
  const { concurrency } = connection
  return yield* Effect.forEach(chosen, (r, i) => Dates.ofTags(inventory, r, wanted[i]!, concurrency), {
    concurrency
  }).pipe(Effect.provide(layer(connection)), Effect.mapError(fromRegistry))
})

const count = (verdicts: ReadonlyArray<CleanupPolicy.Verdict>, verdict: CleanupPolicy.Verdict) =>
  verdicts.filter((other) => other === verdict).length

/** The numbers of tags in all repositories, and what deleting all of them that may be deleted frees (bytes). */
interface Together {
  readonly tags: number
  readonly delete: number
  readonly keep: number
  readonly unknown: number
  readonly frees: number
  readonly partial: boolean
}

/** One row for all repositories that keep every tag. */
const restOf = (rows: ReadonlyArray<Row>): Row => {
  const tags = rows.reduce((sum, { values }) => sum + Number(values.tags), 0)
  const name = `(${Format.repositories(rows.length)} more)`
  return { values: { name, tags, delete: 0, keep: tags, unknown: 0, frees: 0 } }
}

/**
 * A row for each repository that `only` matches and that would lose a tag. The price of all together is what deleting all these tags
 * together would free: more than the sum of the rows where repositories share blobs.
 */
export const make = Effect.fnUntraced(function* (
  flags: Shared,
  usage: Usage.Usage,
  policy: Rules,
  only: ReadonlyArray<string>
) {
  const isChosen = chooses(usage, only)
  const { repositories } = usage.inventory
  const chosen = [...repositories.keys()].filter((r) => isChosen(repositories[r]!.name) && !repositories[r]!.unreadable)
  const known = yield* dates(flags, usage, chosen, policy)
  const judged = chosen.map((r, i): Judged => {
    const { name, tagNames } = repositories[r]!
    const { pageSize, publishedAt } = known[i]!
    const candidates = tagNames.map((name, tag) => ({ name, publishedAt: publishedAt(tag) }))
    const pages = Arr.chunksOf(candidates, pageSize)
    return { r, name, verdicts: pages.flatMap((page) => CleanupPolicy.simulate(page, policy)) }
  })
  const tagsOf = ({ r, verdicts }: Judged, verdict: CleanupPolicy.Verdict) =>
    verdicts.flatMap((other, i) => (other === verdict ? [usage.tagStarts[r]! + i] : []))
  const namesOf = ({ r, verdicts }: Judged, verdict: CleanupPolicy.Verdict) =>
    repositories[r]!.tagNames.filter((_, i) => verdicts[i] === verdict)
  const deleted = judged.map((one) => tagsOf(one, "delete"))
  const rows = judged.map((one, i): Row => {
    const unknown = count(one.verdicts, "unknown")
    return {
      values: {
        name: one.name,
        tags: one.verdicts.length,
        delete: deleted[i]!.length,
        keep: one.verdicts.length - deleted[i]!.length - unknown,
        unknown,
        frees: Usage.uniqueSizeOf(usage, deleted[i]!),
        deletes: namesOf(one, "delete"),
        undecided: namesOf(one, "unknown"),
        partial: deleted[i]!.some((tag) => Usage.tagSizes(usage, tag) === undefined)
      },
      mark: unknown > 0 ? "!" : undefined,
      partial: deleted[i]!.some((tag) => Usage.tagSizes(usage, tag) === undefined)
    }
  })
  const all = rows.map(({ values }) => values)
  const sum = (key: string) => all.reduce((sum, values) => sum + Number(values[key]), 0)
  const together: Together = {
    tags: sum("tags"),
    delete: sum("delete"),
    keep: sum("keep"),
    unknown: sum("unknown"),
    frees: Usage.uniqueSizeOf(usage, deleted.flat()),
    partial: rows.some(({ partial }) => partial === true)
  }
  const more = together.frees - sum("frees")
  const isTouched = ({ values }: Row) => Number(values.delete) + Number(values.unknown) > 0
  const touched = rows.filter(isTouched).toSorted((a, b) => Number(b.values.frees) - Number(a.values.frees))
  const untouched = rows.filter((row) => !isTouched(row))
  const table: Table = {
    columns: [
      { key: "name", field: "repository", heading: "REPOSITORY", kind: "name", essential: true },
      { key: "tags", field: "tags", heading: "TAGS", kind: "count" },
      { key: "delete", field: "delete", heading: "DELETE", kind: "count", essential: true },
      { key: "keep", field: "keep", heading: "KEEP", kind: "count" },
      { key: "unknown", field: "unknown", heading: "UNKNOWN", kind: "count" },
      { key: "frees", field: "frees_bytes", heading: "FREES", kind: "bytes", essential: true },
      { key: "deletes", field: "deletes", heading: "DELETES", kind: "name", audience: "programs" },
      { key: "undecided", field: "undecided", heading: "UNDECIDED", kind: "name", audience: "programs" },
      { key: "partial", field: "partial", heading: "PARTIAL", kind: "text", audience: "programs" },
      // CSV and NDJSON have rows only.
      { key: "together", field: "together_frees_bytes", heading: "TOGETHER", kind: "bytes", audience: "programs" }
    ],
    rows: touched.map((row) => ({ ...row, values: { ...row.values, together: together.frees } })),
    ...(untouched.length === 0 ? {} : { rest: restOf(untouched) }),
    totals: [{ values: { name: "TOTAL together", ...together }, partial: together.partial }],
    notes: (size) => [
      `nothing was deleted; this policy would delete ${together.delete} of ${together.tags} tags and let garbage collection free ${size(together.frees)}`,
      ...(more > 0 ? [`${size(more)} of it is shared by these tags alone, so that no row has it`] : []),
      ...(together.unknown > 0
        ? [
            `${together.unknown} tags cannot be decided: ${
              Option.isSome(flags.from)
                ? "a saved snapshot holds no dates; run without --from"
                : "the dates of some could not be read; run doctor, or wait and run again"
            }`
          ]
        : []),
      "not known here: protected tags, which GitLab keeps"
    ]
  }
  return { table, together }
})
