/**
 * GitLab's API of the metadata database. Every path ends with a slash.
 *
 * Sources: GitLab's container registry, docs/spec/gitlab/api.md and registry/handlers.
 */
import { Manifest, MediaType, type Registry } from "@gitlab-registry-usage/core"
import { Effect, Option, Result } from "effect"
import { HttpServerResponse } from "effect/http"
import type { StoredRepository } from "../data/Contents.ts"
import { inRepository, type Options } from "../registry/Distribution.ts"
import * as RegistryPage from "../http/RegistryPage.ts"
import { nameUnknown, RegistryProblem } from "../http/RegistryProblem.ts"
import type { Handler, Request, Route } from "../http/Route.ts"

/** All contents have the same time of push by default. */
const atOnce = Date.UTC(2026, 0, 1)

/** The decoded manifests, so that a list of a thousand tags does not decode as many manifests each time. */
const manifests = new WeakMap<Registry.StoredManifest, Option.Option<Manifest.Manifest>>()

const decoded = (repository: StoredRepository, digest: string): Option.Option<Manifest.Manifest> => {
  const stored = repository.manifests.get(digest)
  if (stored === undefined) return Option.none()
  const known = manifests.get(stored) ?? Result.getSuccess(Manifest.decode(stored.body, stored.mediaType))
  manifests.set(stored, known)
  return known
}

/** The distinct layers of a manifest and its children, with their sizes. */
const layersOf = (repository: StoredRepository, digest: string, found = new Map<string, number>()) => {
  for (const { children, layers } of Option.toArray(decoded(repository, digest))) {
    for (const layer of layers) if (!layer.foreign) found.set(layer.digest, layer.size ?? 0)
    for (const child of children) layersOf(repository, child.digest, found)
  }
  return found
}

const sum = (sizes: ReadonlyMap<string, number>) => [...sizes.values()].reduce((total, size) => total + size, 0)

/** The bytes of the distinct layers of the repository's tags. GitLab counts neither configs nor manifests. */
export const sizeOf = (repository: StoredRepository): number => {
  const found = new Map<string, number>()
  for (const digest of repository.tags.values()) layersOf(repository, digest, found)
  return sum(found)
}

const isIndex = (mediaType: string) => mediaType === MediaType.ociIndex || mediaType === MediaType.dockerManifestList

const tagOf = (repository: StoredRepository, name: string, pushedAt: string) => {
  const digest = repository.tags.get(name)!
  const mediaType = repository.manifests.get(digest)?.mediaType ?? ""
  const config = Option.flatMap(decoded(repository, digest), (manifest) => Option.fromUndefinedOr(manifest.config))
  return {
    name,
    digest,
    ...(Option.isSome(config) ? { config_digest: config.value.digest } : {}),
    media_type: mediaType,
    // The size of an index is 0, as in most releases of GitLab.
    size_bytes: isIndex(mediaType) ? 0 : sum(layersOf(repository, digest)),
    created_at: pushedAt,
    published_at: pushedAt
  }
}

const version = "gitlab-container-registry-version"

/** Without a database, every path is 404. */
const when =
  (available: boolean) =>
  (handler: Handler): Handler =>
    available
      ? (request) => Effect.map(handler(request), HttpServerResponse.setHeader(version, "4.35.0-gitlab"))
      : () => Effect.succeed(HttpServerResponse.empty({ status: 404, headers: { [version]: "4.35.0-gitlab" } }))

const unknown = ({ repository = "" }: Request) => nameUnknown(repository)

/** A page of tags. The links have GitLab's order: the previous page comes first. */
const tagPage = Effect.fnUntraced(function* (repository: StoredRepository, request: Request, size: number) {
  const names = [...repository.tags.keys()]
  const asked = request.parameters.get("n")
  if (asked !== null && !(Number(asked) >= 1 && Number(asked) <= RegistryPage.maximum)) {
    return yield* new RegistryProblem({
      status: 400,
      code: "INVALID_QUERY_PARAMETER_VALUE",
      message: "the value of a query parameter is invalid"
    })
  }
  const { headers, names: page } = yield* RegistryPage.paginate(names, request, size)
  const before = page[0]
  const previous =
    before !== undefined && before !== names[0]
      ? [`<${request.path}?${new URLSearchParams({ before, n: asked ?? String(size) })}>; rel="previous"`]
      : []
  const next = headers["link"] === undefined ? [] : [headers["link"]]
  const link = [...previous, ...next].join(", ")
  return { page, headers: link === "" ? {} : { link } }
})

/** When a tag was pushed, in milliseconds since 1970. */
export type PushedAt = (repository: string, tag: string) => number

export const routes = (options: Options, pushedAt: PushedAt = () => atOnce): ReadonlyArray<Route> => {
  const offered = when(options.metadataDatabase)
  return [
    {
      kind: "metadata",
      path: /^\/gitlab\/v1\/$/,
      methods: { GET: offered((request) => Effect.as(options.authorize(request), HttpServerResponse.jsonUnsafe({}))) }
    },
    {
      kind: "metadata tags",
      path: /^\/gitlab\/v1\/repositories\/(?<repository>.+)\/tags\/list\/$/,
      methods: {
        GET: offered(
          inRepository(
            options,
            "pull",
            unknown,
            Effect.fnUntraced(function* (repository, request) {
              const { headers, page } = yield* tagPage(repository, request, options.pageSize)
              return HttpServerResponse.jsonUnsafe(
                page.map((name) => tagOf(repository, name, new Date(pushedAt(repository.name, name)).toISOString())),
                { headers }
              )
            })
          )
        )
      }
    },
    {
      kind: "metadata repository",
      path: /^\/gitlab\/v1\/repositories\/(?<repository>.+)\/$/,
      methods: {
        GET: offered(
          inRepository(options, "pull", unknown, (repository, { parameters }) =>
            Effect.succeed(
              HttpServerResponse.jsonUnsafe({
                name: repository.name.split("/").at(-1),
                path: repository.name,
                ...(parameters.get("size") === "self"
                  ? { size_bytes: sizeOf(repository), size_precision: "default" }
                  : {}),
                created_at: new Date(atOnce).toISOString()
              })
            )
          )
        )
      }
    }
  ]
}
