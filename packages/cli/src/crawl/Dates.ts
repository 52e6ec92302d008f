/**
 * When images were made, as their configs tell.
 */
import { Inventory, Registry } from "@gitlab-registry-usage/core"
import { Effect, Result, Schema } from "effect"

const Config = Schema.fromJsonString(Schema.Struct({ created: Schema.String }))
const decodeConfig = Schema.decodeUnknownResult(Config)

/** Configs are small; one of buildpacks with its metadata may have some hundred kB. */
const maxConfigBytes = 4 * 1024 * 1024

/**
 * The config of a manifest, as the number of a blob: of an index that of its first image. Undefined where there is none.
 */
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

/** Milliseconds since 1970, from RFC 3339 as the OCI image specification has it. */
const instantOf = (body: Uint8Array): number | undefined => {
  const config = decodeConfig(new TextDecoder().decode(body))
  if (Result.isFailure(config)) return undefined
  const instant = Date.parse(config.success.created)
  return Number.isFinite(instant) ? instant : undefined
}

/**
 * Asks the registry for the configs of these tags of repository `r`, each once, and returns when each tag's image was
 * made: milliseconds since 1970, undefined where that cannot be known.
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
        // One config that is missing or too large leaves one date unknown; a refusal would be the same for all.
        const { reason } = body.failure
        return reason._tag === "NotFound" || reason._tag === "Malformed" ? undefined : yield* body.failure
      }
      const instant = instantOf(body.success)
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
