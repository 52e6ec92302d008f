/**
 * An embedded registry over real HTTP that behaves like GitLab's, with GitLab's token endpoint and REST API.
 */
import type { Images } from "@gitlab-registry-usage/core/testing"
import { Context, Duration, Effect, Layer, Ref, type Scope } from "effect"
import { HttpServer, HttpServerResponse } from "effect/http"
import { NetAddress } from "effect/net"
import { type Account, administrator, deployToken, job } from "./auth/Account.ts"
import * as Authorization from "./auth/Authorization.ts"
import { type Contents, fromRepositories } from "./data/Contents.ts"
import * as Distribution from "./registry/Distribution.ts"
import type { Fault } from "./http/Fault.ts"
import * as GitLabApi from "./gitlab/GitLabApi.ts"
import * as GitLabMetadata from "./gitlab/GitLabMetadata.ts"
import * as Jwt from "./auth/Jwt.ts"
import * as Manifests from "./registry/Manifests.ts"
import * as ObjectStorage from "./registry/ObjectStorage.ts"
import { type Request, serve } from "./http/Route.ts"
import * as TokenService from "./auth/TokenService.ts"

export interface Options {
  readonly repositories: ReadonlyArray<Images.Repository>
  /** Default: an administrator, a deploy token and a job. The first one is the registry's `credentials`. */
  readonly accounts?: ReadonlyArray<Account> | undefined
  /** Default: 5 minutes, as GitLab's. */
  readonly tokenLife?: Duration.Input | undefined
  /** The page size without `n`. Default: 100. */
  readonly pageSize?: number | undefined
  /**
   * Whether the registry has GitLab's metadata database. Without it, tags are listed in one page, manifests that an
   * index refers to can be deleted, and `/gitlab/v1/` is 404. Default: `true`.
   */
  readonly metadataDatabase?: boolean | undefined
  /** When a tag was pushed, in milliseconds since 1970, which the metadata database lists. Default: the same for all. */
  readonly pushedAt?: GitLabMetadata.PushedAt | undefined
  /** The behaviour of GitLab's REST API, which has the registry's origin. */
  readonly api?: GitLabApi.Behaviour | undefined
  /** A second server, to which requests for blobs redirect. Default: the registry sends blobs itself. */
  readonly storageServer?: HttpServer.HttpServer["Service"] | undefined
}

export class DemoRegistry extends Context.Service<
  DemoRegistry,
  {
    /** The origin of the registry, of its token endpoint and of the REST API, without a slash at the end. */
    readonly url: string
    /** The account for a crawl of everything. */
    readonly credentials: Account
    /** The contents of the registry; `Contents` has the functions to change them. */
    readonly contents: Ref.Ref<Contents>
    /**
     * The number of requests by method and kind, such as `{"GET manifest": 3, "GET token": 1}`. The kinds are base,
     * catalog, tags, manifest, blob, token, storage and other; metadata, metadata tags and metadata repository for the
     * metadata database; api for GitLab's REST API.
     */
    readonly requestCounts: Effect.Effect<Readonly<Record<string, number>>>
    readonly resetRequestCounts: Effect.Effect<void>
    /** Injects a fault until the scope closes. If several faults match a request, the first one applies. */
    readonly inject: (fault: Fault) => Effect.Effect<void, never, Scope.Scope>
  }
>()("@gitlab-registry-usage/demo/DemoRegistry") {}

const originOf = ({ address }: HttpServer.HttpServer["Service"]): string =>
  NetAddress.isInetAddress(address) && NetAddress.isUnspecified(address.address)
    ? `http://127.0.0.1:${address.port}`
    : HttpServer.formatAddress(address).replace(/\/$/, "")

/** Adds the header with the version of the distribution API to every response. */
const versioned = (request: Request, answer: Effect.Effect<HttpServerResponse.HttpServerResponse>) =>
  request.path.startsWith("/v2/")
    ? Effect.map(answer, HttpServerResponse.setHeader("docker-distribution-api-version", "registry/2.0"))
    : answer

/** Counts requests and applies faults. */
const controls = () => {
  const counts = new Map<string, number>()
  const faults = new Set<{ readonly fault: Fault; left: number }>()
  return {
    counts,
    inject: (fault: Fault) =>
      Effect.acquireRelease(
        Effect.sync(() => {
          const injected = { fault, left: fault.times ?? Number.POSITIVE_INFINITY }
          faults.add(injected)
          return injected
        }),
        (injected) => Effect.sync(() => faults.delete(injected))
      ),
    around: (request: Request, answer: Effect.Effect<HttpServerResponse.HttpServerResponse>) =>
      Effect.suspend(() => {
        const key = `${request.method} ${request.kind}`
        counts.set(key, (counts.get(key) ?? 0) + 1)
        for (const injected of faults) {
          if (injected.left > 0 && injected.fault.on(request)) {
            injected.left--
            return injected.fault.answer(versioned(request, answer), request)
          }
        }
        return versioned(request, answer)
      })
  }
}

/**
 * Starts a registry on the server of the context. It ends with the scope.
 */
export const make = Effect.fnUntraced(function* (options: Options) {
  const server = yield* HttpServer.HttpServer
  const url = originOf(server)
  const accounts = options.accounts ?? [administrator, deployToken, job]
  const contents = yield* Ref.make(fromRepositories(options.repositories))
  const jwt = yield* Jwt.make
  const { around, counts, inject } = controls()

  const { metadataDatabase = true, storageServer } = options
  const distribution: Distribution.Options = {
    authorize: Authorization.make({ jwt, realm: `${url}/jwt/auth` }),
    contents,
    pageSize: options.pageSize ?? 100,
    metadataDatabase,
    locate: storageServer && ((digest) => ObjectStorage.urlOf(originOf(storageServer), digest))
  }
  yield* server.serve(
    serve(
      [
        ...TokenService.routes({
          accounts,
          contents,
          jwt,
          tokenLife: Duration.fromInputUnsafe(options.tokenLife ?? "5 minutes")
        }),
        ...Distribution.routes(distribution),
        ...Manifests.routes(distribution),
        ...GitLabMetadata.routes(distribution, options.pushedAt),
        ...GitLabApi.routes({ ...options.api, origin: url, accounts, contents, metadataDatabase })
      ],
      around
    )
  )
  if (storageServer !== undefined) yield* storageServer.serve(serve(ObjectStorage.routes(contents), around))

  return DemoRegistry.of({
    url,
    credentials: accounts[0] ?? administrator,
    contents,
    requestCounts: Effect.sync(() => Object.fromEntries(counts)),
    resetRequestCounts: Effect.sync(() => counts.clear()),
    inject
  })
})

export const layer = (options: Options): Layer.Layer<DemoRegistry, never, HttpServer.HttpServer> =>
  Layer.effect(DemoRegistry, make(options))
