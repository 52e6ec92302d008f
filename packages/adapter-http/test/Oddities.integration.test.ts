/**
 * Crawls of generated registries, with everything odd that registries were seen to hold, against sums of their files.
 *
 * `REGISTRIES=5000 FIRST=1` before the command runs more of them, or one that failed: each is generated from its number.
 */
import * as Fs from "node:fs"
import * as Path from "node:path"
import { assert, describe, it } from "@effect/vitest"
import { Crawl, type Inventory, MediaType, Names, Registry, Usage } from "@gitlab-registry-usage/core"
import { DockerRegistry, Servers, StorageTree } from "@gitlab-registry-usage/test-servers"
import { Effect, References } from "effect"
import { overUndici, registryAt } from "./servers.ts"

const [first, registries] = [Number(process.env["FIRST"] ?? 1), Number(process.env["REGISTRIES"] ?? 200)]

/** Mulberry32: the same numbers for the same seed. */
const randomOf = (seed: number) => {
  let state = seed
  return (below: number): number => {
    state = (state + 0x6d2b79f5) | 0
    let value = Math.imul(state ^ (state >>> 15), 1 | state)
    value = (value + Math.imul(value ^ (value >>> 7), 61 | value)) ^ value
    return ((value ^ (value >>> 14)) >>> 0) % below
  }
}
type Random = ReturnType<typeof randomOf>

const ociLayer = "application/vnd.oci.image.layer.v1.tar+gzip"
const dockerLayer = "application/vnd.docker.image.rootfs.diff.tar.gzip"
const foreignLayers = [
  "application/vnd.docker.image.rootfs.foreign.diff.tar.gzip",
  "application/vnd.oci.image.layer.nondistributable.v1.tar+gzip"
]
const emptyBlob = StorageTree.digestOf(new Uint8Array(0))

interface Descriptor extends StorageTree.Stored {
  readonly mediaType: string
}

/** Fills the tree with repositories of images, indexes, artifacts and caches, some of them damaged or lied about. */
const generate = (tree: StorageTree.StorageTree, random: Random): void => {
  const chance = (of: number) => random(of) === 0
  const pick = <A>(all: ReadonlyArray<A>): A => all[random(all.length)]!
  const bytes = (size: number) => Uint8Array.from({ length: size }, () => random(256))
  /** Bodies that several repositories have. */
  const shared = Array.from({ length: 4 }, () => bytes(200 + random(2000)))

  const repository = (name: string) => {
    const blob = (mediaType: string): Descriptor => ({
      mediaType,
      ...tree.blob(name, chance(3) ? pick(shared) : chance(15) ? new Uint8Array(0) : bytes(1 + random(1500)))
    })
    const layer = (): Descriptor => {
      if (!chance(8)) return blob(pick([ociLayer, dockerLayer, "application/vnd.bank.foreign.rates.v1+csv"]))
      const body = bytes(1 + random(500))
      const foreign = { mediaType: pick(foreignLayers), digest: StorageTree.digestOf(body), size: body.length }
      return { ...foreign, ...(chance(2) ? tree.blob(name, body) : { urls: ["https://example.com/layer"] }) }
    }
    /** Fields that hold no bytes. */
    const cosmetic = (): Record<string, unknown> => (chance(3) ? { annotations: pick([null, {}, { a: "b" }]) } : {})
    let honest = 0
    /** A wrong size, which the registry takes: one that cannot be true, or one that the manifest of another tag contradicts. */
    const lie = (descriptor: Descriptor): object => {
      if (descriptor.digest === emptyBlob || !chance(10)) return descriptor
      const size = pick([0, 2 ** 51 + random(1000), descriptor.size + 1 + random(1000), Math.ceil(descriptor.size / 2)])
      tree.manifest(name, `honest${honest++}`, {
        schemaVersion: 2,
        mediaType: MediaType.ociManifest,
        config: config("application/vnd.oci.image.config.v1+json"),
        layers: [descriptor]
      })
      return { ...descriptor, size }
    }
    const config = (mediaType: string): Descriptor => ({
      mediaType,
      ...tree.blob(name, new TextEncoder().encode(JSON.stringify({ n: random(2 ** 30) })))
    })
    const image = (tag?: string): Descriptor => {
      const isDocker = chance(2)
      const mediaType = isDocker ? MediaType.dockerManifest : MediaType.ociManifest
      const layers = Array.from({ length: random(4) }, layer)
      if (chance(6) && layers[0] !== undefined) layers.push(layers[0])
      const content = {
        schemaVersion: 2,
        mediaType,
        config: config(
          isDocker ? "application/vnd.docker.container.image.v1+json" : "application/vnd.oci.image.config.v1+json"
        ),
        layers: layers.map(lie),
        ...cosmetic()
      }
      return { mediaType, ...tree.manifest(name, tag, content) }
    }
    const artifact = (tag: string) => {
      const { mediaType, ...subject } = image()
      tree.manifest(name, tag, {
        schemaVersion: 2,
        mediaType: MediaType.ociManifest,
        artifactType: "application/vnd.example.sbom.v1",
        config: { mediaType: "application/vnd.oci.empty.v1+json", ...tree.blob(name, new TextEncoder().encode("{}")) },
        layers: [blob("application/json")],
        subject: { mediaType, ...subject, ...(chance(3) ? { size: 1 } : {}) }
      })
    }
    const child = (): object => {
      if (chance(8)) {
        return { mediaType: MediaType.ociManifest, digest: StorageTree.digestOf(bytes(8)), size: 100 }
      }
      const descriptor = image()
      if (chance(25)) tree.write(tree.data(descriptor.digest), "")
      return { ...descriptor, ...(chance(3) ? { size: 1 } : {}), ...cosmetic() }
    }
    const index = (tag: string | undefined, depth = 0): Descriptor => {
      const isDocker = chance(3)
      const mediaType = isDocker ? MediaType.dockerManifestList : MediaType.ociIndex
      const platform = { os: "linux", architecture: "amd64" }
      const manifests = Array.from({ length: random(4) }, () => ({ ...child(), platform }))
      if (depth < 2 && chance(5)) manifests.push({ ...index(undefined, depth + 1), platform })
      if (!isDocker && chance(5)) manifests.push({ ...blob("application/xml"), platform })
      return {
        mediaType,
        ...tree.manifest(name, tag, { schemaVersion: 2, mediaType, manifests, ...(isDocker ? {} : cosmetic()) })
      }
    }
    const cache = (tag: string) => {
      const manifests = [blob(ociLayer), blob(dockerLayer), config(MediaType.buildkitCacheConfig)]
      tree.manifest(name, tag, {
        schemaVersion: 2,
        mediaType: MediaType.ociIndex,
        manifests: chance(4) ? manifests.slice(0, 2) : manifests
      })
    }
    const broken = (tag: string) => {
      const { digest } = image(tag)
      const damages = [
        () => tree.write(tree.current(name, tag), ""),
        () => tree.write(tree.current(name, tag), `${digest}\n`),
        () => tree.write(tree.current(name, tag), "sha256:no"),
        () => tree.write(tree.current(name, tag), StorageTree.digestOf(bytes(8))),
        () => Fs.rmSync(Path.join(tree.root, tree.current(name, tag))),
        () => Fs.rmSync(Path.join(tree.root, tree.revision(name, digest))),
        () => tree.write(tree.data(digest), ""),
        () => tree.write(tree.data(digest), "no JSON")
      ]
      pick(damages)()
    }
    tree.blob(name, bytes(10))
    const count = random(7)
    for (let i = 0; i < count; i++) {
      const tag = `t${i}`
      pick([image, image, image, index, index, artifact, cache, broken])(tag)
      if (chance(4)) Fs.cpSync(...both(tree, name, tag, `${tag}-alias`))
    }
    if (chance(10)) image("-not.a.tag")
    if (chance(5)) image()
  }

  const repositories = 1 + random(4)
  for (let i = 0; i < repositories; i++)
    repository(pick(["team/app", "team/app/web", "other", "a/b/c"]) + (i === 0 ? "" : i))
}

const both = (tree: StorageTree.StorageTree, repository: string, from: string, to: string) => {
  const place = (tag: string) => Path.join(tree.root, `repositories/${repository}/_manifests/tags/${tag}`)
  return [place(from), place(to), { recursive: true }] as const
}

const read = (tree: StorageTree.StorageTree, path: string): Buffer | undefined => {
  try {
    return Fs.readFileSync(Path.join(tree.root, path))
  } catch {
    return undefined
  }
}

type Blobs = ReadonlyMap<string, number>

/** The blobs that a manifest reaches, by the files alone; `undefined` where it is not there, null where it cannot be read. */
const reached = (tree: StorageTree.StorageTree, repository: string, digest: string): Blobs | null | undefined => {
  const body = read(tree, tree.data(digest))
  if (body === undefined || String(read(tree, tree.revision(repository, digest))) !== digest) return undefined
  interface Content {
    readonly config?: Descriptor
    readonly layers?: ReadonlyArray<Descriptor>
    readonly manifests?: ReadonlyArray<Descriptor>
  }
  let content: Content
  try {
    content = JSON.parse(body.toString()) as Content
  } catch {
    return null
  }
  const blobs = new Map([[digest, body.length]])
  for (const { digest } of [content.config, ...(content.layers ?? [])].filter((entry) => entry !== undefined)) {
    const size = read(tree, tree.data(digest))?.length
    if (size !== undefined) blobs.set(digest, size)
  }
  for (const { digest, mediaType } of content.manifests ?? []) {
    const found = MediaType.isManifest(mediaType)
      ? reached(tree, repository, digest)
      : new Map([[digest, read(tree, tree.data(digest))!.length]])
    if (found === null) return null
    for (const [digest, size] of found ?? []) blobs.set(digest, size)
  }
  return blobs
}

/** The size of each tag, null where it is unknown, and of all of them together, each blob once. */
const expected = (tree: StorageTree.StorageTree) => {
  const tags = new Map<string, number | null>()
  const all = new Map<string, number>()
  const files = Fs.readdirSync(Path.join(tree.root, "repositories"), { recursive: true, encoding: "utf8" })
  for (const file of files) {
    const [, repository, tag] = /^(.+)\/_manifests\/tags\/([^/]+)$/.exec(file) ?? []
    if (repository === undefined || tag === undefined || !Names.isTagName(tag)) continue
    const link = String(read(tree, tree.current(repository, tag)))
    const blobs = /^sha256:[a-f0-9]{64}$/.test(link) ? (reached(tree, repository, link) ?? null) : null
    tags.set(`${repository}:${tag}`, blobs === null ? null : [...blobs.values()].reduce((sum, size) => sum + size, 0))
    for (const [digest, size] of blobs ?? []) all.set(digest, size)
  }
  return { tags, total: [...all.values()].reduce((sum, size) => sum + size, 0) }
}

const measured = (inventory: Inventory.Inventory) => {
  const usage = Usage.measure(inventory)
  const tags = new Map<string, number | null>()
  inventory.repositories.forEach(({ name, tagNames }, r) =>
    tagNames.forEach((tag, i) =>
      tags.set(`${name}:${tag}`, Usage.tagSizes(usage, usage.tagStarts[r]! + i)?.size ?? null)
    )
  )
  return { tags, total: Usage.total(usage)?.diskSize ?? 0 }
}

const sorted = (tags: ReadonlyMap<string, number | null>) => [...tags].sort(([a], [b]) => (a < b ? -1 : 1))

describe.skipIf(Servers.leftOut("generated registries"))("F126 generated registries", () => {
  it.live(
    `${registries} of them, with everything odd: the crawl is right to the byte, and what is unknown is a gap`,
    () =>
      Effect.gen(function* () {
        const server = yield* DockerRegistry.start()
        const tree = StorageTree.make(server.storage)
        for (let seed = first; seed < first + registries; seed++) {
          const random = randomOf(seed)
          tree.clear()
          generate(tree, random)
          const registry = yield* registryAt(server.url, { concurrency: { max: 64 } })
          const inventory = yield* Crawl.crawl({ concurrency: 1 + random(64) }).pipe(
            Effect.provideService(Registry.Registry, registry)
          )
          const [right, got] = [expected(tree), measured(inventory)]
          const what = `registry ${seed}: ${JSON.stringify(inventory.gaps.slice(0, 5))}`
          assert.deepStrictEqual(sorted(got.tags), sorted(right.tags), what)
          assert.strictEqual(got.total, right.total, what)
          const unknown = [...right.tags].filter(([, size]) => size === null).map(([tag]) => tag.split(":")[0])
          const withGaps = new Set(inventory.gaps.map(({ repository }): string | undefined => repository))
          for (const repository of unknown) assert.isTrue(withGaps.has(repository), what)
        }
      }).pipe(Effect.provideService(References.MinimumLogLevel, "None"), overUndici),
    600_000
  )
})
