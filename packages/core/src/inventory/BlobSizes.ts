import { Effect, Result } from "effect"
import type { Digest } from "../registry/Digest.ts"
import type { RepositoryName, TagName } from "../registry/Names.ts"
import { isTransient, type RegistryError } from "../registry/Registry.ts"
import { type Gap, type Inventory, manifestDigest, manifestsByDigest, Role, SizeSource, State } from "./Inventory.ts"
import type { Crawling } from "./ManifestReader.ts"
import type { SizeClaims } from "./SizeClaims.ts"

interface Options extends Pick<Crawling, "registry" | "request" | "concurrency"> {
  /** The inventory of a crawl that has ended. Its tables are changed in place. */
  readonly inventory: Inventory
  readonly sizes: SizeClaims
  readonly previous: Inventory | undefined
  /** The number of sizes to measure that nothing contradicts, the largest first. */
  readonly budget: number
  /** Whether sizes that the registry could not give in an earlier crawl are requested again. */
  readonly again: boolean
}

/** A tag from which a manifest is reached. */
interface Place {
  readonly repository: RepositoryName
  readonly tag: TagName
}

/** The most repositories that are asked for the size of one blob. If all fail, the registry cannot give it. */
const maxRepositories = 3

/** After this number of requests in a row without a response, no further size is requested. */
const maxFailuresInARow = 5

/** Visits each manifest that a tag reaches, once for each repository. */
const visit = (inventory: Inventory, each: (manifest: number, place: () => Place) => void) => {
  const { childStarts, children, states } = inventory.manifests
  const visited = new Uint32Array(states.length)
  inventory.repositories.forEach(({ name, tagManifests, tagNames }, r) => {
    tagManifests.forEach((root, t) => {
      const pending = root < 0 ? [] : [root]
      for (let manifest = pending.pop(); manifest !== undefined; manifest = pending.pop()) {
        if (visited[manifest] === r + 1) continue
        visited[manifest] = r + 1
        each(manifest, () => ({ repository: name, tag: tagNames[t]! }))
        for (let at = childStarts[manifest]!; at < childStarts[manifest + 1]!; at++) pending.push(children[at]!)
      }
    })
  })
}

/** The blobs that a manifest stores in the registry, as often as it refers to them. */
const storedBlobs = ({ manifests }: Inventory, manifest: number, each: (blob: number) => void) => {
  if (manifests.states[manifest] !== State.read) return
  for (let at = manifests.referenceStarts[manifest]!; at < manifests.referenceStarts[manifest + 1]!; at++) {
    if (manifests.roles[at] !== Role.foreignLayer) each(manifests.references[at]!)
  }
}

/** The largest blobs whose size is only stated, at most `budget`. */
const largest = ({ blobs }: Inventory, isDoubted: (blob: number) => boolean, budget: number): ReadonlyArray<number> => {
  if (budget <= 0) return []
  const stated: Array<number> = []
  blobs.sources.forEach((source, blob) => {
    if (source === SizeSource.stated && !isDoubted(blob)) stated.push(blob)
  })
  if (stated.length <= budget) return stated
  const sizes = Float64Array.from(stated, (blob) => blobs.sizes[blob]!).sort()
  const least = sizes[sizes.length - budget]!
  const larger = stated.filter((blob) => blobs.sizes[blob]! > least)
  const rest = stated.filter((blob) => blobs.sizes[blob] === least)
  return [...larger, ...rest].slice(0, budget)
}

/** Asks the registry for sizes; by blob. */
const ask = Effect.fnUntraced(function* (
  { concurrency, inventory, registry, request }: Options,
  blobs: ReadonlyArray<number>
) {
  const repositories = new Map<number, Array<RepositoryName>>(blobs.map((blob) => [blob, []]))
  visit(inventory, (manifest, place) =>
    storedBlobs(inventory, manifest, (blob) => {
      const known = repositories.get(blob)
      if (known === undefined || known.length === maxRepositories) return
      const { repository } = place()
      if (!known.includes(repository)) known.push(repository)
    })
  )
  let failuresInARow = 0
  let stopped: RegistryError | undefined
  const size = Effect.fnUntraced(function* (digest: Digest, from: ReadonlyArray<RepositoryName>) {
    let last: Result.Result<number, RegistryError> | undefined
    for (const repository of from) {
      if (stopped !== undefined) return Result.fail(stopped)
      // The crawl has read everything else: what refuses or fails to give sizes does not end it.
      last = yield* request(registry.blobSize(repository, digest)).pipe(
        Effect.catchTag("Stop", ({ error }) => Effect.sync(() => Result.fail((stopped = error))))
      )
      if (Result.isSuccess(last)) {
        failuresInARow = 0
        return last
      }
      const { failure } = last
      failuresInARow = isTransient(failure) && failure.reason._tag !== "ServerError" ? failuresInARow + 1 : 0
      if (failuresInARow >= maxFailuresInARow) stopped = failure
    }
    return last
  })
  const answers = new Map<number, Result.Result<number, RegistryError>>()
  yield* Effect.forEach(
    repositories,
    ([blob, from]) =>
      Effect.map(size(inventory.blobs.digests[blob]!, from), (answer) => {
        if (answer !== undefined) answers.set(blob, answer)
      }),
    { concurrency, discard: true }
  )
  return answers
})

/** Blob → the wrong size that a manifest states for it. */
type Misstatements = Map<number, number>

/** The most wrong sizes of one manifest that become gaps. */
const maxGaps = 10

/**
 * Manifest → the sizes that it states wrongly. The claims lack the manifests that stated the size in `stated`, which was
 * seen first.
 */
const misstatementsOf = (
  { inventory, sizes: { claims } }: Options,
  stated: ReadonlyMap<number, number>
): Map<number, Misstatements> => {
  const { blobs, manifests } = inventory
  const found = new Map<number, Misstatements>()
  const state = (manifest: number, blob: number, size: number) => {
    if (manifests.states[manifest] !== State.read || blobs.sources[blob] !== SizeSource.measured) return
    if (size === blobs.sizes[blob]) return
    const known = found.get(manifest)
    if (known === undefined) found.set(manifest, new Map([[blob, size]]))
    else known.set(blob, size)
  }
  const otherwise = new Map<number, Set<number>>()
  for (const { blob, manifest, size } of claims) {
    state(manifest, blob, size)
    const known = otherwise.get(blob)
    if (known === undefined) otherwise.set(blob, new Set([manifest]))
    else known.add(manifest)
  }
  const wrong = new Map([...stated].filter(([blob, size]) => size !== blobs.sizes[blob]))
  if (wrong.size === 0) return found
  for (let manifest = 0; manifest < manifests.states.length; manifest++) {
    storedBlobs(inventory, manifest, (blob) => {
      const size = wrong.get(blob)
      if (size !== undefined && otherwise.get(blob)?.has(manifest) !== true) state(manifest, blob, size)
    })
  }
  return found
}

/** Manifest → why its size is unknown: a blob has a size that cannot be true, and the registry does not give it. */
const unknownOf = (
  { inventory, sizes }: Options,
  answers: ReadonlyMap<number, Result.Result<number, RegistryError>>
) => {
  const lost = new Map<number, RegistryError>()
  for (const blob of sizes.doubted) {
    const answer = answers.get(blob)
    if (answer !== undefined && Result.isFailure(answer)) lost.set(blob, answer.failure)
  }
  const unknown = new Map<number, readonly [blob: number, error: RegistryError]>()
  if (lost.size === 0) return unknown
  for (let manifest = 0; manifest < inventory.manifests.states.length; manifest++) {
    storedBlobs(inventory, manifest, (blob) => {
      const error = lost.get(blob)
      if (error !== undefined) unknown.set(manifest, [blob, error])
    })
  }
  return unknown
}

/** The gaps of wrong sizes of an earlier crawl whose manifests were taken over without reading them again. */
const earlierGaps = ({ inventory, previous }: Options, wrong: ReadonlyMap<number, Misstatements>) => {
  const gaps = (previous?.gaps ?? []).filter(({ blob }) => blob !== undefined)
  if (gaps.length === 0) return []
  const manifests = manifestsByDigest(inventory)
  return gaps.flatMap((gap) => {
    const manifest = gap.digest === undefined ? undefined : manifests.get(gap.digest)
    if (manifest === undefined) return []
    const found = wrong.get(manifest)
    const isKnown = Array.from(found?.keys() ?? []).some((blob) => inventory.blobs.digests[blob] === gap.blob)
    return isKnown || (found !== undefined && found.size >= maxGaps) ? [] : [[manifest, gap] as const]
  })
}

/**
 * Measures the blobs whose stated size cannot be true, and others up to the budget. It sends one request for each blob, and
 * more only if a repository does not give the size. Returns a gap for each size that is wrong or unknown.
 */
export const measureSizes = Effect.fnUntraced(function* (options: Options): Effect.fn.Return<ReadonlyArray<Gap>> {
  const { again, budget, inventory, sizes } = options
  const { blobs, manifests } = inventory
  if (again) {
    blobs.sources.forEach((source, blob) => {
      if (source === SizeSource.unanswered) blobs.sources[blob] = SizeSource.stated
    })
  }
  const wanted = [...sizes.doubted, ...largest(inventory, (blob) => sizes.doubted.has(blob), budget)]
  const stated = new Map(wanted.map((blob) => [blob, blobs.sizes[blob]!]))
  const answers = wanted.length === 0 ? new Map<number, never>() : yield* ask(options, wanted)
  for (const [blob, answer] of answers) {
    if (Result.isSuccess(answer)) {
      blobs.sizes[blob] = answer.success
      blobs.sources[blob] = SizeSource.measured
    } else if (!isTransient(answer.failure)) blobs.sources[blob] = SizeSource.unanswered
  }

  const unknown = unknownOf(options, answers)
  const wrong = misstatementsOf(options, stated)
  const earlier = earlierGaps(options, wrong)
  if (unknown.size + wrong.size + earlier.length === 0) return []
  const places = new Map<number, Place>()
  const named = new Set([...unknown.keys(), ...wrong.keys(), ...earlier.map(([manifest]) => manifest)])
  visit(inventory, (manifest, place) => {
    if (named.has(manifest) && !places.has(manifest)) places.set(manifest, place())
  })
  const gapOf = (manifest: number, gap: Pick<Gap, "blob" | "reason" | "detail" | "kept">): ReadonlyArray<Gap> => {
    const place = places.get(manifest)
    // No figure needs a manifest that no tag reaches.
    return place === undefined ? [] : [{ ...place, digest: manifestDigest(inventory, manifest), ...gap }]
  }
  const gaps = [
    ...Array.from(unknown).flatMap(([manifest, [blob, { reason }]]) =>
      gapOf(manifest, {
        reason: reason._tag,
        detail: `the size of the blob ${blobs.digests[blob]} is not known: ${reason.detail}`,
        kept: false
      })
    ),
    ...Array.from(wrong).flatMap(([manifest, misstatements]) =>
      Array.from(misstatements)
        .slice(0, maxGaps)
        .flatMap(([blob, size]) =>
          gapOf(manifest, {
            blob: blobs.digests[blob]!,
            reason: "Malformed",
            detail:
              `it states ${size} bytes for the blob ${blobs.digests[blob]}, which has ${blobs.sizes[blob]}` +
              (misstatements.size > maxGaps ? `; ${misstatements.size} sizes of this manifest are wrong` : ""),
            kept: true
          })
        )
    ),
    ...earlier.flatMap(([manifest, { blob, detail, kept, reason }]) =>
      gapOf(manifest, { ...(blob === undefined ? {} : { blob }), detail, kept, reason })
    )
  ]
  for (const manifest of unknown.keys()) manifests.states[manifest] = State.unread
  return gaps
})
