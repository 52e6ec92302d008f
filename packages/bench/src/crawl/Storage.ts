/**
 * Fills the directory of a `docker-registry` without pushing: a thousand times as fast, and the same at every run.
 *
 * Source: distribution 2.8, registry/storage/paths.go.
 */
import * as Crypto from "node:crypto"
import * as Fs from "node:fs/promises"
import * as Path from "node:path"
import { MediaType } from "@gitlab-registry-usage/core"
import { Effect } from "effect"

/**
 * How many repositories there are, how many tags in each, and how many layers each manifest has.
 */
export interface Options {
  readonly repositories: number
  readonly tagsPerRepository: number
  readonly layersPerManifest: number
}

const sha256 = (text: string): string => Crypto.createHash("sha256").update(text).digest("hex")

/** A manifest of its own for every tag. The first half of its layers is shared by all tags of the repository. */
const manifestOf = (options: Options, r: number, tag: number): string =>
  JSON.stringify(
    {
      schemaVersion: 2,
      mediaType: MediaType.dockerManifest,
      config: {
        mediaType: "application/vnd.docker.container.image.v1+json",
        size: 7023,
        digest: `sha256:${sha256(`config ${r} ${tag}`)}`
      },
      layers: Array.from({ length: options.layersPerManifest }, (_, layer) => ({
        mediaType: "application/vnd.docker.image.rootfs.diff.tar.gzip",
        size: 1_000_000 + layer * 123_457,
        digest: `sha256:${sha256(layer * 2 < options.layersPerManifest ? `${r} ${layer}` : `${r} ${layer} ${tag}`)}`
      }))
    },
    null,
    3
  )

const write = async (directory: string, name: string, text: string) => {
  await Fs.mkdir(directory, { recursive: true })
  await Fs.writeFile(Path.join(directory, name), text)
}

const fillRepository = async (root: string, options: Options, r: number) => {
  const repository = Path.join(root, "repositories", `group-${Math.floor(r / 100)}`, `project-${r}`)
  await Fs.mkdir(Path.join(repository, "_layers"), { recursive: true })
  for (let tag = 0; tag < options.tagsPerRepository; tag++) {
    const manifest = manifestOf(options, r, tag)
    const hex = sha256(manifest)
    const link = `sha256:${hex}`
    await write(Path.join(root, "blobs", "sha256", hex.slice(0, 2), hex), "data", manifest)
    await write(Path.join(repository, "_manifests", "revisions", "sha256", hex), "link", link)
    await write(Path.join(repository, "_manifests", "tags", `v1.${tag}.0`, "current"), "link", link)
  }
}

/**
 * Writes manifests, tags and repositories into the storage directory. The blobs that the manifests name are not
 * written: a crawl never asks for them.
 */
export const fill = (storage: string, options: Options): Effect.Effect<void> =>
  Effect.forEach(
    Array.from({ length: options.repositories }, (_, r) => r),
    (r) => Effect.promise(() => fillRepository(Path.join(storage, "docker", "registry", "v2"), options, r)),
    { concurrency: 16, discard: true }
  )
