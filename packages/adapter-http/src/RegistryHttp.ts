/**
 * The `Registry` port over HTTP, on any runtime that has an `HttpClient`.
 *
 * @since 0.1.0
 */
import { OptionRange, Registry, type Secret } from "@gitlab-registry-usage/core"
import { Effect, Layer, Option, type Scope, Stream } from "effect"
import { Digest as Hash } from "effect/crypto"
import type { HttpClient } from "effect/http"
import * as Authorization from "./auth/Authorization.ts"
import * as Credentials from "./auth/Credentials.ts"
import * as Distribution from "./distribution/Distribution.ts"
import * as HttpExchange from "./transport/HttpExchange.ts"
import type * as Pages from "./distribution/Pages.ts"
import * as GitLabApi from "./gitlab/GitLabApi.ts"
import * as GitLabMetadata from "./gitlab/GitLabMetadata.ts"
import { gitlabBase, registryBase } from "./transport/RequestUrl.ts"
import * as TrustedOrigins from "./auth/TrustedOrigins.ts"
import * as RegistryScope from "./RegistryScope.ts"
import * as RegistryTokens from "./auth/RegistryTokens.ts"
import * as RepositoryOrder from "./distribution/RepositoryOrder.ts"

/**
 * The registry, the credentials, and the bounds of requests.
 *
 * @category options
 * @since 0.1.0
 */
export interface Options extends HttpExchange.Bounds {
  /**
   * Base of the registry, such as `https://registry.example.com`, or of its API, with `/v2/` at the end. User and password
   * in it are not used.
   */
  readonly url: URL
  /**
   * Base of GitLab, or of its API, with `/api/v4` at the end, whose token service and REST API may be given the credentials. Default: only a token service on the
   * registry's host may, and no group or project can be listed.
   */
  readonly gitlabUrl?: URL | undefined
  /** Further hosts whose token service may be given the credentials, each `host` or `host:port`. */
  readonly tokenHosts?: ReadonlyArray<string> | undefined
  /** Without credentials the crawl sees public repositories only. */
  readonly credentials?: Credentials.Account | undefined
  /** Which repositories are listed. Default: all that the catalog has. */
  readonly scope?: RegistryScope.RegistryScope | undefined
  /**
   * A token for GitLab's REST API, which lists a group or project, with the scope `read_api`. Default: that of the
   * credentials, as the token of a CI/CD job where their user is `gitlab-ci-token`.
   */
  readonly apiToken?: Secret.Secret | undefined
  readonly limits?: Pages.Limits | undefined
  /** Repositories of one token, if the token service allows several. Default 16. */
  readonly repositoriesPerToken?: number | undefined
}

/**
 * The address of a path below the base of a registry, such as `v2/`.
 *
 * @category getters
 * @since 0.1.0
 */
export const registryPath = (registry: URL, path: string): URL => new URL(path, registryBase(registry))

/**
 * The address of a path below the base of a GitLab, such as `api/v4/version`.
 *
 * @category getters
 * @since 0.1.0
 */
export const gitlabPath = (gitlab: URL, path: string): URL => new URL(path, gitlabBase(gitlab))

/** The user of every CI/CD job, whose token GitLab takes in another header than others. */
const jobUser = "gitlab-ci-token"

const apiToken = ({ apiToken, credentials }: Options): GitLabApi.ApiToken | undefined => {
  if (apiToken !== undefined) return { header: "PRIVATE-TOKEN", token: apiToken }
  if (credentials === undefined) return undefined
  return { header: credentials.username === jobUser ? "JOB-TOKEN" : "PRIVATE-TOKEN", token: credentials.token }
}

/** Every number of the options, in one place. */
const checkNumbers = ({ concurrency, limits, ...options }: Options) =>
  OptionRange.check("RegistryHttp", {
    timeout: [options.timeout, OptionRange.time],
    retries: [options.retries, OptionRange.whole(0)],
    deadline: [options.deadline, OptionRange.time],
    maxPause: [options.maxPause, OptionRange.pause],
    repositoriesPerToken: [options.repositoriesPerToken, OptionRange.whole(1)],
    "concurrency.start": [concurrency?.start, OptionRange.concurrency],
    "concurrency.max": [concurrency?.max, OptionRange.concurrency],
    "limits.manifestBytes": [limits?.manifestBytes, OptionRange.whole(1)],
    "limits.pageBytes": [limits?.pageBytes, OptionRange.whole(1)],
    "limits.pages": [limits?.pages, OptionRange.whole(1)],
    "limits.entries": [limits?.entries, OptionRange.whole(1)],
    "limits.nameBytes": [limits?.nameBytes, OptionRange.whole(1)]
  })

/**
 * Reads the registry over the client of the context. A number out of its range is a defect. Digests are computed by the `Digest` service of the context where
 * there is one, such as Node's, which is faster for small manifests than WebCrypto.
 *
 * @category constructors
 * @since 0.1.0
 */
export const make = Effect.fnUntraced(function* (
  options: Options
): Effect.fn.Return<Registry.Registry["Service"], never, HttpClient.HttpClient | Scope.Scope> {
  checkNumbers(options)
  const { limits = {} } = options
  const url = registryBase(options.url)
  const gitlabUrl = options.gitlabUrl === undefined ? undefined : gitlabBase(options.gitlabUrl)
  const given = yield* Effect.serviceOption(Hash.Digest)
  const hash = Option.isSome(given) ? given.value : yield* Effect.provide(Hash.Digest, Hash.layerWebCrypto)
  const exchange = yield* HttpExchange.make(options)
  const credentials = yield* Credentials.make(options.credentials)
  if (options.credentials === undefined) {
    yield* Effect.logInfo("the registry is read without credentials: only what it shows to everybody is seen")
  }
  const tokens = yield* RegistryTokens.make({ exchange, credentials, batch: options.repositoriesPerToken ?? 16 })
  const trusted = TrustedOrigins.trust(gitlabUrl === undefined ? [url] : [url, gitlabUrl], options.tokenHosts ?? [])
  const authorization = Authorization.make({ registry: url, trusted, exchange, credentials, tokens })
  const order = RepositoryOrder.make()
  const distribution = Distribution.make({ url, authorization, hash, limits, order })
  const metadata = yield* GitLabMetadata.make({ url, authorization, limits, order, otherwise: distribution.tags })
  const token = apiToken(options)
  const api = gitlabUrl === undefined ? undefined : yield* GitLabApi.make({ url: gitlabUrl, token, exchange, limits })
  const repositories = RegistryScope.repositories({
    scope: options.scope ?? { kind: "auto" },
    catalog: distribution.repositories,
    api,
    isJob: token?.header === "JOB-TOKEN",
    order
  })
  return {
    ...distribution,
    repositories: Stream.unwrap(Effect.as(metadata.forget, repositories)),
    tags: metadata.tags
  }
})

/**
 * @category layers
 * @since 0.1.0
 */
export const layer = (options: Options): Layer.Layer<Registry.Registry, never, HttpClient.HttpClient> =>
  Layer.effect(Registry.Registry, make(options))
