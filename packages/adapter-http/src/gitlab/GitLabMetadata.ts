/**
 * Tags with their digests and dates, from the metadata database of GitLab's registry: one request for a thousand of them.
 *
 * Source: GitLab, "Container Registry HTTP API", `/gitlab/v1/`; every path of it ends with a slash. Its sizes are
 * not used: they leave out configs, manifests and indexes.
 */
import { Digest, Names, type Registry } from "@gitlab-registry-usage/core"
import { Effect, Result, Schema, Semaphore, Stream } from "effect"
import type { Authorization } from "../auth/Authorization.ts"
import { orElseWhileEmpty } from "../distribution/Fallback.ts"
import * as Pages from "../distribution/Pages.ts"
import type { RepositoryOrder } from "../distribution/RepositoryOrder.ts"
import { toError } from "../transport/Failure.ts"
import { decodeJson, type HttpResponse } from "../transport/HttpResponse.ts"
import { resolve } from "../transport/RequestUrl.ts"

const optional = Schema.optionalKey(Schema.Unknown)
const Tag = Schema.Struct({
  name: Schema.String,
  digest: optional,
  created_at: optional,
  updated_at: optional,
  published_at: optional
})
const isTag = Schema.is(Tag)
const decodeTags = decodeJson(Schema.Array(Schema.Unknown), "the list of tags with digests")

/** Earlier releases of GitLab list no `published_at`: it is the later of the other two. */
const publishedAt = ({ created_at, published_at, updated_at }: typeof Tag.Type): number | undefined =>
  [published_at, updated_at, created_at]
    .map((text) => (typeof text === "string" ? Date.parse(text) : Number.NaN))
    .find(Number.isFinite)

/** A digest that fits no grammar is none: the crawl then requests the manifest by tag. */
const listedTag = (entry: unknown): Registry.ListedTag => {
  if (!isTag(entry)) return { name: Pages.noName(entry) }
  const { digest, name } = entry
  const instant = publishedAt(entry)
  return {
    name,
    ...(typeof digest === "string" && Digest.isDigest(digest) ? { digest } : {}),
    ...(instant === undefined ? {} : { publishedAt: instant })
  }
}

/** GitLab's registry sends its version with every response of this API; any other server that answers 200 has none. */
const isGitLab = ({ headers, status }: HttpResponse): boolean =>
  status === 200 && headers["gitlab-container-registry-version"] !== undefined

/**
 * The tags by the metadata database of the registry at `url`. One request, with the
 * first repository, finds out whether there is one. Without one, and for a repository that it does not know, the tags are `otherwise`'s.
 */
export const make = Effect.fnUntraced(function* (options: {
  readonly url: URL
  readonly authorization: Authorization
  readonly limits: Pages.Limits
  readonly order: RepositoryOrder
  readonly otherwise: Registry.Registry["Service"]["tags"]
}) {
  const { authorization, limits, order, otherwise, url } = options
  const base = resolve(url, "gitlab/v1/")
  const semaphore = yield* Semaphore.make(1)
  let known: boolean | undefined

  /**
   * The request works with any token, so it uses the one that the repository needs anyway. A response that does not
   * depend on the database (the repository is denied, the rate limit is reached) decides nothing.
   */
  const ask = Effect.fnUntraced(function* (repository: Names.RepositoryName) {
    if (known !== undefined) return known
    const isOffered = yield* authorization
      .send(
        { method: "GET", url: new URL(base), headers: Pages.acceptJson, maxBytes: 64 * 1024 },
        { ...order.pull(repository), anyToken: true }
      )
      .pipe(
        Effect.map(isGitLab),
        Effect.catchTag(["Unreachable", "ServerError", "Malformed", "TooLarge"], () => Effect.succeed(false))
      )
    yield* Effect.logDebug(`the registry ${isOffered ? "has" : "does not offer"} GitLab's metadata database`)
    known = isOffered
    return isOffered
  })

  const isAvailable = (repository: Names.RepositoryName) =>
    Effect.suspend(() => (known === undefined ? semaphore.withPermits(1)(ask(repository)) : Effect.succeed(known)))

  const fromDatabase = (repository: Names.RepositoryName) =>
    orElseWhileEmpty(
      Stream.mapError(
        Pages.entries({
          first: `${base}repositories/${repository}/tags/list/`,
          send: (request) => authorization.send(request, order.pull(repository)),
          decode: (response) =>
            decodeTags(response).pipe(
              Result.flatMap((tags) => Pages.entriesOf(tags, isTag)),
              Result.map((tags) => tags.map(listedTag))
            ),
          key: (tag) => tag.name,
          limits
        }),
        toError("tags", repository)
      ),
      // A repository that was not imported into the database yet is known by the distribution API alone.
      ({ reason }) => (reason._tag === "NotFound" || reason._tag === "Unsupported" ? otherwise(repository) : undefined)
    )

  return {
    /** The tags of a repository, by the metadata database where there is one and it knows the repository. */
    tags: (repository: Names.RepositoryName) =>
      Names.isRepositoryName(repository)
        ? Stream.unwrap(
            isAvailable(repository).pipe(
              Effect.mapError(toError("tags", repository)),
              Effect.map((available) => (available ? fromDatabase(repository) : otherwise(repository)))
            )
          ).pipe(Stream.withSpan("GitLabMetadata.tags", { attributes: { repository } }))
        : otherwise(repository),
    /** Forgets whether there is a metadata database, as a new crawl begins. */
    forget: Effect.sync(() => {
      known = undefined
    })
  }
})
