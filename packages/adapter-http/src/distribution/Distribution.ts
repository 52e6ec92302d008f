/**
 * The operations of the registry by the distribution API.
 *
 * Sources: OCI distribution specification; distribution, "HTTP API V2" for the catalog.
 */
import { Bytes, Digest, MediaType, Names, Registry } from "@gitlab-registry-usage/core"
import { Effect, Predicate, Result, Schema, Stream } from "effect"
import type { Digest as Hash } from "effect/crypto"
import type { Authorization, RequiredScope } from "../auth/Authorization.ts"
import * as Scope from "../auth/Scope.ts"
import { permanentReason, toError } from "../transport/Failure.ts"
import type { HttpRequest } from "../transport/HttpExchange.ts"
import { decodeJson, type HttpResponse, isHtml, unexpectedHtml } from "../transport/HttpResponse.ts"
import { resolve } from "../transport/RequestUrl.ts"
import * as ManifestDigest from "./ManifestDigest.ts"
import * as Pages from "./Pages.ts"
import type { RepositoryOrder } from "./RepositoryOrder.ts"

const NameList = Schema.NullOr(Schema.Array(Schema.Unknown))
const decodeRepositories = decodeJson(Schema.Struct({ repositories: NameList }), "the list of repositories")
const decodeTags = decodeJson(Schema.Struct({ tags: NameList }), "the list of tags")

/** Redirects of a request: a registry may answer any with one (OCI distribution specification, "Redirects"). */
const maxRedirects = 5
/** A server that ignores ranges sends the whole blob; a larger one is not read. */
const maxRangeBytes = 64 * 1024

const sizeOf = (text: string | undefined): Bytes.Bytes | undefined => {
  const size = /^\d+$/.test(text ?? "") ? Number(text) : -1
  return Bytes.isBytes(size) ? size : undefined
}

const plain = { "accept-encoding": "identity" }
const manifestTypes = [...MediaType.manifests, MediaType.dockerSchema1].join(", ")
const acceptManifests = { ...plain, accept: manifestTypes }

const accepting = (mediaType: string) =>
  MediaType.isManifest(mediaType) || !MediaType.isMediaType(mediaType)
    ? acceptManifests
    : { ...plain, accept: `${manifestTypes}, ${mediaType}` }

/** What a manifest begins with, as JSON, and a web page does not. */
const isObject = (body: Uint8Array): boolean => /^\s*\{/.test(new TextDecoder().decode(body.subarray(0, 64)))

const isReference = (text: string): text is Names.TagName | Digest.Digest =>
  Names.isTagName(text) || Digest.isDigest(text)

/** What a reference may be, by the attribute of the span that shows it. */
const references = {
  tag: { isValid: Names.isTagName, invalid: "not a name of a tag" },
  digest: { isValid: Digest.isDigest, invalid: "not a digest" },
  reference: { isValid: isReference, invalid: "not a name of a tag or a digest" }
}

/** An operation on what a reference names in a repository: its span, its error, and no request for an invalid one. */
const operation = <Reference extends string, Rest extends ReadonlyArray<unknown>, A>(
  name: Registry.RegistryError["operation"],
  attribute: keyof typeof references,
  run: (
    repository: Names.RepositoryName,
    reference: Reference,
    ...rest: Rest
  ) => Effect.fn.Return<A, Registry.RegistryReason>
) => {
  const effect = Effect.fnUntraced(run)
  const { invalid, isValid } = references[attribute]
  return (repository: Names.RepositoryName, reference: Reference, ...rest: Rest) =>
    Effect.suspend(() =>
      isValid(reference)
        ? effect(repository, reference, ...rest)
        : Effect.fail(new Registry.NotFound({ detail: invalid }))
    ).pipe(
      Effect.mapError(toError(name, `${repository}${reference.includes(":") ? "@" : ":"}${reference}`)),
      Effect.withSpan(`Registry.${name}`, { attributes: { repository, [attribute]: reference } })
    )
}

/** The operations at `url`, which is the registry's base. */
export const make = (options: {
  readonly url: URL
  readonly authorization: Authorization
  readonly hash: Hash.Digest["Service"]
  readonly limits: Pages.Limits
  readonly order: RepositoryOrder
}): Registry.Registry["Service"] => {
  const { authorization, hash, limits, order, url } = options
  const base = resolve(url, "v2/")
  const redirects = maxRedirects
  const manifestBytes = limits.manifestBytes ?? 4 * 1024 * 1024
  const alone = (scope: Scope.Scope): RequiredScope => ({ scope, also: () => [] })

  const list = (
    first: string,
    required: RequiredScope,
    decode: (response: HttpResponse) => Result.Result<ReadonlyArray<unknown> | null, Registry.Malformed>,
    { firstFailure, patience }: Pick<Pages.Listing<string>, "firstFailure"> & Pick<HttpRequest, "patience"> = {}
  ) =>
    Pages.entries({
      first,
      send: (request) => authorization.send({ ...request, patience }, required),
      decode: (response) =>
        decode(response).pipe(
          Result.flatMap((names) => Pages.entriesOf(names ?? [], Predicate.isString)),
          Result.map((names) => names.map((name) => (Predicate.isString(name) ? name : Pages.noName(name))))
        ),
      key: (name) => name,
      limits,
      redirects,
      firstFailure
    })

  /** A name that was never checked must not make another path; there is no such repository. */
  const urlAt = (repository: Names.RepositoryName, rest: string) =>
    Names.isRepositoryName(repository)
      ? Effect.succeed(`${base}${repository}/${rest}`)
      : Effect.fail(new Registry.NotFound({ detail: "not a name of a repository" }))

  const send = (
    repository: Names.RepositoryName,
    rest: string,
    request: Omit<HttpRequest, "url">,
    required: RequiredScope = order.pull(repository)
  ) => Effect.flatMap(urlAt(repository, rest), (url) => authorization.send({ ...request, url: new URL(url) }, required))

  const expectOk = (response: HttpResponse): Effect.Effect<HttpResponse, Registry.RegistryReason> =>
    response.status === 200 ? Effect.succeed(response) : Effect.fail(permanentReason(response))

  const manifest = function* (
    repository: Names.RepositoryName,
    reference: Names.TagName | Digest.Digest,
    type?: string | undefined
  ) {
    const request = { method: "GET", headers: accepting(type ?? ""), maxBytes: manifestBytes, redirects } as const
    return yield* verified(yield* send(repository, `manifests/${reference}`, request), reference)
  }

  const verified = Effect.fnUntraced(function* (response: HttpResponse, reference: Names.TagName | Digest.Digest) {
    yield* expectOk(response)
    const mediaType = response.headers["content-type"] ?? ""
    if (isHtml(mediaType) && !isObject(response.body)) return yield* unexpectedHtml(response)
    return yield* ManifestDigest.verifyManifest(
      hash,
      { mediaType, body: response.body },
      Digest.isDigest(reference) ? [reference] : [],
      yield* Effect.fromResult(ManifestDigest.statedDigests(response.headers["docker-content-digest"]))
    )
  })

  return {
    repositories: order
      .record(
        list(
          `${base}_catalog`,
          alone(Scope.catalog),
          (response) => Result.map(decodeRepositories(response), ({ repositories }) => repositories),
          {
            // The catalog is no part of the OCI specification; a registry without one does not know the path.
            firstFailure: (reason) =>
              reason._tag === "NotFound"
                ? new Registry.Unsupported({ detail: `${reason.detail}: no catalog`, status: reason.status })
                : reason,
            // Distribution walks the whole storage for a page, which takes more than a minute in a large bucket.
            patience: 4
          }
        )
      )
      .pipe(Stream.mapError(toError("repositories", "")), Stream.withSpan("Registry.repositories")),

    tags: (repository) =>
      Stream.unwrap(
        Effect.map(urlAt(repository, "tags/list"), (url) =>
          list(url, order.pull(repository), (response) => Result.map(decodeTags(response), ({ tags }) => tags))
        )
      ).pipe(
        Stream.map((name) => ({ name })),
        Stream.mapError(toError("tags", repository)),
        Stream.withSpan("Registry.tags", { attributes: { repository } })
      ),

    resolve: operation("resolve", "tag", function* (repository, tag: Names.TagName, known?: Digest.Digest | undefined) {
      if (known !== undefined) {
        // A registry looks at the tag alone then, and not at the manifest; and undici opens a connection anew for
        // every HEAD (https://github.com/nodejs/undici/issues/258), which over TLS takes longer than the request.
        const headers = { ...acceptManifests, "if-none-match": `"${known}"` }
        const request = { method: "GET", headers, maxBytes: manifestBytes, redirects } as const
        const response = yield* send(repository, `manifests/${tag}`, request)
        return response.status === 304 ? known : (yield* verified(response, tag)).digest
      }
      const request = { method: "HEAD", headers: acceptManifests, maxBytes: 0, redirects } as const
      const response = yield* Effect.flatMap(send(repository, `manifests/${tag}`, request), expectOk)
      const [digest, other] = yield* Effect.fromResult(
        ManifestDigest.statedDigests(response.headers["docker-content-digest"])
      )
      return digest === undefined || other !== undefined ? (yield* manifest(repository, tag)).digest : digest
    }),

    manifest: operation("manifest", "reference", manifest),

    blob: operation("blob", "digest", function* (repository, digest: Digest.Digest, maxBytes: number) {
      const request = { method: "GET", headers: plain, maxBytes, redirects } as const
      const { body } = yield* Effect.flatMap(send(repository, `blobs/${digest}`, request), expectOk)
      yield* ManifestDigest.verify(hash, body, digest)
      return body
    }),

    blobSize: operation("blobSize", "digest", function* (repository, digest: Digest.Digest) {
      const request = { method: "HEAD", headers: plain, maxBytes: 0, redirects } as const
      const response = yield* Effect.flatMap(send(repository, `blobs/${digest}`, request), expectOk)
      if (isHtml(response.headers["content-type"])) return yield* unexpectedHtml(response)
      // The length of a compressed response is not the size of the blob.
      const { "content-encoding": coding = "identity", "content-length": length } = response.headers
      const stated = coding === "" || coding === "identity" ? sizeOf(length) : undefined
      if (stated !== undefined && stated > 0) return stated
      // Some proxies drop the length of a response to HEAD, or state 0.
      const headers = { ...plain, range: "bytes=0-0" }
      const ranged = { method: "GET", headers, maxBytes: maxRangeBytes, redirects } as const
      const { body, headers: found, from, status } = yield* send(repository, `blobs/${digest}`, ranged)
      const size =
        status === 206 || status === 416
          ? sizeOf(/^bytes (?:\*|\d+-\d+)\/(\d+)$/.exec(found["content-range"] ?? "")?.[1])
          : status === 200 && !isHtml(found["content-type"])
            ? Bytes.make(body.length)
            : yield* permanentReason({ body, from, headers: found, status })
      return size ?? (yield* new Registry.Malformed({ detail: "the registry does not state the size of the blob" }))
    }),

    deleteManifest: operation("deleteManifest", "digest", function* (repository, digest: Digest.Digest) {
      const request = { method: "DELETE", headers: plain, maxBytes: 64 * 1024 } as const
      const response = yield* send(repository, `manifests/${digest}`, request, alone(Scope.remove(repository)))
      if (response.status === 200 && isHtml(response.headers["content-type"])) {
        return yield* unexpectedHtml(response)
      }
      // 202 by the specification.
      if (response.status < 200 || response.status >= 300) return yield* permanentReason(response)
    })
  }
}
