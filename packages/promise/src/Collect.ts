/**
 * Reading a registry.
 */
import { RegistryHttp } from "@gitlab-registry-usage/adapter-http"
import { Digest, Inventory, Names, OptionRange, Registry, Snapshot, Usage } from "@gitlab-registry-usage/core"
import { Effect, Layer, Predicate, Redacted, References, Stream } from "effect"
import { FetchHttpClient } from "effect/http"
import { ofGap, ofRegistry, run } from "./Failure.ts"
import { decode } from "./Decode.ts"
import type { Scan } from "./Measure.ts"
import * as Options from "./Options.ts"
import { RegistryUsageError } from "./RegistryUsageError.ts"

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

/**
 * Which repositories are read. `instance`: all, by the catalog, which takes an administrator under GitLab. `group` and
 * `project`: those of a group with its subgroups or of a project, by path or number, by GitLab's REST API. `auto`: the
 * catalog, and where it is denied the group or project of the path, if there is one.
 *
 * @category options
 * @since 0.1.0
 */
export type Scope =
  | { readonly kind: "instance" }
  | { readonly kind: "group" | "project"; readonly path: string }
  | { readonly kind: "auto"; readonly path?: string | undefined }

/**
 * Sends a request as `fetch` does, whose type this is in short: that of any runtime or of undici is one. The response is
 * one of `fetch`.
 *
 * @category options
 * @since 0.1.0
 */
export type Fetch = (
  url: string,
  init: {
    readonly method: string
    readonly headers: Record<string, string>
    readonly redirect: "manual"
    readonly signal: AbortSignal
  }
) => Promise<{
  readonly status: number
  readonly headers: object
  readonly body: object | null
  readonly arrayBuffer: () => Promise<ArrayBuffer>
}>

/**
 * The registry, who reads it, and how.
 *
 * @category options
 * @since 0.1.0
 */
export interface CollectOptions {
  /** Base of the registry, such as `https://registry.example.com`. */
  readonly registryUrl: string | URL
  /**
   * Base of GitLab, whose token service and REST API may be given the credentials. Default: only a token service on the
   * registry's host may, and no group or project can be listed.
   */
  readonly gitlabUrl?: string | URL | undefined
  /** Without credentials only what everybody may read is seen. */
  readonly credentials?: { readonly username: string; readonly token: string } | undefined
  /**
   * A token for GitLab's REST API, which lists a group or project, with the scope `read_api`. Default: that of the
   * credentials.
   */
  readonly apiToken?: string | undefined
  /** Which repositories are read. Default `{ kind: "auto" }`. */
  readonly scope?: Scope | undefined
  /** Names of repositories: these alone are read, without listing any. `scope` is not used then. */
  readonly repositories?: ReadonlyArray<string> | undefined
  /** How many requests may be under way at once, at the most: 1 to 10,000. Default 64. */
  readonly concurrency?: number | undefined
  /** How long one attempt of a request may take, in milliseconds: 1 to 2^31 - 1. Default 30,000. */
  readonly timeout?: number | undefined
  /**
   * Sends the requests. Default: the runtime's `fetch`. One of your own may use a proxy, a client certificate, or an
   * authority of your own. It must respect `redirect: "manual"` and `signal`.
   */
  readonly fetch?: Fetch | undefined
  /** An earlier scan: unchanged manifests are not requested again, and it stands in for what fails for now. */
  readonly previous?: Scan | undefined
  /** Is called after each tag and each repository, and awaited where it returns a promise. What it throws ends the crawl. */
  readonly onProgress?: ((progress: Progress) => unknown) | undefined
  /** Ends the crawl. */
  readonly signal?: AbortSignal | undefined
}

const path = Options.is("the path of a group or project, such as group/project, or its number as text", (value) => {
  return typeof value === "string" && /^[^\s?#]+$/.test(value.replace(/^\/+|\/+$/g, ""))
})

const kinds = Options.record({ kind: Options.oneOf("instance", "group", "project", "auto"), path }, ["kind"])

const scope: Options.Check = (value, option) => {
  const problem = kinds(value, option)
  if (problem !== undefined) return problem
  const { kind, path } = value as { readonly kind: string; readonly path?: string }
  if (kind === "instance" && path !== undefined)
    return { option: `${option}.path`, message: "not for all repositories" }
  return path === undefined && (kind === "group" || kind === "project")
    ? { option: `${option}.path`, message: `missing; name the ${kind}` }
    : undefined
}

const isSignal = (value: unknown): boolean =>
  value instanceof EventTarget && typeof (value as Partial<AbortSignal>).aborted === "boolean"

const options = Options.record(
  {
    registryUrl: Options.url,
    gitlabUrl: Options.url,
    credentials: Options.record({ username: Options.line, token: Options.line }, ["username", "token"]),
    apiToken: Options.line,
    scope,
    repositories: Options.listOf(
      "a list of names of repositories",
      Options.is("the name of a repository, such as group/project", (value) => {
        return typeof value === "string" && Names.isRepositoryName(value)
      })
    ),
    concurrency: Options.number(OptionRange.concurrency),
    timeout: Options.number(OptionRange.whole(1, 2 ** 31 - 1)),
    fetch: Options.callback,
    previous: Options.is("the bytes of a scan (Uint8Array)", (value) => value instanceof Uint8Array),
    onProgress: Options.callback,
    signal: Options.is("an AbortSignal", isSignal)
  },
  ["registryUrl"]
)

const requireOptions = (given: CollectOptions) => {
  Options.require(given, options)
  const { apiToken, gitlabUrl, repositories, scope } = given
  const isListed = repositories === undefined && (scope?.kind === "group" || scope?.kind === "project")
  if (gitlabUrl === undefined && (isListed || apiToken !== undefined)) {
    throw Options.invalid({ option: "gitlabUrl", message: "missing; GitLab lists groups and projects" })
  }
}

const trimmed = (scope: Scope): Scope =>
  "path" in scope && scope.path !== undefined ? { ...scope, path: scope.path.replace(/^\/+|\/+$/g, "") } : scope

const fetchOf = (fetch: Fetch) =>
  ((url, init) =>
    fetch(String(url), {
      ...(init as Parameters<Fetch>[1]),
      headers: { ...(init!.headers as Record<string, string>) }
    })) as typeof globalThis.fetch

const layer = ({ apiToken, concurrency, credentials, fetch, gitlabUrl, registryUrl, scope, timeout }: CollectOptions) =>
  RegistryHttp.layer({
    url: new URL(registryUrl),
    gitlabUrl: gitlabUrl === undefined ? undefined : new URL(gitlabUrl),
    credentials:
      credentials === undefined
        ? undefined
        : { username: credentials.username, token: Redacted.make(credentials.token) },
    apiToken: apiToken === undefined ? undefined : Redacted.make(apiToken),
    scope: scope === undefined ? undefined : trimmed(scope),
    concurrency: { max: concurrency },
    timeout
  }).pipe(
    Layer.provide(FetchHttpClient.layer),
    fetch === undefined ? (layer) => layer : Layer.provide(Layer.succeed(FetchHttpClient.Fetch, fetchOf(fetch)))
  )

/** Calls the callback. What it throws, or rejects with, is a defect, so that it comes out as it is. */
const reporting =
  (onProgress: NonNullable<CollectOptions["onProgress"]>) =>
  (progress: Progress): Effect.Effect<void> =>
    Effect.suspend(() => {
      const returned = onProgress(progress)
      return Predicate.isPromiseLike(returned) ? Effect.promise(async () => void (await returned)) : Effect.void
    })

/** The error about a repository that was named, and that the registry does not have. */
const notFound = (name: string) =>
  new RegistryUsageError("ERR_REGISTRY_NOT_FOUND", `${name}: there is none that the credentials may see`, {
    target: name
  })

const snapshot = Effect.fnUntraced(function* (given: CollectOptions) {
  const { concurrency, onProgress, repositories } = given
  const previous = given.previous === undefined ? undefined : yield* decode(given.previous)
  const snapshot = yield* Snapshot.take({
    concurrency,
    previous: previous?.usage.inventory,
    only: repositories === undefined ? undefined : new Set(repositories as ReadonlyArray<Names.RepositoryName>),
    onProgress: onProgress === undefined ? undefined : reporting(onProgress)
  }).pipe(Effect.mapError(ofRegistry))
  const missing = repositories?.find((name) => {
    return Usage.findRepository(snapshot.usage, name as Names.RepositoryName) === undefined
  })
  return missing === undefined ? snapshot : yield* Effect.fail(notFound(missing))
})

/** The caller has no logger: the result or the error has everything that matters. */
const quietly = Effect.provideService(References.MinimumLogLevel, "None")

/**
 * Crawls a registry. Resolves to a scan: `measure` and `diff` read it. Unreadable parts are gaps of the scan. It rejects
 * with a `RegistryUsageError` if an option cannot be used, if `previous` is no scan, or if the whole crawl failed; with the
 * reason of the signal if that ended the crawl; and with what `onProgress` throws.
 *
 * @category crawling
 * @since 0.1.0
 */
export const collect = async (given: CollectOptions): Promise<Scan> => {
  requireOptions(given)
  return run(snapshot(given).pipe(Effect.flatMap(Snapshot.encode), Effect.provide(layer(given)), quietly), given.signal)
}

/**
 * The size of a repository or a tag that was read alone, in bytes. `diskSize` counts each blob once, `size` once for each
 * tag: those of a tag are equal. What other repositories share is part of both. `digest` is null for a repository.
 *
 * @category models
 * @since 0.1.0
 */
export interface ImageSize {
  readonly repository: string
  readonly digest: string | null
  readonly tags: number
  readonly size: number
  readonly diskSize: number
}

interface Reference {
  readonly repository: Names.RepositoryName
  readonly tag: Registry.ListedTag | undefined
}

/** Reads `group/app`, `group/app:1.0` or `group/app@sha256:…`, each with or without the host of the registry. */
const parse = (reference: unknown, registry: URL): Reference | undefined => {
  if (typeof reference !== "string") return undefined
  const text = reference.startsWith(`${registry.host}/`) ? reference.slice(registry.host.length + 1) : reference
  const [, repository = "", tag, digest] = /^([^:@]+)(?::([^@]*))?(?:@(.*))?$/.exec(text) ?? []
  if (!Names.isRepositoryName(repository) || (tag !== undefined && !Names.isTagName(tag))) return undefined
  if (digest === undefined) return { repository, tag: tag === undefined ? undefined : { name: tag } }
  // A digest with a hyphen is a name that a tag may have.
  return Digest.isDigest(digest) ? { repository, tag: { name: digest.replace(":", "-"), digest } } : undefined
}

/** The registry with one tag in each repository. */
const withTag = (tag: Registry.ListedTag) =>
  Layer.effect(
    Registry.Registry,
    Effect.map(Registry.Registry, (registry) => ({ ...registry, tags: () => Stream.make(tag) }))
  )

/**
 * Reads one repository, tag or digest, such as `group/app`, `group/app:1.0` or `group/app@sha256:…`, perhaps with the host
 * of the registry before it, and no other. Rejects as `collect` does, and with the error of the first part that could not
 * be read: a size is never incomplete. `repositories`, `scope` and `previous` are not used.
 *
 * @category crawling
 * @since 0.1.0
 */
export const sizeOf = async (reference: string, given: CollectOptions): Promise<ImageSize> => {
  requireOptions(given)
  const parsed = parse(reference, new URL(given.registryUrl))
  if (parsed === undefined) {
    throw Options.invalid({
      option: "reference",
      message: "not a repository, tag or digest, such as group/project:1.0"
    })
  }
  const { repository, tag } = parsed
  const registry = layer(given)
  const program = Effect.gen(function* () {
    const { usage } = yield* snapshot({ ...given, repositories: [repository], previous: undefined })
    const sizes = Usage.total(usage)
    if (sizes === undefined || Usage.namespaceUnread(usage, "") > 0) {
      const gap = usage.inventory.gaps.find(({ blob }) => blob === undefined)
      return yield* Effect.fail(gap === undefined ? notFound(reference) : ofGap(gap))
    }
    const [{ tagManifests }] = usage.inventory.repositories as readonly [Inventory.Repository]
    return {
      repository,
      digest: tag === undefined ? null : Inventory.manifestDigest(usage.inventory, tagManifests[0]!),
      tags: tagManifests.length,
      size: sizes.size,
      diskSize: sizes.diskSize
    }
  })
  return run(
    program.pipe(Effect.provide(tag === undefined ? registry : Layer.provide(withTag(tag), registry)), quietly),
    given.signal
  )
}
