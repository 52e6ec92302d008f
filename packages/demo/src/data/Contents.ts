/** The contents of the embedded registry. */
import { Digest, type Names, type Registry } from "@gitlab-registry-usage/core"
import type { Images } from "@gitlab-registry-usage/core/testing"

/**
 * A stored repository. Manifests and blobs remain after their tags are removed, as in a registry before its garbage
 * collection. With `unreadable`, every request for it is refused.
 */
export interface StoredRepository {
  readonly name: Names.RepositoryName
  /** In the listed order. */
  readonly tags: ReadonlyMap<string, Digest.Digest>
  readonly manifests: ReadonlyMap<string, Registry.StoredManifest>
  readonly blobs: ReadonlyMap<string, Images.Blob>
  readonly unreadable: Registry.RegistryReason | undefined
}

/**
 * Repositories by name, in the listed order. Repositories and tags are sorted by the bytes of their names, as in a
 * registry.
 */
export type Contents = ReadonlyMap<string, StoredRepository>

const sorted = <A>(entries: Iterable<readonly [string, A]>): ReadonlyMap<string, A> =>
  new Map([...entries].sort(([a], [b]) => (a < b ? -1 : a > b ? 1 : 0)))

const stored = (repository: Images.Repository): StoredRepository => {
  const manifests = new Map<string, Registry.StoredManifest>()
  const blobs = new Map<string, Images.Blob>()
  const add = (image: Images.Image) => {
    manifests.set(image.digest, image)
    for (const blob of image.blobs) blobs.set(blob.digest, blob)
    for (const child of image.children) add(child)
  }
  for (const { image } of repository.tags) add(image)
  return {
    name: repository.name,
    tags: sorted(repository.tags.map(({ name, image }) => [name, image.digest] as const)),
    manifests,
    blobs,
    unreadable: repository.unreadable
  }
}

export const fromRepositories = (repositories: Iterable<Images.Repository>): Contents =>
  sorted(Array.from(repositories, (repository) => [repository.name, stored(repository)] as const))

/** Adds a repository, or replaces the one of the same name. */
export const put =
  (repository: Images.Repository) =>
  (contents: Contents): Contents =>
    sorted([...contents, [repository.name, stored(repository)]])

/** Removes a repository with its contents. */
export const remove =
  (name: string) =>
  (contents: Contents): Contents =>
    new Map([...contents].filter(([other]) => other !== name))

/** Removes a tag without its manifest, or a manifest with all tags that point to it. */
export const removeReference =
  (name: string, reference: string) =>
  (contents: Contents): Contents => {
    const repository = contents.get(name)
    if (repository === undefined) return contents
    const tags = [...repository.tags].filter(([tag, digest]) => tag !== reference && digest !== reference)
    const manifests = [...repository.manifests].filter(([digest]) => digest !== reference)
    return new Map([...contents, [name, { ...repository, tags: new Map(tags), manifests: new Map(manifests) }]])
  }

/** The manifest of a tag or a digest. */
export const manifest = (repository: StoredRepository, reference: string): Registry.StoredManifest | undefined =>
  repository.manifests.get(Digest.isDigest(reference) ? reference : (repository.tags.get(reference) ?? ""))
