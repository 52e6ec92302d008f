/**
 * Growth: the difference of two snapshots.
 *
 * @since 0.1.0
 */
import { DateTime, Effect } from "effect"
import { type Entity, type Figures, lastAt, type Period, type Source } from "./History.ts"
import { namespaceOf } from "../registry/Names.ts"
import * as OptionRange from "../text/OptionRange.ts"
import * as BlobChanges from "../usage/BlobChanges.ts"
import { sizeKeys } from "../usage/Usage.ts"

/**
 * The measures of growth: the bytes of blobs that are new to the registry, or the change of a size.
 *
 * @category constants
 * @since 0.1.0
 */
export const measures = ["new_bytes", "disk_size", "size", "unique_size"] as const

/**
 * The measure of growth. By `new_bytes`, the sizes that are compared are those on disk.
 *
 * @category models
 * @since 0.1.0
 */
export type Measure = (typeof measures)[number]

/**
 * The kinds of entities of which growth can be measured.
 *
 * @category constants
 * @since 0.1.0
 */
export const entityKinds = ["images", "namespaces"] as const

/**
 * Images, or namespaces at every depth, so that one may lie in another.
 *
 * @category models
 * @since 0.1.0
 */
export type EntityKind = (typeof entityKinds)[number]

/**
 * What the change of the disk size consists of (bytes): `change = newBytes − freedBytes + movedBytes + unreadBytes`.
 * `movedBytes` are blobs that the registry had before and has still, and that are charged to something else now.
 *
 * @category models
 * @since 0.1.0
 */
export interface DiskChange extends BlobChanges.BlobChanges {
  readonly movedBytes: number
}

/**
 * A size before and after (bytes), undefined where it was unknown. `change` is undefined where one of them is, `percent` also
 * where it was 0 before. What was not there before is `new` and had 0 bytes, what is not there any more is `gone`. `disk`
 * is undefined where a size is unknown, and where the snapshots were not compared blob by blob. A change is `partial`
 * where something could not be read before or after.
 *
 * @category models
 * @since 0.1.0
 */
export interface Change {
  readonly presence: "new" | "gone" | "both"
  readonly before: number | undefined
  readonly after: number | undefined
  readonly change: number | undefined
  readonly percent: number | undefined
  readonly disk: DiskChange | undefined
  readonly partial: boolean
}

/**
 * An image or a namespace that changed.
 *
 * @category models
 * @since 0.1.0
 */
export interface Grower extends Change {
  readonly path: string
}

/**
 * What changed below a namespace: the sum, and its growers, of which there are `matching` in all.
 *
 * @category models
 * @since 0.1.0
 */
export interface Growth extends Change {
  readonly growers: ReadonlyArray<Grower>
  readonly matching: number
}

/**
 * The figures of all namespaces and repositories of a snapshot, as `SnapshotStore.figuresAt` returns them.
 *
 * @category models
 * @since 0.1.0
 */
export type AllFigures = ReadonlyArray<readonly [entity: Entity, figures: Figures]>

/**
 * What changed in each repository, as `BlobChanges.compare` returns it.
 *
 * @category models
 * @since 0.1.0
 */
export type Changes = ReadonlyMap<string, BlobChanges.BlobChanges>

/** @category models @since 0.1.0 */
export interface Options {
  /** Default `images`. */
  readonly of?: EntityKind | undefined
  /** Default `new_bytes`. */
  readonly by?: Measure | undefined
  /** The path of a namespace: only what lies below it is compared. Default: everything. */
  readonly below?: string | undefined
  /** How many growers are returned at most. Default: all. */
  readonly limit?: number | undefined
  /** What changed in each repository; undefined where the snapshots were not compared blob by blob. */
  readonly changes?: Changes | undefined
}

const sizeOf = (figures: Figures | undefined, by: Measure): number | undefined =>
  figures === undefined ? 0 : figures.sizes?.[sizeKeys[by === "new_bytes" ? "disk_size" : by]]

const differenceOf = (was: Figures | undefined, is: Figures | undefined, by: Measure): number | undefined => {
  const [before, after] = [sizeOf(was, by), sizeOf(is, by)]
  return before === undefined || after === undefined ? undefined : after - before
}

/** The changes of each namespace: the sums over the repositories in it. The whole registry has the empty path. */
const inNamespaces = (changes: Changes): Changes => {
  const sums = new Map<string, BlobChanges.BlobChanges>()
  for (const [name, change] of changes) {
    let path: string = name
    do {
      path = namespaceOf(path)
      sums.set(path, BlobChanges.sum(sums.get(path) ?? BlobChanges.none, change))
    } while (path !== "")
  }
  return sums
}

/** Compares figures. `changes` are those of entities of the same kind. */
const comparing =
  (by: Measure, changes: Changes | undefined) =>
  (path: string, was: Figures | undefined, is: Figures | undefined): Change => {
    const before = sizeOf(was, by)
    const change = differenceOf(was, is, by)
    const onDisk = differenceOf(was, is, "disk_size")
    const blobs = changes?.get(path) ?? BlobChanges.none
    return {
      presence: was === undefined ? "new" : is === undefined ? "gone" : "both",
      before,
      after: sizeOf(is, by),
      change,
      percent: change === undefined || !before ? undefined : (change / before) * 100,
      disk:
        changes === undefined || onDisk === undefined
          ? undefined
          : { ...blobs, movedBytes: BlobChanges.movedBytes(onDisk, blobs) },
      partial: (was?.gaps ?? 0) + (is?.gaps ?? 0) > 0
    }
  }

/**
 * How much was added, in bytes, negative where more was freed: without what is only charged elsewhere now, or could be
 * read at one instant only. Where the snapshots were not compared blob by blob, the change of the size.
 *
 * @category getters
 * @since 0.1.0
 */
export const added = ({ change, disk }: Change): number | undefined =>
  disk === undefined ? change : disk.newBytes - disk.freedBytes

const byChange = (a: Change, b: Change): number => {
  const [first, second] = [a.change ?? -Infinity, b.change ?? -Infinity]
  return first === second ? 0 : second - first
}

const byNewBytes = (a: Change, b: Change): number =>
  a.disk === undefined || b.disk === undefined
    ? byChange(a, b)
    : b.disk.newBytes - a.disk.newBytes || a.disk.freedBytes - b.disk.freedBytes || byChange(a, b)

const hasChanged = ({ after, before, change, disk, presence }: Change): boolean =>
  presence !== "both" ||
  (change !== 0 && before !== after) ||
  (disk !== undefined && disk.newBytes + disk.freedBytes > 0)

/** The tags of the entities of each kind. */
const tagOf = { images: "Repository", namespaces: "Namespace" } as const

/**
 * Compares the sizes of all entities at two instants. Growers are sorted by new bytes, the most first, then by freed bytes,
 * or by the change of a size; ties by path. Those whose change is unknown stand last. What did not change is left out.
 * Undefined where the namespace was there neither before nor after.
 *
 * @category comparing
 * @since 0.1.0
 */
export const compare = (before: AllFigures, after: AllFigures, options: Options = {}): Growth | undefined => {
  const { below = "", by = "new_bytes", changes, limit, of = "images" } = options
  OptionRange.check("Growth", { limit: [limit, OptionRange.whole(0)] })
  const rootOf = (all: AllFigures) => all.find(([{ _tag, path }]) => _tag === "Namespace" && path === below)?.[1]
  const [rootBefore, rootAfter] = [rootOf(before), rootOf(after)]
  if (rootBefore === undefined && rootAfter === undefined) return undefined
  const tag = tagOf[of]
  const under = below === "" ? "" : `${below}/`
  const inside = (all: AllFigures) =>
    new Map(
      all.flatMap(([{ _tag, path }, figures]) =>
        _tag === tag && path !== "" && path.startsWith(under) ? [[path as string, figures] as const] : []
      )
    )
  const [was, is] = [inside(before), inside(after)]
  const sums = changes === undefined ? undefined : inNamespaces(changes)
  const changeOf = comparing(by, of === "images" ? changes : sums)
  const order = by === "new_bytes" ? byNewBytes : byChange
  const growers = Array.from(new Set([...was.keys(), ...is.keys()]), (path): Grower => ({
    path,
    ...changeOf(path, was.get(path), is.get(path))
  }))
    .filter(hasChanged)
    .sort((a, b) => order(a, b) || (a.path < b.path ? -1 : 1))
  return {
    ...comparing(by, sums)(below, rootBefore, rootAfter),
    growers: growers.slice(0, limit),
    matching: growers.length
  }
}

/**
 * The instants of the snapshots between which growth in a period is measured: the last ones that were taken at its ends or
 * before. Where none is as old as its begin, the oldest one stands in; undefined where none is as old as its end.
 *
 * @category lookup
 * @since 0.1.0
 */
export const snapshotsIn = (instants: ReadonlyArray<DateTime.Utc>, period: Period): Period | undefined => {
  const to = lastAt(instants, period.to)
  return to === undefined ? undefined : { from: lastAt(instants, period.from) ?? instants[0]!, to }
}

/**
 * The figures of earlier snapshots, and what came and left between two of them.
 *
 * @category models
 * @since 0.1.0
 */
export interface GrowthSource<E> extends Source<E> {
  /** Undefined if snapshots with this number of `tags` are too large to be compared blob by blob. */
  readonly changes: (period: Period, tags: number) => Effect.Effect<Changes | undefined, E>
}

const tagsOf = (figures: AllFigures): number =>
  figures.reduce((tags, [{ _tag }, of]) => (_tag === "Repository" ? tags + of.tags : tags), 0)

/**
 * Reads the figures of the two snapshots of `period` and what changed between them, and compares them.
 *
 * @category comparing
 * @since 0.1.0
 */
export const read = Effect.fnUntraced(function* <E>(source: GrowthSource<E>, period: Period, options: Options) {
  const isSame = DateTime.Equivalence(period.from, period.to)
  const before = yield* source.figuresAt(period.from)
  const after = isSame ? before : yield* source.figuresAt(period.to)
  const changes = isSame ? new Map() : yield* source.changes(period, Math.max(tagsOf(before), tagsOf(after)))
  return compare(before, after, { ...options, changes })
})
