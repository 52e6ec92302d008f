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
