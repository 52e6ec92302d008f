/**
 * The port to a container registry.
 *
 * @since 0.1.0
 */
import type { Effect, Stream } from "effect"
import { Context, Schema } from "effect"
import type { Bytes } from "./Bytes.ts"
import type { Digest } from "./Digest.ts"
import type { RepositoryName, TagName } from "./Names.ts"

/** What people read, and the status of the response where the reason follows from one that has a status. */
const fields = { detail: Schema.String, status: Schema.optional(Schema.Int) }

/**
 * No response came from the registry, or only a gateway's 502, 503 or 504, until the adapter gave up. Trying later may
 * help. `cause` is the error of the connection, where there was one: its message may hold a secret, so do not print it.
 *
 * @category errors
 * @since 0.1.0
 */
export class Unreachable extends Schema.TaggedError<Unreachable>()("Unreachable", {
  ...fields,
  cause: Schema.optionalKey(Schema.Unknown)
}) {}

/**
 * The registry answered this one request with an error of its own, such as 500 for a tag whose link is damaged. It is
 * alive: other requests may succeed.
 *
 * @category errors
 * @since 0.1.0
 */
export class ServerError extends Schema.TaggedError<ServerError>()("ServerError", fields) {}

/**
 * The credentials were refused, or none were given where some are needed. Trying again with the same ones may ban the
 * client, so a crawl stops at the first.
 *
 * @category errors
 * @since 0.1.0
 */
export class Unauthorized extends Schema.TaggedError<Unauthorized>()("Unauthorized", fields) {}

/**
 * The credentials are good, but do not permit this operation on this repository.
 *
 * @category errors
 * @since 0.1.0
 */
export class Denied extends Schema.TaggedError<Denied>()("Denied", fields) {}

/**
 * The registry has no such repository, tag, manifest or blob.
 *
 * @category errors
 * @since 0.1.0
 */
export class NotFound extends Schema.TaggedError<NotFound>()("NotFound", fields) {}

/**
 * The registry asked for fewer requests until the adapter gave up. `retryAfter` is in milliseconds, where the registry states it.
 *
 * @category errors
 * @since 0.1.0
 */
export class RateLimited extends Schema.TaggedError<RateLimited>()("RateLimited", {
  ...fields,
  retryAfter: Schema.optionalKey(Schema.Finite)
}) {}

/**
 * The response is not what the specification says: not JSON, a wrong type, a digest that does not fit.
 *
 * @category errors
 * @since 0.1.0
 */
export class Malformed extends Schema.TaggedError<Malformed>()("Malformed", fields) {}

/**
 * The response or listing is larger than a limit of the adapter, which `detail` names. It was not read to its end.
 *
 * @category errors
 * @since 0.1.0
 */
export class TooLarge extends Schema.TaggedError<TooLarge>()("TooLarge", { detail: Schema.String }) {}

/**
 * The registry does not offer the operation: no catalog, deletion switched off.
 *
 * @category errors
 * @since 0.1.0
 */
export class Unsupported extends Schema.TaggedError<Unsupported>()("Unsupported", fields) {}

/**
 * The adapter refused to go on because it would have been unsafe: credentials to a foreign host, a downgrade to http.
 *
 * @category errors
 * @since 0.1.0
 */
export class Unsafe extends Schema.TaggedError<Unsafe>()("Unsafe", { detail: Schema.String }) {}

/**
 * Why an operation of the registry failed.
 *
 * @category errors
 * @since 0.1.0
 */
export const RegistryReason = Schema.Union([
  Unreachable,
  ServerError,
  Unauthorized,
  Denied,
  NotFound,
  RateLimited,
  Malformed,
  TooLarge,
  Unsupported,
  Unsafe
])

/**
 * Why the registry could not be read or changed.
 *
 * @category errors
 * @since 0.1.0
 */
export type RegistryReason = typeof RegistryReason.Type

/**
 * The one error of the port: which operation failed, on what, and why.
 *
 * @category errors
 * @since 0.1.0
 */
export class RegistryError extends Schema.TaggedError<RegistryError>()("RegistryError", {
  operation: Schema.Literals(["repositories", "tags", "resolve", "manifest", "blob", "blobSize", "deleteManifest"]),
  target: Schema.String,
  reason: RegistryReason
}) {
  override get message(): string {
    const target = this.target === "" ? "" : ` of ${this.target}`
    return `${this.operation}${target}: ${this.reason._tag}: ${this.reason.detail}`
  }
}

/**
 * Whether trying the same again later may succeed without anybody doing anything.
 *
 * @category guards
 * @since 0.1.0
 */
export const isTransient = (error: RegistryError): boolean =>
  ["Unreachable", "ServerError", "RateLimited"].includes(error.reason._tag)

/**
 * A tag in a listing. `name` is the registry's text, which the crawl checks. `digest` and `publishedAt`, when the tag was
 * last pushed to another manifest in milliseconds since 1970, are there only where the registry's listing includes them.
 *
 * @category models
 * @since 0.1.0
 */
export interface ListedTag {
  readonly name: string
  readonly digest?: Digest | undefined
  readonly publishedAt?: number | undefined
}

/**
 * A manifest as it is stored: its digest, which fits the body, its media type, and its bytes.
 *
 * @category models
 * @since 0.1.0
 */
export interface StoredManifest {
  readonly digest: Digest
  readonly mediaType: string
  readonly body: Uint8Array
}

/**
 * What the product needs of a registry. Every adapter passes `RegistryTest.suite` of
 * `@gitlab-registry-usage/core/conformance`.
 *
 * Adapters bound each operation in time and bytes and retry what is transient; a caller never retries.
 *
 * @category services
 * @since 0.1.0
 */
export class Registry extends Context.Service<
  Registry,
  {
    /**
     * The names of all repositories that the credentials may see, each once, in the registry's order and as the registry
     * states them: a name that fits no grammar is not left out, so that the crawl can report it. `TooLarge` after the
     * names that were read where there are too many.
     */
    readonly repositories: Stream.Stream<string, RegistryError>
    /**
     * The tags of a repository, each once, in the registry's order; empty where it has none. Names that fit no grammar are
     * not left out.
     */
    readonly tags: (repository: RepositoryName) => Stream.Stream<ListedTag, RegistryError>
    /**
     * The digest that a tag points to now, without fetching the manifest. `known` is the digest that it pointed to when
     * last seen: asking whether it still does may cost less.
     */
    readonly resolve: (
      repository: RepositoryName,
      tag: TagName,
      known?: Digest | undefined
    ) => Effect.Effect<Digest, RegistryError>
    /**
     * The manifest that a tag or digest names; never converted to another type. Its digest fits its body. `mediaType` is
     * the type by which an index refers to it: a registry may give a manifest only to those who accept its type, and the
     * known ones are always accepted. One that fits no grammar is ignored.
     */
    readonly manifest: (
      repository: RepositoryName,
      reference: TagName | Digest,
      mediaType?: string | undefined
    ) => Effect.Effect<StoredManifest, RegistryError>
    /**
     * The bytes of a small blob such as a config; they fit its digest. One of more than `maxBytes` is `TooLarge`.
     */
    readonly blob: (
      repository: RepositoryName,
      digest: Digest,
      maxBytes: number
    ) => Effect.Effect<Uint8Array, RegistryError>
    /** The size of a blob in bytes as it is stored, without fetching it. */
    readonly blobSize: (repository: RepositoryName, digest: Digest) => Effect.Effect<Bytes, RegistryError>
    /**
     * Deletes a manifest, and with it every tag that points to it. The bytes are freed when the registry collects
     * garbage.
     */
    readonly deleteManifest: (repository: RepositoryName, digest: Digest) => Effect.Effect<void, RegistryError>
  }
>()("@gitlab-registry-usage/core/Registry") {}
