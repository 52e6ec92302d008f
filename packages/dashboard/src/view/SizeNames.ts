/** The page's names for the sizes. */
import type { GrowthKey, SizeKey } from "../api/Resources.ts"

export const sizeKeys: ReadonlyArray<SizeKey> = ["disk_size", "unique_size", "size"]

export const sizeNames: Readonly<Record<SizeKey, { readonly label: string; readonly title: string }>> = {
  disk_size: { label: "On disk", title: "Each stored blob once, charged to one tag. Untagged content is not counted" },
  unique_size: { label: "Unique", title: "What deleting this alone would free" },
  size: {
    label: "Size",
    title: "What pulling everything once would transfer: the distinct blobs of each tag, summed over the tags"
  }
}

export const growthNames: Readonly<Record<GrowthKey, { readonly label: string; readonly title: string }>> = {
  new_bytes: { label: "New", title: "What is new to the registry, without what is only charged to something else now" },
  ...sizeNames
}
