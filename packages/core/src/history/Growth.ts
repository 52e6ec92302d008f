/**
 * Growth: the difference of two snapshots.
 *
 * @since 0.1.0
 */
import type { Figures, Entity } from "./History.ts"
import { sizeKeys } from "../usage/Usage.ts"

/**
 * The sizes by which growth can be measured.
 *
 * @category constants
 * @since 0.1.0
 */
export const measures = ["disk_size", "size", "unique_size"] as const

/**
 * The size by which growth is measured.
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
 * A size before and after (bytes), undefined where it was unknown. `change` is undefined where one of them is, `percent` also
 * where it was 0 before. What was not there before is `new` and had 0 bytes, what is not there any more is `gone`.
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

/** @category models @since 0.1.0 */
export interface Options {
  /** Default `images`. */
  readonly of?: EntityKind | undefined
  /** Default `disk_size`. */
  readonly by?: Measure | undefined
  /** The path of a namespace: only what lies below it is compared. Default: everything. */
  readonly below?: string | undefined
  /** How many growers are returned at most. Default: all. */
  readonly limit?: number | undefined
}

const sizeOf = (figures: Figures | undefined, by: Measure): number | undefined =>
  figures === undefined ? 0 : figures.sizes?.[sizeKeys[by]]

const changeOf = (was: Figures | undefined, is: Figures | undefined, by: Measure): Change => {
  const [before, after] = [sizeOf(was, by), sizeOf(is, by)]
  const change = before === undefined || after === undefined ? undefined : after - before
  return {
    presence: was === undefined ? "new" : is === undefined ? "gone" : "both",
    before,
    after,
    change,
    percent: change === undefined || !before ? undefined : (change / before) * 100
  }
}

/** The tags of the entities of each kind. */
const tagOf = { images: "Repository", namespaces: "Namespace" } as const

/**
 * Compares the sizes of all entities at two instants. Growers are sorted by change, the largest first, ties by path; those whose
 * change is unknown stand last. What did not change is left out. Undefined where the namespace was there neither before nor
 * after.
 *
 * @category comparing
 * @since 0.1.0
 */
export const compare = (before: AllFigures, after: AllFigures, options: Options = {}): Growth | undefined => {
  const { below = "", by = "disk_size", of = "images" } = options
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
  const growers = Array.from(new Set([...was.keys(), ...is.keys()]), (path): Grower => ({
    path,
    ...changeOf(was.get(path), is.get(path), by)
  }))
    .filter(({ after, before, change, presence }) => presence !== "both" || (change !== 0 && before !== after))
    .sort((a, b) => (b.change ?? -Infinity) - (a.change ?? -Infinity) || (a.path < b.path ? -1 : 1))
  return {
    ...changeOf(rootBefore, rootAfter, by),
    growers: growers.slice(0, options.limit),
    matching: growers.length
  }
}
