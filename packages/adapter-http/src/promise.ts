/**
 * Crawling for Node code without Effect: plain options, a promise, errors with a stable `code`. Its declarations import
 * nothing, so that a project without effect can compile against them.
 *
 * @since 0.1.0
 */
import { type Registry, Snapshot } from "@gitlab-registry-usage/core"
import { Effect, Layer, Redacted, References, String } from "effect"
import { FetchHttpClient } from "effect/http"
import * as RegistryHttp from "./RegistryHttp.ts"

/**
 * How far a crawl is. `bytes` are those of the manifests that were fetched, `elapsed` milliseconds.
 *
 * @category models
 * @since 0.1.0
 */
export interface Progress {
  readonly repositoriesFound: number
  readonly repositoriesDone: number
  readonly tagsFound: number
  readonly tagsDone: number
  readonly manifests: number
  readonly bytes: number
  readonly gaps: number
  readonly requests: number
  readonly elapsed: number
}

/** @category options @since 0.1.0 */
export interface Options {
  /** Base of the registry, such as `https://registry.example.com`. */
  readonly registryUrl: string | URL
  /** Base of GitLab, whose token service may be given the credentials. Default: only one on the registry's host may. */
  readonly gitlabUrl?: string | URL
  /** Without credentials only what everybody may read is seen. */
  readonly credentials?: { readonly username: string; readonly token: string }
  /** How many requests may be under way at once, at the most. Default 64. */
  readonly concurrency?: number
  /** How long one request may take, in milliseconds. Default 30,000. */
  readonly timeout?: number
  /** An earlier snapshot: unchanged manifests are not requested again. */
  readonly previous?: Uint8Array
  /** Is called after each repository. */
  readonly onProgress?: (progress: Progress) => void
  /** Ends the crawl. */
  readonly signal?: AbortSignal
}

/**
 * The registry could not be crawled. `code` is the reason: `ERR_REGISTRY_UNREACHABLE`, `_UNAUTHORIZED`, `_DENIED`, `_NOT_FOUND`,
 * `_RATE_LIMITED`, `_MALFORMED`, `_UNSUPPORTED` or `_UNSAFE`; `ERR_SCAN_UNREADABLE` for a `previous` that is not a
 * snapshot.
 *
 * @category errors
 * @since 0.1.0
 */
export class CollectFailure extends Error {
  override readonly name = "CollectFailure"
  readonly code: `ERR_REGISTRY_${Uppercase<string>}` | "ERR_SCAN_UNREADABLE"

  constructor(code: CollectFailure["code"], message: string) {
    super(message)
    this.code = code
  }
}

/** The code of a reason: `ERR_REGISTRY_NOT_FOUND` for `NotFound`. */
const registryCode = ({ _tag }: Registry.RegistryReason) =>
  `ERR_REGISTRY_${String.toUpperCase(String.pascalToSnake(_tag))}` as const

const layer = ({ credentials, gitlabUrl, registryUrl, timeout }: Options) =>
  RegistryHttp.layer({
    url: new URL(registryUrl),
    gitlabUrl: gitlabUrl === undefined ? undefined : new URL(gitlabUrl),
    credentials:
      credentials === undefined
        ? undefined
        : { username: credentials.username, token: Redacted.make(credentials.token) },
    timeout
  }).pipe(
    Layer.provide(FetchHttpClient.layer),
    // Redirects are followed by the adapter, which knows where a token may go.
    Layer.provide(Layer.succeed(FetchHttpClient.RequestInit, { redirect: "manual" }))
  )

/**
 * Crawls a registry. Resolves to the snapshot, as bytes: `measure` and `diff` of `@gitlab-registry-usage/core/promise`
 * read it.
 * Unreadable parts are gaps of the snapshot. It rejects with a `CollectFailure` only if the whole crawl failed, and
 * with the reason of the signal if that ended the crawl.
 *
 * @category crawling
 * @since 0.1.0
 */
export const collect = (options: Options): Promise<Uint8Array> => {
  const { concurrency, onProgress, signal } = options
  const program = Effect.gen(function* () {
    const previous =
      options.previous === undefined
        ? undefined
        : yield* Effect.mapError(
            Snapshot.decode(options.previous),
            (error) => new CollectFailure("ERR_SCAN_UNREADABLE", error.message)
          )
    const snapshot = yield* Snapshot.take({
      concurrency,
      previous: previous?.usage.inventory,
      onProgress: (progress) => Effect.sync(() => onProgress?.(progress))
    }).pipe(
      Effect.provide(layer(options)),
      // The caller has no logger: the result or the error has everything that matters.
      Effect.provideService(References.MinimumLogLevel, "None"),
      Effect.mapError((error) => new CollectFailure(registryCode(error.reason), error.message))
    )
    return yield* Snapshot.encode(snapshot)
  })
  return Effect.runPromise(program, { signal })
}
