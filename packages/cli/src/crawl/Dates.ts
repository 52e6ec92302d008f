/**
 * The creation dates of images, from their configs.
 */
import { Inventory, Registry } from "@gitlab-registry-usage/core"
import { Effect, Result, Schema } from "effect"

const Config = Schema.fromJsonString(Schema.Struct({ created: Schema.String }))
const decodeConfig = Schema.decodeUnknownResult(Config)

/** Most configs are small; one of buildpacks may have some hundred kB of metadata. */
const maxConfigBytes = 4 * 1024 * 1024

/** The number of the config's blob: of a manifest, or of the first image of an index. Undefined where there is none. */
export const configOf = ({ manifests }: Inventory.Inventory, root: number): number | undefined => {
  const met = new Set<number>()
  const pending = [root]
  for (let manifest = pending.shift(); manifest !== undefined; manifest = pending.shift()) {
    if (manifest < 0 || met.has(manifest) || manifests.states[manifest] !== Inventory.State.read) continue
    met.add(manifest)
    for (let at = manifests.referenceStarts[manifest]!; at < manifests.referenceStarts[manifest + 1]!; at++) {
      if (manifests.roles[at] === Inventory.Role.config) return manifests.references[at]!
    }
    for (let at = manifests.childStarts[manifest]!; at < manifests.childStarts[manifest + 1]!; at++) {
      if (manifests.attestations[at] === 0) pending.push(manifests.children[at]!)
    }
  }
  return undefined
}

/** Parses `created` (RFC 3339, OCI image specification) to milliseconds since 1970. */
const parseCreated = (body: Uint8Array): number | undefined => {
  const config = decodeConfig(new TextDecoder().decode(body))
  if (Result.isFailure(config)) return undefined
  const instant = Date.parse(config.success.created)
  return Number.isFinite(instant) ? instant : undefined
}

/**
 * Reads the configs of these tags of repository `r`, each once. Returns each tag's creation date in milliseconds since
 * 1970; a tag without a known date is absent.
 */
export const ofTags = Effect.fnUntraced(function* (
  inventory: Inventory.Inventory,
  r: number,
  tags: ReadonlyArray<number>,
  concurrency: number
): Effect.fn.Return<ReadonlyMap<number, number>, Registry.RegistryError, Registry.Registry> {
  const registry = yield* Registry.Registry
  const { name, tagManifests } = inventory.repositories[r]!
  const configs = new Map(tags.map((i) => [i, configOf(inventory, tagManifests[i]!)] as const))
  const instants = new Map<number, number>()
  yield* Effect.forEach(
    new Set(configs.values()),
    Effect.fnUntraced(function* (config) {
      if (config === undefined) return
      const body = yield* Effect.result(registry.blob(name, inventory.blobs.digests[config]!, maxConfigBytes))
      if (Result.isFailure(body)) {
        // A missing or too large config leaves one date unknown; any other failure would repeat for every config.
        const { reason } = body.failure
        return reason._tag === "NotFound" || reason._tag === "Malformed" ? undefined : yield* body.failure
      }
      const instant = parseCreated(body.success)
      if (instant !== undefined) instants.set(config, instant)
    }),
    { concurrency, discard: true }
  )
  return new Map(
    [...configs].flatMap(([i, config]) => {
      const instant = config === undefined ? undefined : instants.get(config)
      return instant === undefined ? [] : [[i, instant] as const]
    })
  )
})
