/**
 * A registry that changes step by step, as registries do: images of every kind, and whatever a crawl may not be able to
 * read.
 *
 * @since 0.1.0
 */
import { DateTime } from "effect"
import * as Bytes from "../registry/Bytes.ts"
import type { Digest } from "../registry/Digest.ts"
import { type Gap, type Inventory, SizeSource } from "../inventory/Inventory.ts"
import * as InventoryBuilder from "../inventory/InventoryBuilder.ts"
import type { Child, Manifest } from "../registry/Manifest.ts"
import * as MediaType from "../registry/MediaType.ts"
import type { RepositoryName, TagName } from "../registry/Names.ts"
import type { Snapshot } from "../snapshot/Snapshot.ts"
import { type Accounting, measure } from "../usage/Usage.ts"

interface Repository {
  readonly name: string
  readonly tags: ReadonlyArray<readonly [name: string, image: number]>
  readonly unreadable: boolean
  readonly stale: boolean
}

interface State {
  readonly repositories: ReadonlyArray<Repository>
  readonly gaps: ReadonlyArray<Gap>
  /** What descriptors state of sizes, and what could be read, changes with it. */
  readonly age: number
}

/** Numbers that look random, from a seed (mulberry32). */
const numbers = (seed: number) => {
  let state = seed >>> 0
  return (below: number): number => {
    state = (state + 0x6d2b79f5) >>> 0
    let t = Math.imul(state ^ (state >>> 15), state | 1)
    t ^= t + Math.imul(t ^ (t >>> 7), t | 61)
    return ((t ^ (t >>> 14)) >>> 0) % below
  }
}

type Random = ReturnType<typeof numbers>

const digestOf = (kind: number, number: number): Digest =>
  (number % 7 === 6
    ? `sha512:${kind}${number.toString(16).padStart(127, "0")}`
    : `sha256:${kind}${number.toString(16).padStart(63, "0")}`) as Digest

const names = ["app", "app/cache", "group/app", "group/app.b", "group/app-a", "group/sub/x", "other", "z/app"]
const tagNames = ["1.0", "1.1", "10", "2", "Latest", "latest", "_x", "sha256-0a.sig"]
const details = ["the connection was reset", "odd \u0000 text \ud800 with 'quotes', \"more\" and \\", ""]
const images = 14

const shuffled = <A>(random: Random, list: ReadonlyArray<A>): ReadonlyArray<A> => {
  const copy = [...list]
  for (let i = copy.length - 1; i > 0; i--) {
    const j = random(i + 1)
    ;[copy[i], copy[j]] = [copy[j]!, copy[i]!]
  }
  return copy
}

const someTags = (random: Random): Repository["tags"] =>
  tagNames.filter(() => random(2) === 0).map((name) => [name, random(images + 1) - 1])

const changeRepository = (random: Random, repository: Repository): Repository => {
  const { tags } = repository
  switch (random(6)) {
    case 0:
      return { ...repository, tags: shuffled(random, tags) }
    case 1:
      return { ...repository, unreadable: !repository.unreadable, tags: repository.unreadable ? someTags(random) : [] }
    case 2:
      return { ...repository, stale: !repository.stale }
    case 3:
      return { ...repository, tags: tags.slice(0, -1) }
    case 4:
      return { ...repository, tags: tags.map(([name, image]) => [name, random(3) === 0 ? random(images) : image]) }
    default:
      return { ...repository, tags: someTags(random) }
  }
}

const placeOf = (random: Random, repository: Repository): Partial<Gap> => ({
  repository: repository.name as RepositoryName,
  ...(repository.tags[0] === undefined || random(2) === 0 ? {} : { tag: repository.tags[0][0] as TagName }),
  ...(random(2) === 0 ? {} : { digest: digestOf(9, random(9)) }),
  ...(random(3) === 0 ? { blob: digestOf(8, random(9)) } : {})
})

const gapOf = (random: Random, repository: Repository): Gap => ({
  // The list of repositories has gaps as well.
  ...(random(8) === 0 ? {} : placeOf(random, repository)),
  reason: "Unreachable",
  detail: details[random(details.length)]!,
  kept: random(2) === 0
})

const change = (state: State, random: Random): State => {
  const { gaps, repositories } = state
  const chosen = repositories[random(Math.max(repositories.length, 1))]
  switch (random(9)) {
    case 0:
      return { ...state, repositories: shuffled(random, repositories) }
    case 1:
      return { ...state, repositories: repositories.filter((repository) => repository !== chosen) }
    case 2:
      return chosen === undefined ? state : { ...state, gaps: [...gaps, gapOf(random, chosen), ...gaps.slice(0, 1)] }
    case 3:
      return { ...state, gaps: gaps.slice(random(2)) }
    case 4:
      return { ...state, age: state.age + 1 }
    case 5: {
      const name = names[random(names.length)]!
      if (repositories.some((repository) => repository.name === name)) return state
      const created = { name, tags: someTags(random), unreadable: false, stale: false }
      return { ...state, repositories: [...repositories, created] }
    }
    default:
      return {
        ...state,
        repositories: repositories.map((repository) =>
          repository === chosen ? changeRepository(random, repository) : repository
        )
      }
  }
}

const child = (digest: Digest, attestation: boolean): Child => ({
  digest,
  mediaType: MediaType.ociManifest,
  attestation,
  platform: undefined
})

/** An image, or an index: of images, of itself and an attestation, and of one that the registry does not have. */
const manifestOf = (image: number, age: number): Manifest => {
  const isIndex = image % 4 === 3
  const layer = (number: number, foreign = false) => ({
    digest: digestOf(foreign ? 5 : 2, number),
    size: Bytes.make(number % 5 === 4 ? Number.MAX_SAFE_INTEGER : 1000 * number + age),
    mediaType: "application/octet-stream",
    foreign
  })
  return {
    mediaType: isIndex ? MediaType.ociIndex : image % 4 === 2 ? `odd/\u0000${age}` : MediaType.ociManifest,
    config: isIndex ? undefined : { digest: digestOf(1, image), size: Bytes.make(image), mediaType: "" },
    layers: isIndex ? [] : [layer(0), layer(image), layer(image + 1, image % 5 === 0), layer(image)],
    children: isIndex
      ? [
          child(digestOf(0, image - 1), false),
          child(digestOf(0, image - 2), false),
          child(digestOf(3, image), true),
          child(digestOf(4, image), false)
        ]
      : [],
    artifactType: undefined,
    subject: undefined
  }
}

const inventoryOf = ({ age, gaps, repositories }: State): Inventory => {
  const builder = InventoryBuilder.make()
  const read = (digest: Digest, manifest: Manifest): number => {
    const number = builder.manifest(digest)
    if (builder.state(number) !== 0) return number
    const layerSizes = manifest.layers.map(({ size }) => size!)
    const configSize = manifest.config?.size ?? 0
    builder.read(number, { manifest, size: digest.length + age, configSize, layerSizes })
    return number
  }
  const add = (image: number): number => {
    // Some images cannot be read for a while.
    if (image % 6 === 5 && age % 2 === 0) return builder.manifest(digestOf(0, image))
    const manifest = manifestOf(image, age)
    if (manifest.children.length > 0) {
      add(image - 1)
      add(image - 2)
      read(digestOf(3, image), { ...manifestOf(0, age), layers: [] })
      builder.absent(builder.manifest(digestOf(4, image)))
    }
    return read(digestOf(0, image), manifest)
  }
  const built = repositories.map(({ name, stale, tags, unreadable }) => ({
    name: name as RepositoryName,
    tagNames: tags.map(([tag]) => tag as TagName),
    tagManifests: Int32Array.from(tags, ([, image]) => (image < 0 ? -1 : add(image))),
    unreadable,
    stale
  }))
  for (const gap of gaps) builder.gap(gap)
  const inventory = builder.build(built)
  // Some sizes were measured, and may be stated only again later.
  const { sizes, sources } = inventory.blobs
  sources.forEach((source, blob) => {
    if (source === SizeSource.stated && (sizes[blob]! + age) % 3 === 0) sources[blob] = SizeSource.measured
  })
  return inventory
}

const start: State = { repositories: [], gaps: [], age: 0 }

/**
 * The snapshots of a registry that changed a little before each of them, as these seeds have it. They were taken a minute
 * apart, but for a clock that goes wrong now and then.
 *
 * @category fixtures
 * @since 0.1.0
 */
export const snapshots = (
  seeds: ReadonlyArray<number>,
  options?: { readonly accounting?: Accounting | undefined }
): ReadonlyArray<Snapshot> => {
  let state = start
  return seeds.map((seed, i) => {
    const random = numbers(seed)
    for (let left = i === 0 ? 12 : 1 + random(4); left > 0; left--) state = change(state, random)
    const minutes = random(8) === 0 ? i - 2.5 : i
    return {
      takenAt: DateTime.makeUnsafe(Date.UTC(2026, 0, 1) + minutes * 60_000),
      duration: random(1000) + 0.5,
      stale: random(3) === 0,
      usage: measure(inventoryOf(state), options)
    }
  })
}
