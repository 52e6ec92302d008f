import type { Images } from "@gitlab-registry-usage/core/testing"

/** Measures images with sets of digests and nothing else, straight from the definition of the three sizes. */
export const measure = (repositories: ReadonlyArray<Images.Repository>, accounting: "all" | "layers") => {
  const sizes = new Map<string, number>()
  const tags: Array<{ repository: string; reached: Set<string>; layers: number }> = []
  const json = (image: Images.Image) => JSON.parse(new TextDecoder().decode(image.body))

  const visit = (image: Images.Image, into: (typeof tags)[number], met: Set<string>) => {
    if (met.has(image.digest)) return
    met.add(image.digest)
    const { layers = [], manifests = [] } = json(image)
    const listed: Array<{ digest: string; mediaType: string }> = [...layers, ...manifests]
    const isLayer = (digest: string) =>
      listed.some((entry) => entry.digest === digest && !entry.mediaType.includes("cacheconfig"))
    into.layers += layers.length + image.blobs.filter(({ digest }) => layers.length === 0 && isLayer(digest)).length
    for (const blob of image.blobs) {
      sizes.set(blob.digest, blob.body.length)
      if (accounting === "all" || isLayer(blob.digest)) into.reached.add(blob.digest)
    }
    sizes.set(image.digest, image.body.length)
    if (accounting === "all") into.reached.add(image.digest)
    for (const child of image.children) visit(child, into, met)
  }
  for (const { name, tags: named, unreadable } of repositories) {
    if (unreadable !== undefined) continue
    for (const { image } of named) {
      const tag = { repository: name, reached: new Set<string>(), layers: 0 }
      visit(image, tag, new Set())
      tags.push(tag)
    }
  }

  const sum = (digests: Iterable<string>) => [...digests].reduce((total, digest) => total + sizes.get(digest)!, 0)
  const union = (of: typeof tags) => new Set(of.flatMap(({ reached }) => [...reached]))
  const owner = (digest: string) =>
    tags.filter(({ reached }) => reached.has(digest)).reduce((best, tag) => (tag.layers < best.layers ? tag : best))
      .repository
  const everything = union(tags)
  const of = (name: string) => {
    const mine = tags.filter(({ repository }) => repository === name)
    const others = union(tags.filter(({ repository }) => repository !== name))
    return {
      size: mine.reduce((total, { reached }) => total + sum(reached), 0),
      diskSize: sum([...everything].filter((digest) => owner(digest) === name)),
      uniqueSize: sum([...union(mine)].filter((digest) => !others.has(digest)))
    }
  }
  return {
    total: {
      size: tags.reduce((total, { reached }) => total + sum(reached), 0),
      diskSize: sum(everything),
      uniqueSize: sum(everything)
    },
    repositories: Object.fromEntries(
      repositories.map(({ name, unreadable }) => [name, unreadable === undefined ? of(name) : null])
    )
  }
}
