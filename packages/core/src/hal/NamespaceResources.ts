/**
 * The namespaces of the registry as HAL resources.
 *
 * @since 0.1.0
 */
import * as Hal from "./Hal.ts"
import { image } from "./ImageResources.ts"
import { partialSizesState } from "./SizesState.ts"
import { imageHref, namespaceHref, timeLinks, type View } from "./View.ts"
import { namespaceOf } from "../registry/Names.ts"
import { namespaceAt } from "../usage/Namespaces.ts"
import { namespaceUnread } from "../usage/Usage.ts"

/**
 * The namespace with this path: the sums over all images below it, the namespaces directly in it as `items`, and the
 * images directly in it as `images`. The empty path is the whole registry. `undefined` where no image lies in it.
 *
 * @category resources
 * @since 0.1.0
 */
export const namespace = (view: View, path: string): Hal.Resource | undefined => {
  const { usage } = view.snapshot
  const found = namespaceAt(usage, path)
  if (found === undefined) return undefined
  const { gaps, namespaces, repositories, sizes, tags } = found
  return Hal.make({
    state: {
      path,
      ...partialSizesState(sizes, namespaceUnread(usage, path)),
      images: found.images,
      tags,
      gaps
    },
    links: () => ({
      self: namespaceHref(view, path),
      up: path === "" ? `${view.root}/` : namespaceHref(view, namespaceOf(path)),
      ...timeLinks(view, path),
      items: namespaces.map((below) => ({ href: namespaceHref(view, below), title: below })),
      images: repositories.map((r) => {
        const { name } = usage.inventory.repositories[r]!
        return { href: imageHref(view, name), title: name }
      })
    }),
    embedded: {
      items: () => namespaces.map((below) => namespace(view, below)!),
      images: () => repositories.map((r) => image(view, r))
    }
  })
}
