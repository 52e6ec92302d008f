/**
 * The namespaces of the registry as HAL resources.
 *
 * @since 0.1.0
 */
import type { Resource } from "./Hal.ts"
import { image } from "./ImageResources.ts"
import { sizesState } from "./SizesState.ts"
import { timeLinks, imageHref, namespaceHref, type View } from "./View.ts"
import { type Namespace, namespaceAt } from "../usage/Namespaces.ts"

const resource = (view: View, namespace: Namespace): Resource => {
  const { gaps, images, namespaces, path, repositories, sizes, tags } = namespace
  const { inventory } = view.snapshot.usage
  const nameOf = (r: number) => inventory.repositories[r]!.name
  return {
    state: { path, ...sizesState(sizes), images, tags, gaps },
    links: () => ({
      self: { href: namespaceHref(view, path) },
      up: {
        href: path === "" ? `${view.root}/` : namespaceHref(view, path.slice(0, Math.max(0, path.lastIndexOf("/"))))
      },
      ...timeLinks(view, path),
      ...(namespaces.length === 0
        ? {}
        : { items: namespaces.map((below) => ({ href: namespaceHref(view, below), title: below })) }),
      ...(repositories.length === 0
        ? {}
        : { images: repositories.map((r) => ({ href: imageHref(view, nameOf(r)), title: nameOf(r) })) })
    }),
    embedded: {
      items: () => namespaces.map((below) => resource(view, namespaceAt(view.snapshot.usage, below)!)),
      images: () => repositories.map((r) => image(view, r))
    }
  }
}

/**
 * The namespace with this path: the sums over all images below it, the namespaces directly in it as `items`, and the
 * images directly in it as `images`. The empty path is the whole registry. `undefined` where no image lies in it.
 *
 * @category resources
 * @since 0.1.0
 */
export const namespace = (view: View, path: string): Resource | undefined => {
  const found = namespaceAt(view.snapshot.usage, path)
  return found === undefined ? undefined : resource(view, found)
}
