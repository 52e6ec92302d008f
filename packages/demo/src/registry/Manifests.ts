/**
 * The manifests of the distribution API.
 *
 * Sources: OCI distribution specification, "Pulling manifests"; GitLab's container registry,
 * registry/handlers/manifests.go.
 */
import { Digest, Manifest, MediaType, Names, type Registry } from "@gitlab-registry-usage/core"
import { Effect, Ref, Result } from "effect"
import { HttpServerResponse } from "effect/http"
import { manifest, removeReference, type StoredRepository } from "../data/Contents.ts"
import { inRepository, type Options } from "./Distribution.ts"
import { digestInvalid, manifestUnknown, RegistryProblem } from "../http/RegistryProblem.ts"
import type { Request, Route } from "../http/Route.ts"

const missing = ({ reference = "" }: Request) => manifestUnknown(reference)

const find = (
  repository: StoredRepository,
  reference: string
): Effect.Effect<Registry.StoredManifest, RegistryProblem> => {
  if (reference.includes(":") && !Digest.isDigest(reference)) return Effect.fail(digestInvalid(reference))
  const found = manifest(repository, reference)
  return found === undefined ? Effect.fail(manifestUnknown(reference)) : Effect.succeed(found)
}

const childrenOf = ({ body, mediaType }: Registry.StoredManifest) =>
  Result.match(Manifest.decode(body, mediaType), { onFailure: () => [], onSuccess: ({ children }) => children })

/**
 * The manifest to send to a client that accepts these types. Wildcards are ignored. If a Docker manifest list is
 * requested by tag and not accepted, its linux/amd64 image is sent.
 */
const negotiate = (
  repository: StoredRepository,
  found: Registry.StoredManifest,
  request: Request
): Effect.Effect<Registry.StoredManifest, RegistryProblem> => {
  const { reference = "" } = request
  const accepted = (request.headers["accept"] ?? "").split(",").map(MediaType.essence)
  const type = found.mediaType
  if (accepted.includes(type)) return Effect.succeed(found)
  if (type === MediaType.ociManifest || type === MediaType.ociIndex) {
    const [article, plural] = type === MediaType.ociIndex ? ["index", "indexes"] : ["manifest", "manifests"]
    const message = `OCI ${article} found, but accept header does not support OCI ${plural}`
    return Effect.fail(manifestUnknown(reference, message))
  }
  if (type !== MediaType.dockerManifestList || Digest.isDigest(reference)) return Effect.succeed(found)
  const child = childrenOf(found).find(({ platform }) => platform === "linux/amd64")
  return find(repository, child?.digest ?? reference).pipe(
    Effect.filterOrFail(
      ({ mediaType }) => mediaType !== MediaType.dockerManifestList,
      () => manifestUnknown(reference)
    )
  )
}

const get = (options: Options) =>
  inRepository(
    options,
    "pull",
    missing,
    Effect.fnUntraced(function* (repository, request) {
      const found = yield* find(repository, request.reference ?? "")
      // Like the original, before the type is checked, and without headers.
      const seen = request.headers["if-none-match"]
      if (seen === found.digest || seen === `"${found.digest}"`) return HttpServerResponse.empty({ status: 304 })
      const { body, digest, mediaType } = yield* negotiate(repository, found, request)
      return HttpServerResponse.uint8Array(body, {
        contentType: mediaType,
        headers: { "docker-content-digest": digest, etag: `"${digest}"` }
      })
    })
  )

/** Deletes a manifest with its tags (by digest), or a tag only (by tag). */
const remove = (options: Options) =>
  inRepository(
    options,
    "delete",
    missing,
    Effect.fnUntraced(function* (repository, { reference = "" }) {
      const found = yield* find(repository, reference)
      const referenced = [...repository.manifests.values()].some((other) =>
        childrenOf(other).some((child) => child.digest === found.digest)
      )
      if (options.metadataDatabase && referenced && !Names.isTagName(reference)) {
        return yield* new RegistryProblem({
          status: 409,
          code: "MANIFEST_REFERENCED_IN_LIST",
          message: "manifest referenced by a manifest list"
        })
      }
      yield* Ref.update(options.contents, removeReference(repository.name, reference))
      return HttpServerResponse.empty({ status: 202 })
    })
  )

export const routes = (options: Options): ReadonlyArray<Route> => {
  const handler = get(options)
  return [
    {
      kind: "manifest",
      path: /^\/v2\/(?<repository>.+)\/manifests\/(?<reference>[^/]+)$/,
      methods: { GET: handler, HEAD: handler, DELETE: remove(options) }
    }
  ]
}
