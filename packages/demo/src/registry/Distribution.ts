/**
 * The distribution API of GitLab's registry: base, catalog, tags and blobs. Manifests are in `Manifests`.
 *
 * Sources: OCI distribution specification; GitLab's container registry, registry/handlers.
 */
import { Digest, Names, type Registry } from "@gitlab-registry-usage/core"
import { Effect, Ref } from "effect"
import { HttpServerResponse } from "effect/http"
import type { Authorize } from "../auth/Authorization.ts"
import type { Contents, StoredRepository } from "../data/Contents.ts"
import * as RegistryPage from "../http/RegistryPage.ts"
import { blobUnknown, digestInvalid, nameInvalid, nameUnknown, RegistryProblem } from "../http/RegistryProblem.ts"
import type { Handler, Request, Route } from "../http/Route.ts"

export interface Options {
  readonly authorize: Authorize
  readonly contents: Ref.Ref<Contents>
  /** The page size without `n`. */
  readonly pageSize: number
  /** With it, tags are paginated, and manifests that an index refers to cannot be deleted. */
  readonly metadataDatabase: boolean
  /** The URL of a blob. Without it, the registry sends blobs itself. */
  readonly locate?: ((digest: string) => string) | undefined
}

const problems: Partial<Record<Registry.RegistryReason["_tag"], readonly [number, string, Record<string, string>?]>> = {
  Unauthorized: [401, "UNAUTHORIZED"],
  Denied: [403, "DENIED"],
  NotFound: [404, "NAME_UNKNOWN"],
  Unsupported: [405, "UNSUPPORTED"],
  RateLimited: [429, "TOOMANYREQUESTS", { "retry-after": "1" }],
  Unreachable: [503, "UNAVAILABLE"]
}

const unreadable = (reason: Registry.RegistryReason) => {
  const [status, code, headers = {}] = problems[reason._tag] ?? [500, "UNKNOWN"]
  return new RegistryProblem({ status, code, message: reason.detail, headers })
}

/**
 * A handler for one repository. The repository must be readable, and the request's token must permit the action on it.
 * `missing` is the problem if the repository does not exist.
 */
export const inRepository =
  (
    { authorize, contents }: Options,
    action: "pull" | "delete",
    missing: (request: Request) => RegistryProblem,
    handle: (
      repository: StoredRepository,
      request: Request
    ) => Effect.Effect<HttpServerResponse.HttpServerResponse, RegistryProblem>
  ): Handler =>
  (request) =>
    Effect.gen(function* () {
      const name = request.repository ?? ""
      if (!Names.isRepositoryName(name)) return yield* nameInvalid(name)
      yield* authorize(request, { type: "repository", name, actions: [action] })
      const repository = (yield* Ref.get(contents)).get(name)
      if (repository === undefined) return yield* missing(request)
      if (repository.unreadable !== undefined) return yield* unreadable(repository.unreadable)
      return yield* handle(repository, request)
    })

const base = ({ authorize }: Options): Route => {
  const handler: Handler = (request) => Effect.as(authorize(request), HttpServerResponse.jsonUnsafe({}))
  return { kind: "base", path: /^\/v2\/?$/, methods: { GET: handler, HEAD: handler } }
}

const catalog = ({ authorize, contents, pageSize }: Options): Route => ({
  kind: "catalog",
  path: /^\/v2\/_catalog$/,
  methods: {
    GET: Effect.fnUntraced(function* (request: Request) {
      yield* authorize(request, { type: "registry", name: "catalog", actions: ["*"] })
      const { headers, names } = yield* RegistryPage.paginate([...(yield* Ref.get(contents)).keys()], request, pageSize)
      return HttpServerResponse.jsonUnsafe({ repositories: names }, { headers })
    })
  }
})

const tags = (options: Options): Route => ({
  kind: "tags",
  path: /^\/v2\/(?<repository>.+)\/tags\/list$/,
  methods: {
    GET: inRepository(
      options,
      "pull",
      ({ repository = "" }) => nameUnknown(repository),
      Effect.fnUntraced(function* (repository, request) {
        const all = [...repository.tags.keys()]
        const { headers, names } = options.metadataDatabase
          ? yield* RegistryPage.paginate(all, request, options.pageSize)
          : { headers: {}, names: all }
        return HttpServerResponse.jsonUnsafe(
          { name: repository.name, tags: names.length === 0 ? null : names },
          { headers }
        )
      })
    )
  }
})

const blob = (options: Options): Route => {
  const handler = inRepository(
    options,
    "pull",
    ({ reference = "" }) => blobUnknown(reference),
    Effect.fnUntraced(function* (repository, { reference = "" }) {
      if (!Digest.isDigest(reference)) return yield* digestInvalid(reference)
      const found = repository.blobs.get(reference)
      if (found === undefined) return yield* blobUnknown(reference)
      return options.locate === undefined
        ? HttpServerResponse.uint8Array(found.body, {
            contentType: "application/octet-stream",
            headers: { "docker-content-digest": found.digest, etag: `"${found.digest}"` }
          })
        : HttpServerResponse.redirect(options.locate(found.digest), { status: 307 })
    })
  )
  return {
    kind: "blob",
    path: /^\/v2\/(?<repository>.+)\/blobs\/(?<reference>[^/]+)$/,
    methods: { GET: handler, HEAD: handler }
  }
}

export const routes = (options: Options): ReadonlyArray<Route> =>
  [base, catalog, tags, blob].map((route) => route(options))
