import type { Sizes } from "../usage/Usage.ts"

/**
 * Sizes in the state of a resource: bytes, or `null` where unknown.
 *
 * @category rendering
 * @since 0.1.0
 */
export const sizesState = (sizes: Sizes | undefined) => ({
  size: sizes?.size ?? null,
  disk_size: sizes?.diskSize ?? null,
  unique_size: sizes?.uniqueSize ?? null
})

/** Sizes that are `partial` where something in them is `unread`: then they are the least that they can be. */
export const partialSizesState = (sizes: Sizes | undefined, unread: number) => ({
  ...sizesState(sizes),
  partial: (sizes !== undefined && unread > 0) || undefined
})
