/**
 * Tags with their digests, from the metadata database of GitLab's registry: one request for a thousand of them.
 *
 * Source: GitLab, "Container Registry HTTP API", `/gitlab/v1/`; every path of it ends with a slash. The sizes that it
 * tells are not used: they leave out configs and manifests, and indexes.
 *
 * @since 0.1.0
 */
import { Digest, Names, Registry } from "@gitlab-registry-usage/core"
import { Effect, Schema, Semaphore, Stream } from "effect"
import type { Authorization } from "../auth/Authorization.ts"
import type { Limits } from "../distribution/Distribution.ts"
import { wellFormed } from "../distribution/ListedNames.ts"
import * as Pages from "../distribution/Pages.ts"
import * as RepositoryOrder from "../distribution/RepositoryOrder.ts"
import { decodeJson, type HttpResponse } from "../transport/HttpResponse.ts"

/**
 * @category models
 * @since 0.1.0
 */
export interface GitLabMetadata {
  /** The tags of a repository, by the metadata database where there is one and it knows the repository. */
  readonly tags: Registry.Registry["Service"]["tags"]
  /** Forgets whether there is a metadata database, as a new crawl begins. */
  readonly forget: Effect.Effect<void>
}

const Tags = Schema.Array(Schema.Struct({ name: Schema.String, digest: Schema.optionalKey(Schema.Unknown) }))
const decodeTags = decodeJson(Tags, "the list of tags with digests")

const acceptJson = { accept: "application/json", "accept-encoding": "identity" }

/** A digest that fits no grammar is none: the manifest is then asked for by tag. */
const listed = ({ digest, name }: (typeof Tags.Type)[number]): Registry.ListedTag | undefined => {
  if (!Names.isTagName(name)) return undefined
  return typeof digest === "string" && Digest.isDigest(digest) ? { name, digest } : { name }
}

const decodeTagPage = Effect.fnUntraced(function* (
  repository: Names.RepositoryName,
  body: Uint8Array
): Effect.fn.Return<ReadonlyArray<Registry.ListedTag>, Registry.Malformed> {
  const tags = yield* Effect.fromResult(decodeTags(body))
  const names = tags.map(({ name }) => name)
  yield* wellFormed(names, Names.isTagName, `tags of ${repository}`)
  return tags.flatMap((tag) => listed(tag) ?? [])
})

/** GitLab's registry tells its version with every answer of this API; whoever else answers 200 here is none. */
const isGitLab = ({ headers, status }: HttpResponse): boolean =>
  status === 200 && headers["gitlab-container-registry-version"] !== undefined

/**
 * The tags by the metadata database of the registry at `url`. Whether there is one is asked for with the first
 * repository, and once. Without one, and for a repository that it does not know, the tags are `otherwise`'s.
 *
 * @category constructors
 * @since 0.1.0
 */
export const make = Effect.fnUntraced(function* (options: {
  readonly url: URL
  readonly authorization: Authorization
  readonly limits: Limits
  readonly order: RepositoryOrder.RepositoryOrder
  readonly otherwise: Registry.Registry["Service"]["tags"]
}): Effect.fn.Return<GitLabMetadata> {
  const { authorization, limits, otherwise, order } = options
  const base = `${options.url.origin}${options.url.pathname.replace(/\/+$/, "")}/gitlab/v1/`
  const semaphore = yield* Semaphore.make(1)
  let known: boolean | undefined

  const get = (url: URL, repository: Names.RepositoryName, maxBytes: number) =>
    authorization.send({ method: "GET", url, headers: acceptJson, maxBytes }, RepositoryOrder.pull(order, repository))

  /**
   * Any token will do for the question, so it comes with one that the repository needs anyway. An answer that tells
   * nothing about the database (the repository is denied, the registry wants fewer requests) leaves it open.
   */
  const ask = Effect.fnUntraced(function* (
    repository: Names.RepositoryName
  ): Effect.fn.Return<boolean, Registry.RegistryReason> {
    if (known !== undefined) return known
    const isOffered = yield* get(new URL(base), repository, 64 * 1024).pipe(
      Effect.map(isGitLab),
      Effect.catchTags({
        Unreachable: () => Effect.succeed(false),
        Malformed: () => Effect.succeed(false)
      })
    )
    yield* Effect.logDebug(`the registry ${isOffered ? "has" : "does not offer"} GitLab's metadata database`)
    known = isOffered
    return isOffered
  })

  const isAvailable = (repository: Names.RepositoryName) =>
    Effect.suspend(() => (known === undefined ? semaphore.withPermits(1)(ask(repository)) : Effect.succeed(known)))

  const fail = (repository: Names.RepositoryName) => (reason: Registry.RegistryReason) =>
    new Registry.RegistryError({ operation: "tags", target: repository, reason })

  const fromDatabase = (repository: Names.RepositoryName) =>
    Stream.suspend(() => {
      let begun = false
      return Pages.entries({
        first: new URL(`${base}repositories/${repository}/tags/list/`),
        get: (url) => get(url, repository, limits.pageBytes ?? 32 * 1024 * 1024),
        decode: (body) => {
          begun = true
          return decodeTagPage(repository, body)
        },
        key: (tag) => tag.name,
        maxPages: limits.pages ?? 10_000
      }).pipe(
        Stream.mapError(fail(repository)),
        // A repository that was not imported into the database yet is known by the distribution API alone.
        Stream.catch((error) =>
          !begun && (error.reason._tag === "NotFound" || error.reason._tag === "Unsupported")
            ? otherwise(repository)
            : Stream.fail(error)
        )
      )
    })

  return {
    tags: (repository) =>
      Names.isRepositoryName(repository)
        ? Stream.unwrap(
            isAvailable(repository).pipe(
              Effect.mapError(fail(repository)),
              Effect.map((available) => (available ? fromDatabase(repository) : otherwise(repository)))
            )
          ).pipe(Stream.withSpan("GitLabMetadata.tags", { attributes: { repository } }))
        : otherwise(repository),
    forget: Effect.sync(() => {
      known = undefined
    })
  }
})
