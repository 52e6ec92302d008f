/**
 * The blobs of a tag or repository: their sizes, the tag that each is charged to, and the repositories that share it.
 */
import { TagContents, Usage } from "@gitlab-registry-usage/core"
import * as Format from "../output/Format.ts"
import type { Row, Table } from "../output/Table.ts"

/** For each blob the repositories with other tags that reach it, and the number of those tags. */
const othersOf = (usage: Usage.Usage, blobs: ReadonlySet<number>, chosen: ReadonlySet<number>) => {
  const others = new Map<number, Map<string, number>>()
  usage.inventory.repositories.forEach(({ name, tagNames }, r) => {
    for (let tag = usage.tagStarts[r]!; tag < usage.tagStarts[r]! + tagNames.length; tag++) {
      if (chosen.has(tag)) continue
      for (const blob of Usage.tagBlobs(usage, tag)) {
        if (!blobs.has(blob)) continue
        let found = others.get(blob)
        if (found === undefined) others.set(blob, (found = new Map()))
        found.set(name, (found.get(name) ?? 0) + 1)
      }
    }
  })
  return others
}

/** At most `count` names: hundreds of repositories may share a base layer. */
const shortened = (names: ReadonlyArray<string>, count = 2): string =>
  names.length <= count ? names.join(", ") : `${names.slice(0, count).join(", ")} and ${names.length - count} more`

/** The blobs that the tags of repository `r` reach, the largest first, at most `count`, and the sums of all (bytes). */
export const make = (usage: Usage.Usage, r: number, tags: ReadonlyArray<number>, count: number | undefined) => {
  const { blobs } = usage.inventory
  const chosen = new Set(tags)
  const reached = new Set(tags.flatMap((tag) => [...Usage.tagBlobs(usage, tag)]))
  const others = othersOf(usage, reached, chosen)
  const roles = new Map(
    tags.flatMap((tag) => TagContents.blobsOf(usage, r, tag, 0).map(({ digest, role }) => [digest, role] as const))
  )
  const size = (list: Iterable<number>) => [...list].reduce((sum, blob) => sum + blobs.sizes[blob]!, 0)
  const all = size(reached)
  const sorted = [...reached].sort((a, b) => blobs.sizes[b]! - blobs.sizes[a]!)
  const shown = sorted.slice(0, count)
  const left = sorted.slice(shown.length)
  const isUnique = (blob: number) => !others.has(blob)
  const row = (blob: number): Row => {
    const owner = usage.owners[blob]!
    const reference = owner < 0 ? undefined : TagContents.referenceOf(usage, owner)
    const digest = blobs.digests[blob]!
    return {
      values: {
        blob: Format.shortDigest(digest),
        digest,
        kind: roles.get(digest) ?? "blob",
        size: blobs.sizes[blob]!,
        share: all === 0 ? 0 : blobs.sizes[blob]! / all,
        unique: isUnique(blob),
        owner: reference === undefined ? null : `${reference.image}:${reference.tag}`,
        sharers: Array.from(others.get(blob) ?? [], ([name]) => name),
        others: shortened(Array.from(others.get(blob) ?? [], ([name, tags]) => `${name} (${tags})`))
      }
    }
  }
  const own = [...reached].filter(isUnique)
  const unique = size(own)
  const partial = tags.some((tag) => Usage.tagSizes(usage, tag) === undefined) || Usage.repositoryUnread(usage, r) > 0
  const table: Table = {
    columns: [
      { key: "blob", field: "blob", heading: "BLOB", kind: "text", essential: true, audience: "people" },
      { key: "digest", field: "digest", heading: "DIGEST", kind: "text", audience: "programs" },
      { key: "kind", field: "kind", heading: "KIND", kind: "text" },
      { key: "size", field: "size_bytes", heading: "SIZE", kind: "bytes", essential: true },
      { key: "share", field: "share", heading: "", kind: "share" },
      { key: "unique", field: "unique", heading: "UNIQUE", kind: "text", audience: "programs" },
      { key: "owner", field: "owner", heading: "CHARGED TO", kind: "prose", label: "charged to" },
      {
        key: "others",
        field: "shared",
        heading: "SHARED WITH (TAGS)",
        kind: "prose",
        label: "shared with",
        audience: "people"
      },
      { key: "sharers", field: "shared_with", heading: "SHARED WITH", kind: "name", audience: "programs" }
    ],
    rows: shown.map(row),
    ...(left.length === 0 ? {} : { rest: { values: { blob: `(${left.length} more)`, kind: "", size: size(left) } } }),
    totals: [
      { values: { blob: `TOTAL ${Format.counted(reached.size, "blob")}`, size: all }, partial },
      { values: { blob: `UNIQUE ${Format.counted(own.length, "blob")}`, size: unique }, partial }
    ],
    notes: (human) => [
      `deleting ${tags.length === 1 ? "this tag" : `these ${tags.length} tags`} alone would free ${partial ? "at least " : ""}${human(unique)} of ${partial ? "at least " : ""}${human(all)}`
    ]
  }
  return { table, sums: { tags: tags.length, size_bytes: all, unique_bytes: unique, partial } }
}
