import { Result } from "effect"
import fc from "fast-check"
import type { Inventory, Usage } from "@gitlab-registry-usage/core"
import { Digest, InventoryBuilder, Manifest, MediaType, Names } from "@gitlab-registry-usage/core"

/** A registry small enough to measure by hand: sets of digests, recomputed for every question. */
export interface Model {
  readonly layers: ReadonlyArray<number>
  readonly images: ReadonlyArray<{ readonly config: number; readonly layers: ReadonlyArray<number> }>
  readonly indexes: ReadonlyArray<ReadonlyArray<number>>
  /** A tag points to an image (0 …) or, beyond those, to an index. */
  readonly repositories: ReadonlyArray<{ readonly name: string; readonly tags: ReadonlyArray<number> }>
}

const repositoryNames = ["a", "group/app", "group/base", "group/sub/app", "group/sub/deep/tool", "other/app", "z"]

export const model: fc.Arbitrary<Model> = fc
  .record({
    layers: fc.array(fc.integer({ min: 0, max: 1_000_000 }), { minLength: 1, maxLength: 8 }),
    images: fc.array(
      fc.record({ config: fc.integer({ min: 0, max: 5000 }), layers: fc.array(fc.nat(7), { maxLength: 5 }) }),
      { minLength: 1, maxLength: 6 }
    ),
    indexes: fc.array(fc.array(fc.nat(5), { maxLength: 3 }), { maxLength: 3 }),
    repositories: fc.array(fc.array(fc.nat(8), { maxLength: 5 }), { maxLength: 7 })
  })
  .map(({ layers, images, indexes, repositories }) => ({
    layers,
    images: images.map((image) => ({ ...image, layers: image.layers.map((layer) => layer % layers.length) })),
    indexes: indexes.map((children) => children.map((child) => child % images.length)),
    repositories: repositories.map((tags, r) => ({
      name: repositoryNames[r]!,
      tags: tags.map((tag) => tag % (images.length + indexes.length))
    }))
  }))

const digest = (kind: number, number: number) =>
  Digest.Digest.make(`sha256:${(kind * 1000 + number).toString(16).padStart(64, "0")}`)
export const layerDigest = (layer: number) => digest(1, layer)
const configDigest = (image: number) => digest(2, image)
const manifestDigest = (target: number) => digest(3, target)
const ownSize = (target: number) => 100 + target * 7

const manifestOf = (model: Model, target: number): Manifest.Manifest => {
  const image = model.images[target]
  const json =
    image === undefined
      ? {
          manifests: model.indexes[target - model.images.length]!.map((child) => ({
            mediaType: MediaType.ociManifest,
            digest: manifestDigest(child),
            size: 1
          }))
        }
      : {
          config: {
            mediaType: "application/vnd.oci.image.config.v1+json",
            digest: configDigest(target),
            size: image.config
          },
          layers: image.layers.map((layer) => ({ digest: layerDigest(layer), size: model.layers[layer] }))
        }
  return Result.getOrThrow(Manifest.decode(new TextEncoder().encode(JSON.stringify(json)), ""))
}

export const inventoryOf = (
  model: Model,
  unread: ReadonlySet<number> = new Set(),
  keep: (repository: number, tag: number) => boolean = () => true
): Inventory.Inventory => {
  const builder = InventoryBuilder.make()
  const targets = model.images.length + model.indexes.length
  for (let target = 0; target < targets; target++) {
    const number = builder.manifest(manifestDigest(target))
    if (unread.has(target)) continue
    const manifest = manifestOf(model, target)
    const layerSizes = manifest.layers.map((layer) => layer.size!)
    builder.read(number, { manifest, size: ownSize(target), configSize: model.images[target]?.config ?? 0, layerSizes })
  }
  return builder.build(
    model.repositories.map(({ name, tags }, r) => {
      const kept = tags.flatMap((target, t) => (keep(r, t) ? [{ name: Names.TagName.make(`t${t}`), target }] : []))
      return {
        name: Names.RepositoryName.make(name),
        tagNames: kept.map((tag) => tag.name),
        tagManifests: Int32Array.from(kept, (tag) => builder.manifest(manifestDigest(tag.target))),
        unreadable: false,
        stale: false
      }
    })
  )
}

/** Digest → bytes of all that a tag reaches. */
export const reach = (model: Model, target: number, accounting: Usage.Accounting): Map<string, number> => {
  const reached = new Map<string, number>()
  const image = model.images[target]
  if (accounting === "all") reached.set(manifestDigest(target), ownSize(target))
  if (image === undefined) {
    for (const child of model.indexes[target - model.images.length]!) {
      for (const [name, size] of reach(model, child, accounting)) reached.set(name, size)
    }
    return reached
  }
  if (accounting === "all") reached.set(configDigest(target), image.config)
  for (const layer of image.layers) reached.set(layerDigest(layer), model.layers[layer]!)
  return reached
}

export const layerCount = (model: Model, target: number): number =>
  model.images[target]?.layers.length ??
  [...new Set(model.indexes[target - model.images.length]!)].reduce((sum, child) => sum + layerCount(model, child), 0)

export const sum = (values: Iterable<number>): number => [...values].reduce((a, b) => a + b, 0)
