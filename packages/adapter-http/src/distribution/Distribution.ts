/**
 * The operations of the registry by the distribution API.
 *
 * Sources: OCI distribution specification; distribution, "HTTP API V2" for the catalog.
 *
 * @since 0.1.0
 */
import { Bytes, Digest, MediaType, Names, Registry } from "@gitlab-registry-usage/core"
import { Effect, Schema, Stream } from "effect"
import type { Digest as Hash } from "effect/crypto"
import type { Authorization, RequiredScope } from "../auth/Authorization.ts"
import type { HttpRequest } from "../transport/HttpExchange.ts"
import * as ManifestDigest from "./ManifestDigest.ts"
import { wellFormed } from "./ListedNames.ts"
import * as Pages from "./Pages.ts"
import * as RepositoryOrder from "./RepositoryOrder.ts"
import * as Scope from "../auth/Scope.ts"
import { permanentReason } from "../transport/Failure.ts"
import { decodeJson, type HttpResponse, isHtml, unexpectedHtml } from "../transport/HttpResponse.ts"

/**
 * How much a registry may answer.
 *
 * @category options
 * @since 0.1.0
 */
export interface Limits {
  /** Bytes of a manifest. Default 4 MiB, which a registry must accept by the specification and few go beyond. */
  readonly manifestBytes?: number | undefined
  /** Bytes of a page of a listing. Default 32 MiB: some registries tell all tags at once. */
  readonly pageBytes?: number | undefined
  /** Pages of a listing. Default 10,000. */
  readonly pages?: number | undefined
}

type Operation = Registry.RegistryError["operation"]

const NameList = Schema.NullOr(Schema.Array(Schema.String))
const Repositories = Schema.Struct({ repositories: NameList })
const Tags = Schema.Struct({ tags: NameList })
const decodeRepositories = decodeJson(Repositories, "the list of repositories")
const decodeTags = decodeJson(Tags, "the list of tags")

/** Redirects of a blob to where it is stored. */
const maxRedirects = 5

const plain = { "accept-encoding": "identity" }
const acceptJson = { ...plain, accept: "application/json" }
const acceptManifests = { ...plain, accept: [...MediaType.manifests, MediaType.dockerSchema1].join(", ") }

/**
 * The operations at `url`, which is the registry's base.
 *
 * @category constructors
 * @since 0.1.0
 */
export const make = (options: {
  readonly url: URL
  readonly authorization: Authorization
  readonly hash: Hash.Digest["Service"]
  readonly limits: Limits
  readonly order: RepositoryOrder.RepositoryOrder
}): Registry.Registry["Service"] => {
  const { authorization, hash, limits, order } = options
  const base = `${options.url.origin}${options.url.pathname.replace(/\/+$/, "")}/v2/`
  const pageBytes = limits.pageBytes ?? 32 * 1024 * 1024
  const manifestBytes = limits.manifestBytes ?? 4 * 1024 * 1024
  const maxPages = limits.pages ?? 10_000
  const pull = (repository: Names.RepositoryName): RequiredScope => RepositoryOrder.pull(order, repository)
  const alone = (scope: Scope.Scope): RequiredScope => ({ scope, also: () => [] })

  const fail = (operation: Operation, target: string) => (reason: Registry.RegistryReason) =>
    new Registry.RegistryError({ operation, target, reason })

  const list = <A extends string>(url: URL, required: RequiredScope, decode: Pages.Listing<A>["decode"]) =>
    Pages.entries({
      first: url,
      get: (url) => authorization.send({ method: "GET", url, headers: acceptJson, maxBytes: pageBytes }, required),
      decode,
      key: (name) => name,
      maxPages
    })

  /** A name that was never checked must not make another path; there is no such repository. */
  const at = (repository: Names.RepositoryName, rest: string): Effect.Effect<URL, Registry.NotFound> =>
    Names.isRepositoryName(repository)
      ? Effect.succeed(new URL(`${base}${repository}/${rest}`))
      : Effect.fail(new Registry.NotFound({ detail: "not a name of a repository" }))

  const send = (
    repository: Names.RepositoryName,
    rest: string,
    request: Omit<HttpRequest, "url">,
    required: RequiredScope = pull(repository)
  ): Effect.Effect<HttpResponse, Registry.RegistryReason> =>
    Effect.flatMap(at(repository, rest), (url) => authorization.send({ ...request, url }, required))

  const expect = (response: HttpResponse, status = 200): Effect.Effect<HttpResponse, Registry.RegistryReason> =>
    response.status === status ? Effect.succeed(response) : Effect.fail(permanentReason(response))

  const isReference = (reference: string) => Names.isTagName(reference) || Digest.isDigest(reference)
  const referenceText = (reference: string) => (reference.includes(":") ? `@${reference}` : `:${reference}`)

  const manifest = Effect.fnUntraced(function* (
    repository: Names.RepositoryName,
    reference: Names.TagName | Digest.Digest
  ): Effect.fn.Return<Registry.StoredManifest, Registry.RegistryReason> {
    if (!isReference(reference)) return yield* new Registry.NotFound({ detail: "not a name of a tag or a digest" })
    const response = yield* send(repository, `manifests/${reference}`, {
      method: "GET",
      headers: acceptManifests,
      maxBytes: manifestBytes
    })
    return yield* verified(response, reference)
  })

  const verified = Effect.fnUntraced(function* (
    response: HttpResponse,
    reference: Names.TagName | Digest.Digest
  ): Effect.fn.Return<Registry.StoredManifest, Registry.RegistryReason> {
    yield* expect(response)
    const mediaType = response.headers["content-type"] ?? ""
    if (isHtml(mediaType)) return yield* unexpectedHtml(response.from)
    const asked = Digest.isDigest(reference) ? reference : undefined
    return yield* ManifestDigest.verified(
      hash,
      { mediaType, body: response.body },
      asked,
      response.headers["docker-content-digest"]
    )
  })

  return {
    repositories: Stream.suspend(() => {
      order.clear()
      return list(new URL(`${base}_catalog`), alone(Scope.catalog), (body) =>
        Effect.fromResult(decodeRepositories(body)).pipe(
          Effect.flatMap(({ repositories }) => wellFormed(repositories, Names.isRepositoryName, "repositories")),
          Effect.tap((names) => Effect.sync(() => order.add(names)))
        )
      )
    }).pipe(
      // The catalog is no part of the OCI specification; a registry without one does not know the path.
      Stream.mapError((reason) =>
        fail(
          "repositories",
          ""
        )(reason._tag === "NotFound" ? new Registry.Unsupported({ detail: `${reason.detail}: no catalog` }) : reason)
      ),
      Stream.withSpan("Registry.repositories")
    ),

    tags: (repository) =>
      Stream.unwrap(
        Effect.map(at(repository, "tags/list"), (url) =>
          list(url, pull(repository), (body) =>
            Effect.flatMap(Effect.fromResult(decodeTags(body)), ({ tags }) =>
              wellFormed(tags, Names.isTagName, `tags of ${repository}`)
            )
          )
        )
      ).pipe(
        Stream.map((name) => ({ name })),
        Stream.mapError(fail("tags", repository)),
        Stream.withSpan("Registry.tags", { attributes: { repository } })
      ),

    resolve: Effect.fn("Registry.resolve")(
      function* (repository: Names.RepositoryName, tag: Names.TagName, known?: Digest.Digest | undefined) {
        yield* Effect.annotateCurrentSpan({ repository, tag })
        if (!Names.isTagName(tag)) return yield* new Registry.NotFound({ detail: "not a name of a tag" })
        if (known !== undefined) {
          // A registry looks at the tag alone then, and not at the manifest; and undici opens a connection anew for
          // every HEAD (https://github.com/nodejs/undici/issues/258), which over TLS takes longer than the request.
          const headers = { ...acceptManifests, "if-none-match": `"${known}"` }
          const request = { method: "GET", headers, maxBytes: manifestBytes } as const
          const response = yield* send(repository, `manifests/${tag}`, request)
          return response.status === 304 ? known : (yield* verified(response, tag)).digest
        }
        const request = { method: "HEAD", headers: acceptManifests, maxBytes: 0 } as const
        const response = yield* Effect.flatMap(send(repository, `manifests/${tag}`, request), expect)
        const digest = response.headers["docker-content-digest"]
        if (digest === undefined) return (yield* manifest(repository, tag)).digest
        if (Digest.isDigest(digest)) return digest
        return yield* new Registry.Malformed({ detail: "the registry tells a malformed digest of the manifest" })
      },
      (effect, repository, tag) => Effect.mapError(effect, fail("resolve", `${repository}:${tag}`))
    ),

    manifest: Effect.fn("Registry.manifest")(
      function* (repository: Names.RepositoryName, reference: Names.TagName | Digest.Digest) {
        yield* Effect.annotateCurrentSpan({ repository, reference })
        return yield* manifest(repository, reference)
      },
      (effect, repository, reference) =>
        Effect.mapError(effect, fail("manifest", `${repository}${referenceText(reference)}`))
    ),

    blob: Effect.fn("Registry.blob")(
      function* (repository: Names.RepositoryName, digest: Digest.Digest, maxBytes: number) {
        yield* Effect.annotateCurrentSpan({ repository, digest })
        if (!Digest.isDigest(digest)) return yield* new Registry.NotFound({ detail: "not a digest" })
        const request = { method: "GET", headers: plain, maxBytes, redirects: maxRedirects } as const
        const { body } = yield* Effect.flatMap(send(repository, `blobs/${digest}`, request), expect)
        yield* ManifestDigest.verify(hash, body, digest)
        return body
      },
      (effect, repository, digest) => Effect.mapError(effect, fail("blob", `${repository}@${digest}`))
    ),

    blobSize: Effect.fn("Registry.blobSize")(
      function* (repository: Names.RepositoryName, digest: Digest.Digest) {
        yield* Effect.annotateCurrentSpan({ repository, digest })
        if (!Digest.isDigest(digest)) return yield* new Registry.NotFound({ detail: "not a digest" })
        const request = { method: "HEAD", headers: plain, maxBytes: 0, redirects: maxRedirects } as const
        const response = yield* Effect.flatMap(send(repository, `blobs/${digest}`, request), expect)
        const length = response.headers["content-length"] ?? ""
        const size = /^\d+$/.test(length) ? Number(length) : -1
        if (Bytes.isBytes(size)) return size
        return yield* new Registry.Malformed({ detail: "the registry does not tell the size of the blob" })
      },
      (effect, repository, digest) => Effect.mapError(effect, fail("blobSize", `${repository}@${digest}`))
    ),

    deleteManifest: Effect.fn("Registry.deleteManifest")(
      function* (repository: Names.RepositoryName, digest: Digest.Digest) {
        yield* Effect.annotateCurrentSpan({ repository, digest })
        if (!Digest.isDigest(digest)) return yield* new Registry.NotFound({ detail: "not a digest" })
        const request = { method: "DELETE", headers: plain, maxBytes: 64 * 1024 } as const
        const response = yield* send(repository, `manifests/${digest}`, request, alone(Scope.remove(repository)))
        if (response.status === 200 && isHtml(response.headers["content-type"])) {
          return yield* unexpectedHtml(response.from)
        }
        // 202 by the specification.
        if (response.status < 200 || response.status >= 300) return yield* permanentReason(response)
      },
      (effect, repository, digest) => Effect.mapError(effect, fail("deleteManifest", `${repository}@${digest}`))
    )
  }
}
