/**
 * The `Registry` port over images in memory.
 *
 * @since 0.1.0
 */
import { Effect, Layer, Stream } from "effect"
import * as Bytes from "../registry/Bytes.ts"
import type { Digest } from "../registry/Digest.ts"
import type { RepositoryName, TagName } from "../registry/Names.ts"
import {
  NotFound,
  Registry,
  RegistryError,
  type RegistryReason,
  type StoredManifest,
  TooLarge
} from "../registry/Registry.ts"
import type { Image, Repository } from "./Images.ts"

/**
 * An operation of the registry, as its errors name it.
 *
 * @category models
 * @since 0.1.0
 */
export type Operation = RegistryError["operation"]

/** @category models @since 0.1.0 */
export interface Options {
  readonly repositories: ReadonlyArray<Repository>
  /** Whether `tags` lists the digests, as a registry with GitLab's metadata database does. Default `false`. */
  readonly listDigests?: boolean | undefined
  /** Runs before each operation: counts it, delays it, or lets it fail. `target` is `repository[:tag|@digest]`. */
  readonly before?: ((operation: Operation, target: string) => Effect.Effect<void, RegistryReason>) | undefined
}

interface Stored {
  readonly unreadable: RegistryReason | undefined
  readonly tags: Map<TagName, Digest>
  readonly manifests: Map<Digest, StoredManifest>
}

const isReason = (value: unknown): value is RegistryReason => value instanceof Error

const store = (repositories: ReadonlyArray<Repository>) => {
  const stored = new Map<RepositoryName, Stored>()
  const blobs = new Map<Digest, Uint8Array>()
  const put = (into: Stored, image: Image) => {
    into.manifests.set(image.digest, image)
    for (const blob of image.blobs) blobs.set(blob.digest, blob.body)
    for (const child of image.children) put(into, child)
  }
  for (const repository of repositories) {
    const into: Stored = { unreadable: repository.unreadable, tags: new Map(), manifests: new Map() }
    for (const { name, image } of repository.tags) {
      put(into, image)
      into.tags.set(name, image.digest)
    }
    stored.set(repository.name, into)
  }
  return { stored, blobs }
}

/**
 * A registry of these images. Deleting changes it; the images themselves stay as they are.
 *
 * @category constructors
 * @since 0.1.0
 */
export const make = (options: Options): Registry["Service"] => {
  const { stored, blobs } = store(options.repositories)

  const attempt = <A>(operation: Operation, target: string, get: () => A | RegistryReason) =>
    Effect.mapError(
      Effect.andThen(
        options.before?.(operation, target) ?? Effect.void,
        Effect.suspend(() => {
          const result = get()
          return isReason(result) ? Effect.fail(result) : Effect.succeed(result)
        })
      ),
      (reason) => new RegistryError({ operation, target, reason })
    )

  const inRepository = <A>(
    operation: Operation,
    repository: RepositoryName,
    reference: string,
    get: (repository: Stored) => A | RegistryReason
  ) =>
    attempt(operation, repository + reference, () => {
      const found = stored.get(repository)
      return found === undefined ? new NotFound({ detail: "no such repository" }) : (found.unreadable ?? get(found))
    })

  const referenceText = (reference: string) => (reference.includes(":") ? `@${reference}` : `:${reference}`)

  return {
    repositories: Stream.fromIterableEffect(attempt("repositories", "", () => [...stored.keys()])),
    tags: (repository) =>
      Stream.fromIterableEffect(
        inRepository("tags", repository, "", ({ tags }) =>
          Array.from(tags, ([name, digest]) => (options.listDigests === true ? { name, digest } : { name }))
        )
      ),
    resolve: (repository, tag) =>
      inRepository(
        "resolve",
        repository,
        `:${tag}`,
        ({ tags }) => tags.get(tag) ?? new NotFound({ detail: "no such tag" })
      ),
    manifest: (repository, reference) =>
      inRepository(
        "manifest",
        repository,
        referenceText(reference),
        ({ tags, manifests }) =>
          manifests.get(tags.get(reference as TagName) ?? (reference as Digest)) ??
          new NotFound({ detail: "no such manifest" })
      ),
    blob: (repository, digest, maxBytes) =>
      inRepository("blob", repository, `@${digest}`, () => {
        const body = blobs.get(digest)
        if (body === undefined) return new NotFound({ detail: "no such blob" })
        return body.length > maxBytes ? new TooLarge({ detail: `the blob has more than ${maxBytes} bytes` }) : body
      }),
    blobSize: (repository, digest) =>
      inRepository("blobSize", repository, `@${digest}`, () => {
        const body = blobs.get(digest)
        return body === undefined ? new NotFound({ detail: "no such blob" }) : Bytes.make(body.length)
      }),
    deleteManifest: (repository, digest) =>
      inRepository("deleteManifest", repository, `@${digest}`, ({ tags, manifests }) => {
        if (!manifests.delete(digest)) return new NotFound({ detail: "no such manifest" })
        for (const [tag, target] of tags) if (target === digest) tags.delete(tag)
      })
  }
}

/**
 * @category layers
 * @since 0.1.0
 */
export const layer = (options: Options): Layer.Layer<Registry> => Layer.sync(Registry, () => make(options))
