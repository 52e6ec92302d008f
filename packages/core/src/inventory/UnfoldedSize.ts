import type { Inventory } from "./Inventory.ts"

/**
 * Manifest → how many manifests, references and children measuring it visits at the most: those below an index count
 * with each path that leads to them, but never more than there are.
 */
const unfoldedSizes = ({
  childStarts,
  children,
  referenceStarts,
  references
}: Inventory["manifests"]): Float64Array => {
  const count = childStarts.length - 1
  const everything = count + references.length + children.length
  // 0: not begun. A manifest that is under way counts as everything, so that a cycle ends.
  const sizes = new Float64Array(count)
  const next = childStarts.slice(0, count)
  const path: Array<number> = []
  const begin = (manifest: number) => {
    sizes[manifest] = everything
    path.push(manifest)
  }
  for (let root = 0; root < count; root++) {
    if (sizes[root] === 0) begin(root)
    for (let manifest = path.at(-1); manifest !== undefined; manifest = path.at(-1)) {
      const end = childStarts[manifest + 1]!
      while (next[manifest]! < end && sizes[children[next[manifest]!]!] !== 0) next[manifest]!++
      if (next[manifest]! < end) {
        begin(children[next[manifest]!]!)
        continue
      }
      let size = 1 + referenceStarts[manifest + 1]! - referenceStarts[manifest]!
      for (let at = childStarts[manifest]!; at < end; at++) size += 1 + sizes[children[at]!]!
      sizes[manifest] = Math.min(size, everything)
      path.pop()
    }
  }
  return sizes
}

/** How many visits measuring an inventory takes at the most. Its numbers must be in their ranges. */
export const unfoldedSize = ({ manifests, repositories }: Inventory): number => {
  const sizes = unfoldedSizes(manifests)
  let sum = 0
  for (const { tagManifests } of repositories) {
    for (const manifest of tagManifests) {
      if (manifest < 0) continue
      sum += sizes[manifest]!
      // Tags of the same manifest are measured once.
      sizes[manifest] = 0
    }
  }
  return sum
}
