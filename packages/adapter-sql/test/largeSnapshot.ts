import {
  Bytes,
  type Digest,
  InventoryBuilder,
  MediaType,
  type Names,
  type Snapshot,
  Usage
} from "@gitlab-registry-usage/core"
import { DateTime } from "effect"

const digestOf = (kind: string, number: number) =>
  `sha256:${kind}${number.toString(16).padStart(63, "0")}` as Digest.Digest

/** A snapshot of a registry with so many tags, all of which are others in the snapshot of another number. */
export const largeSnapshot = (number: number, tags = 3000): Snapshot.Snapshot => {
  const builder = InventoryBuilder.make()
  const layer = (n: number) => ({
    digest: digestOf("b", n),
    size: Bytes.make(1000 + number),
    mediaType: "",
    foreign: false
  })
  const manifests = Int32Array.from({ length: tags }, (_, i) => {
    const manifest = builder.manifest(digestOf("a", number * tags + i))
    builder.read(manifest, {
      manifest: {
        mediaType: MediaType.ociManifest,
        children: [],
        config: undefined,
        layers: [layer(i), layer(number * tags + i)],
        artifactType: undefined,
        subject: undefined
      },
      size: 500,
      configSize: 0,
      layerSizes: [1000 + number, 1000 + number]
    })
    return manifest
  })
  const names = Array.from(manifests, (_, i) => `tag-${String(i).padStart(6, "0")}` as Names.TagName)
  const repository = { name: "group/app" as Names.RepositoryName, tagNames: names, tagManifests: manifests }
  return {
    takenAt: DateTime.makeUnsafe(1_800_000_000_000 + number * 1000),
    duration: 1,
    stale: false,
    usage: Usage.measure(builder.build([{ ...repository, unreadable: false, stale: false }]))
  }
}
