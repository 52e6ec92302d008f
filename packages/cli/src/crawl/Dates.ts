/**
 * When tags were published, as GitLab's cleanup policy finds it out: by the metadata database, or by the images' configs.
 *
 * Source: GitLab, lib/container_registry/tag.rb and base_client.rb, app/services/projects/container_repository.
 */
import { type CleanupPolicy, Inventory, Manifest, MediaType, Registry } from "@gitlab-registry-usage/core"
import { Effect, Option, Result, Schema, Stream } from "effect"

const Config = Schema.fromJsonString(Schema.Struct({ created: Schema.String }))
const decodeConfig = Schema.decodeUnknownOption(Config)

/** Most configs are small; one of buildpacks may have some hundred kB of metadata. */
const maxConfigBytes = 4 * 1024 * 1024

const rfc3339 = /^(\d{4}-\d{2}-\d{2})[T ](\d{2}:\d{2}:\d{2})(\.\d+)?(Z|[+-]\d{2}:\d{2})$/i

/** The instant in milliseconds since 1970. GitLab reads RFC 3339 alone: a day without a time is no date. */
const parseCreated = (text: string): number | undefined => {
  const [, day, time, fraction = "", offset] = rfc3339.exec(text.trim()) ?? []
  const midnight = Date.parse(`${day}T00:00:00Z`)
  // `Date` reads 30 February as 1 March.
  if (Number.isNaN(midnight) || new Date(midnight).toISOString().slice(0, 10) !== day) return undefined
  const instant = Date.parse(`${day}T${time}${offset}`.toUpperCase()) + Number(`0${fraction}`) * 1000
  return Number.isFinite(instant) ? instant : undefined
}

/** The dates of some tags, by their places in the repository. */
export interface Dates {
  readonly publishedAt: (tag: number) => CleanupPolicy.PublishedAt
  /** The policy runs on each page of this number of tags separately. */
  readonly pageSize: number
}

export const unread: Dates = { publishedAt: () => "unread", pageSize: Number.POSITIVE_INFINITY }

/** GitLab applies the policy to one page of the metadata database's list after the other. */
const databasePageSize = 1000

/** Failures that would repeat with every further request. */
const isFatal = ({ reason }: Registry.RegistryError): boolean =>
  ["Unauthorized", "Unreachable", "RateLimited", "Unsafe"].includes(reason._tag)

/** What was read, or none where this one could not be. */
const attempt = <A>(effect: Effect.Effect<A, Registry.RegistryError>) =>
  Effect.catchIf(
    Effect.asSome(effect),
    (error) => !isFatal(error),
    () => Effect.succeed(Option.none<A>())
  )

/**
 * The blob of the config that dates a manifest. GitLab accepts images alone: it gets none for an OCI index, and for a
 * manifest list of Docker's the image for `linux/amd64`.
 */
const configOf = Effect.fnUntraced(function* (
  { manifests, ...inventory }: Inventory.Inventory,
  r: number,
  root: number
): Effect.fn.Return<number | "none" | "unread", Registry.RegistryError, Registry.Registry> {
  const stateOf = (manifest: number) => manifests.states[manifest] ?? Inventory.State.unread
  const typeOf = (manifest: number) => manifests.mediaTypeNames[manifests.mediaTypes[manifest]!]
  let manifest = root
  if (stateOf(manifest) === Inventory.State.read && typeOf(manifest) === MediaType.dockerManifestList) {
    const registry = yield* Registry.Registry
    const digest = inventory.blobs.digests[manifests.blobs[manifest]!]!
    const stored = yield* attempt(registry.manifest(inventory.repositories[r]!.name, digest))
    const list = Option.flatMap(stored, ({ body, mediaType }) => Result.getSuccess(Manifest.decode(body, mediaType)))
    if (Option.isNone(list)) return "unread"
    const image = list.value.children.find(({ platform }) => /^linux\/amd64(?:\/|$)/.test(platform ?? ""))
    const children = manifests.children.subarray(manifests.childStarts[manifest], manifests.childStarts[manifest + 1])
    manifest = children.find((child) => inventory.blobs.digests[manifests.blobs[child]!] === image?.digest) ?? -1
    if (manifest < 0) return "none"
  }
  if (stateOf(manifest) !== Inventory.State.read)
    return stateOf(manifest) === Inventory.State.absent ? "none" : "unread"
  if (typeOf(manifest) === MediaType.ociIndex || typeOf(manifest) === MediaType.dockerManifestList) return "none"
  const [start, end] = [manifests.referenceStarts[manifest]!, manifests.referenceStarts[manifest + 1]!]
  const at = manifests.roles.subarray(start, end).indexOf(Inventory.Role.config)
  return at < 0 ? "none" : manifests.references[start + at]!
})

/** The dates that the configs state, each config read once. */
const byConfigs = Effect.fnUntraced(function* (
  inventory: Inventory.Inventory,
  r: number,
  tags: ReadonlyArray<number>,
  concurrency: number
): Effect.fn.Return<Dates, Registry.RegistryError, Registry.Registry> {
  const registry = yield* Registry.Registry
  const { name, tagManifests } = inventory.repositories[r]!
  const roots = [...new Set(tags.map((i) => tagManifests[i]!))]
  const configs = yield* Effect.forEach(roots, (root) => configOf(inventory, r, root), { concurrency })
  const blobs = [...new Set(configs.filter((config) => typeof config === "number"))]
  const bodies = yield* Effect.forEach(
    blobs,
    (blob) => attempt(registry.blob(name, inventory.blobs.digests[blob]!, maxConfigBytes)),
    { concurrency }
  )
  const dates = new Map<number, CleanupPolicy.PublishedAt>(
    bodies.map((body, i) => [
      blobs[i]!,
      Option.match(body, {
        onNone: () => "unread" as const,
        onSome: (bytes) => {
          const config = decodeConfig(new TextDecoder().decode(bytes))
          return Option.isSome(config) ? (parseCreated(config.value.created) ?? "none") : "none"
        }
      })
    ])
  )
  const byRoot = new Map(
    roots.map((root, i) => {
      const config = configs[i]!
      return [root, typeof config === "number" ? dates.get(config)! : config]
    })
  )
  return { ...unread, publishedAt: (tag) => byRoot.get(tagManifests[tag]!) ?? "unread" }
})

/**
 * Reads the dates of these tags of repository `r`. Fails only where every further request would fail.
 */
export const ofTags = Effect.fnUntraced(function* (
  inventory: Inventory.Inventory,
  r: number,
  tags: ReadonlyArray<number>,
  concurrency: number
): Effect.fn.Return<Dates, Registry.RegistryError, Registry.Registry> {
  if (tags.length === 0) return unread
  const registry = yield* Registry.Registry
  const { name, tagNames } = inventory.repositories[r]!
  const listed = Option.getOrUndefined(yield* attempt(Stream.runCollect(registry.tags(name))))
  if (listed === undefined) return unread
  if (listed.every(({ publishedAt }) => publishedAt === undefined)) {
    return yield* byConfigs(inventory, r, tags, concurrency)
  }
  const byName = new Map(
    listed.map(({ name, publishedAt }): [string, CleanupPolicy.PublishedAt] => [name, publishedAt ?? "none"])
  )
  return { publishedAt: (tag) => byName.get(tagNames[tag]!) ?? "unread", pageSize: databasePageSize }
})
