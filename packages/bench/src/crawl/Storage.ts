/**
 * Writes the files of a `docker-registry`, which is a thousand times as fast as pushing.
 *
 * Source: distribution 2.8, registry/storage/paths.go.
 */
import * as Fs from "node:fs/promises"
import * as Path from "node:path"
import type { Images } from "@gitlab-registry-usage/core/testing"
import { Effect } from "effect"

const write = async (directory: string, name: string, content: Uint8Array | string) => {
  await Fs.mkdir(directory, { recursive: true })
  await Fs.writeFile(Path.join(directory, name), content)
}

const writeRepository = async (root: string, { name, tags }: Images.Repository) => {
  const repository = Path.join(root, "repositories", name)
  await Fs.mkdir(Path.join(repository, "_layers"), { recursive: true })
  for (const { image, name: tag } of tags) {
    const hex = image.digest.slice("sha256:".length)
    await write(Path.join(root, "blobs", "sha256", hex.slice(0, 2), hex), "data", image.body)
    await write(Path.join(repository, "_manifests", "revisions", "sha256", hex), "link", image.digest)
    await write(Path.join(repository, "_manifests", "tags", tag, "current"), "link", image.digest)
  }
}

/**
 * Writes repositories, tags and manifests into the storage directory. A crawl requests no other blobs.
 */
export const fill = (storage: string, repositories: ReadonlyArray<Images.Repository>): Effect.Effect<void> =>
  Effect.forEach(
    repositories,
    (repository) => Effect.promise(() => writeRepository(Path.join(storage, "docker", "registry", "v2"), repository)),
    { concurrency: 16, discard: true }
  )
