/**
 * The figures of namespaces and repositories, and their time series.
 *
 * @since 0.1.0
 */
import { DateTime, Duration, type Effect } from "effect"
import type { RepositoryName } from "../registry/Names.ts"
import { namespaceAt } from "../usage/Namespaces.ts"
import { findRepository, repositorySizes, type Sizes, type Usage } from "../usage/Usage.ts"

/**
 * An entity that has figures: a namespace with all below it, where the empty path is the whole registry, or one repository.
 *
 * @category models
 * @since 0.1.0
 */
export type Entity =
  | { readonly _tag: "Namespace"; readonly path: string }
  | { readonly _tag: "Repository"; readonly path: RepositoryName }

/**
 * The whole registry.
 *
 * @category constructors
 * @since 0.1.0
 */
export const wholeRegistry: Entity = { _tag: "Namespace", path: "" }

/**
 * The figures of an entity in one snapshot. `sizes` (bytes) are undefined where they were unknown; `repositories`, `tags` and
 * `gaps` count those below it.
 *
 * @category models
 * @since 0.1.0
 */
export interface Figures {
  readonly sizes: Sizes | undefined
  readonly repositories: number
  readonly tags: number
  readonly gaps: number
}

/**
 * The figures of an entity in the snapshot that was taken at an instant; undefined where it was not there.
 *
 * @category models
 * @since 0.1.0
 */
export interface Point {
  readonly takenAt: DateTime.Utc
  readonly figures: Figures | undefined
}

/**
 * From one instant to another, both included.
 *
 * @category models
 * @since 0.1.0
 */
export interface Period {
  readonly from: DateTime.Utc
  readonly to: DateTime.Utc
}

/**
 * The figures of every namespace and repository, the whole registry first.
 *
 * @category getters
 * @since 0.1.0
 */
export const figuresOf = (usage: Usage): ReadonlyArray<readonly [entity: Entity, figures: Figures]> => {
  return [
    ...Array.from(usage.tree.namespaces.keys(), (path) => {
      const { gaps, images, sizes, tags } = namespaceAt(usage, path)!
      return [
        { _tag: "Namespace", path },
        { sizes, repositories: images, tags, gaps }
      ] as const
    }),
    ...usage.inventory.repositories.map(({ name, tagNames }, r) => {
      const figures = {
        sizes: repositorySizes(usage, r),
        repositories: 1,
        tags: tagNames.length,
        gaps: usage.gaps[usage.tree.repository(r)]!
      }
      return [{ _tag: "Repository", path: name }, figures] as const
    })
  ]
}

/**
 * Whether the registry has this namespace or repository.
 *
 * @category guards
 * @since 0.1.0
 */
export const isPresent = (usage: Usage, { _tag, path }: Entity): boolean =>
  (_tag === "Repository" ? findRepository(usage, path) : namespaceAt(usage, path)) !== undefined

/**
 * Thins a series: of all points in the same step, counted from 1970 on, the last one stays. So a step of a day keeps the
 * state at the end of each day (UTC). A step of 0 keeps everything.
 *
 * @category thinning
 * @since 0.1.0
 */
export const downsample = <A extends { readonly takenAt: DateTime.Utc }>(
  points: ReadonlyArray<A>,
  step: Duration.Duration
): ReadonlyArray<A> => {
  const length = Duration.toMillis(step)
  if (length <= 0) return points
  const stepOf = (point: A | undefined) =>
    point === undefined ? undefined : Math.floor(DateTime.toEpochMillis(point.takenAt) / length)
  return points.filter((point, i) => stepOf(point) !== stepOf(points[i + 1]))
}

/**
 * The stored figures of earlier snapshots: of everything in the snapshot that was taken at an instant, and of one subject
 * over a period.
 *
 * @category models
 * @since 0.1.0
 */
export interface Source<E> {
  readonly figuresAt: (
    takenAt: DateTime.Utc
  ) => Effect.Effect<ReadonlyArray<readonly [entity: Entity, figures: Figures]>, E>
  readonly series: (entity: Entity, period: Period) => Effect.Effect<ReadonlyArray<Point>, E>
}

/**
 * The last of the ascending instants that is not after `instant`.
 *
 * @category lookup
 * @since 0.1.0
 */
export const lastAt = (instants: ReadonlyArray<DateTime.Utc>, instant: DateTime.Utc): DateTime.Utc | undefined =>
  instants.findLast((taken) => DateTime.isLessThanOrEqualTo(taken, instant))
