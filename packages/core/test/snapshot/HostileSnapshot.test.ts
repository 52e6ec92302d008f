import { Crawl, Digest, type Inventory, Snapshot, Usage } from "@gitlab-registry-usage/core"
import { Images, RegistryMemory } from "@gitlab-registry-usage/core/testing"
import { describe, expect, it } from "@effect/vitest"
import { DateTime, Effect, Fiber, Result } from "effect"
import fc from "fast-check"
import { createHash } from "node:crypto"
import { images, repository } from "../registries.ts"

const headerStart = 48

interface Parts {
  header: any
  sections: Array<[name: string, bytes: Uint8Array]>
}

const partsOf = (packed: Uint8Array): Parts => {
  const buffer = Buffer.from(packed)
  const end = headerStart + buffer.readUInt32LE(12)
  const envelope = JSON.parse(buffer.subarray(headerStart, end).toString())
  let at = end
  return {
    header: envelope.header,
    sections: envelope.sections.map(([name, length]: [string, number]) => [
      name,
      new Uint8Array(buffer.subarray(at, (at += length)))
    ])
  }
}

/** A file with a checksum that fits: what somebody can write who knows the format. */
const signed = (body: Uint8Array, headerLength: number): Uint8Array => {
  const prefix = Buffer.alloc(headerStart)
  prefix.write("GRUSNAP\n")
  prefix.writeUInt32LE(1, 8)
  prefix.writeUInt32LE(headerLength, 12)
  createHash("sha256").update(body).digest().copy(prefix, 16)
  return new Uint8Array(Buffer.concat([prefix, body]))
}

const packOf = ({ header, sections }: Parts): Uint8Array => {
  const envelope = { header, sections: sections.map(([name, bytes]) => [name, bytes.length]) }
  const json = Buffer.from(JSON.stringify(envelope))
  return signed(Buffer.concat([json, ...sections.map(([, bytes]) => bytes)]), json.length)
}

const valid = Effect.gen(function* () {
  const { docker, foreign, multi, nested } = yield* images
  const odd = yield* Images.image({ layers: [docker.blobs[1]!] })
  const sha512 = { ...odd, digest: Digest.Digest.make(`sha512:${"0a".repeat(64)}`) }
  const inventory = yield* Crawl.crawl().pipe(
    Effect.provide(
      RegistryMemory.layer({
        repositories: [repository("a/b", { docker, foreign, multi, nested, sha512 }), repository("c", { docker, odd })]
      })
    )
  )
  const usage = Usage.measure(inventory)
  return yield* Snapshot.encode({ takenAt: DateTime.makeUnsafe(1e12), duration: 1, stale: false, usage })
})

const decoded = (bytes: Uint8Array) => Effect.result(Snapshot.decode(bytes))

const faultOf = (bytes: Uint8Array) => Effect.map(Effect.flip(Snapshot.decode(bytes)), ({ detail }) => detail)

/** How many manifests, references and children measuring visits: each once for each manifest that a tag names. */
const visitsOf = ({ manifests, repositories }: Inventory.Inventory, limit: number): number => {
  let visits = 0
  for (const root of new Set(repositories.flatMap(({ tagManifests }) => [...tagManifests]))) {
    if (root < 0) continue
    const met = new Set([root])
    for (const manifest of met) {
      visits += 1 + manifests.referenceStarts[manifest + 1]! - manifests.referenceStarts[manifest]!
      for (let at = manifests.childStarts[manifest]!; at < manifests.childStarts[manifest + 1]!; at++) {
        visits++
        met.add(manifests.children[at]!)
      }
      if (visits > limit) return visits
    }
  }
  return visits
}

/** Either an error, or figures that are all finite, after work that is bounded by the size of the file. */
const isHarmless = (bytes: Uint8Array, result: Result.Result<Snapshot.Snapshot, Snapshot.SnapshotError>) => {
  if (Result.isFailure(result)) {
    expect(result.failure._tag).toBe("SnapshotError")
    expect(result.failure.message).not.toContain("\n")
    return
  }
  const { usage } = result.success
  expect(visitsOf(usage.inventory, 2 ** 24)).toBeLessThanOrEqual(Math.max(2 ** 24, 128 * bytes.length))
  const all = [Usage.total(usage), ...usage.inventory.repositories.map((_, r) => Usage.repositorySizes(usage, r))]
  for (const sizes of all) {
    for (const size of Object.values(sizes ?? {})) expect(Number.isSafeInteger(size) && size >= 0).toBe(true)
  }
  expect(Number.isFinite(result.success.duration)).toBe(true)
}

const numbers = (values: ReadonlyArray<number>) => new Uint8Array(Uint32Array.from(values).buffer)

/** The snapshot of many manifests, each with the given children, and a tag for each. */
const graph = (count: number, childrenOf: (manifest: number) => ReadonlyArray<number>, references = 0): Uint8Array => {
  const starts = [0]
  const children: Array<number> = []
  for (let m = 0; m < count; m++) {
    for (const child of childrenOf(m)) children.push(child)
    starts.push(children.length)
  }
  const digests = new Uint8Array(count * 32)
  const view = new DataView(digests.buffer)
  for (let m = 0; m < count; m++) view.setUint32(m * 32, m + 1, true)
  // The last manifest has all references.
  const referenceStarts = Array.from({ length: count + 1 }, (_, m) => (m === count ? references : 0))
  return packOf({
    header: {
      takenAt: 0,
      duration: 0,
      mediaTypeNames: [""],
      repositories: [{ name: "a", tags: count }],
      gaps: []
    },
    sections: [
      ["digests", digests],
      ["otherDigests", Buffer.from("[]")],
      ["blobSizes", new Uint8Array(count * 8)],
      ["manifestBlobs", numbers(Array.from({ length: count }, (_, m) => m))],
      ["manifestStates", new Uint8Array(count).fill(1)],
      ["manifestMediaTypes", new Uint8Array(count * 2)],
      ["referenceStarts", numbers(referenceStarts)],
      ["references", new Uint8Array(references * 4)],
      ["roles", new Uint8Array(references).fill(1)],
      ["childStarts", numbers(starts)],
      ["children", numbers(children)],
      ["attestations", new Uint8Array(children.length)],
      ["tagManifests", numbers(Array.from({ length: count }, (_, m) => m))],
      ["tagNames", Buffer.from(Array.from({ length: count }, (_, m) => `t${m}`).join("\n"))]
    ]
  })
}

describe("F123 a snapshot that somebody wrote to do harm", () => {
  it.effect("is refused or harmless, wherever its bytes change", () =>
    Effect.flatMap(valid, (bytes) =>
      Effect.promise(() =>
        fc.assert(
          fc.asyncProperty(
            fc.array(fc.tuple(fc.nat(), fc.nat(255)), { minLength: 1, maxLength: 4 }),
            async (changes) => {
              const body = bytes.slice(headerStart)
              for (const [place, byte] of changes) body[place % body.length] = byte
              const changed = signed(body, new DataView(bytes.buffer).getUint32(12, true))
              isHarmless(changed, await Effect.runPromise(decoded(changed)))
            }
          ),
          { numRuns: 1500 }
        )
      )
    )
  )

  it.effect("is refused or harmless, whatever number a table holds", () =>
    Effect.flatMap(valid, (bytes) =>
      Effect.promise(() =>
        fc.assert(
          fc.asyncProperty(
            fc.nat(13),
            fc.nat(),
            fc.constantFrom(0, 1, 2, 0x7f, 0xff),
            fc.integer({ min: 1, max: 8 }),
            async (section, place, byte, length) => {
              const parts = partsOf(bytes)
              const [, changed] = parts.sections[section]!
              if (changed.length > 0) changed.fill(byte, place % changed.length, (place % changed.length) + length)
              const packed = packOf(parts)
              isHarmless(packed, await Effect.runPromise(decoded(packed)))
            }
          ),
          { numRuns: 1500 }
        )
      )
    )
  )

  const section = (name: string, change: (bytes: Uint8Array) => Uint8Array) => (parts: Parts) => {
    const found = parts.sections.find((section) => section[0] === name)!
    found[1] = change(found[1])
  }
  const set = (name: string, at: number, value: number) =>
    section(name, (bytes) => {
      const changed = bytes.slice()
      new DataView(changed.buffer).setUint32(at, value, true)
      return changed
    })
  const faults: ReadonlyArray<readonly [fault: string, what: string, change: (parts: Parts) => void]> = [
    ["a section is shorter than its elements", "cut off", section("references", (bytes) => bytes.slice(1))],
    ["a section is missing", "missing", (parts) => parts.sections.splice(4, 1)],
    ["a section comes twice", "sections do not fit", (parts) => parts.sections.push(parts.sections[0]!)],
    ["a size is negative", "not a number of bytes", set("blobSizes", 4, 0xbff00000)],
    ["a size is not a number", "not a number of bytes", set("blobSizes", 4, 0x7ff80000)],
    ["there are fewer sizes than digests", "one size for each digest", section("blobSizes", (b) => b.slice(8))],
    ["a digest occurs twice", "occurs twice", section("digests", (b) => b.copyWithin(32, 0, 32))],
    [
      "a digest of another algorithm has no place",
      "not in its place",
      section("otherDigests", () => Buffer.from(`[[99999,"sha512:${"0a".repeat(64)}"]]`))
    ],
    [
      "a digest of another algorithm is none",
      "digest is not valid",
      section("otherDigests", () => Buffer.from('[[0,"x\\u001b[31m"]]'))
    ],
    ["a manifest is not a blob", "not among the blobs", set("manifestBlobs", 0, 0xffffffff)],
    ["two manifests are one", "the same blob", section("manifestBlobs", (b) => b.copyWithin(4, 0, 4))],
    ["a state is unknown", "state is unknown", section("manifestStates", (b) => b.with(0, 9))],
    ["a media type has no name", "no name", section("manifestMediaTypes", (b) => b.with(1, 9))],
    ["references go back", "order of the manifests", set("referenceStarts", 4, 0xffffff)],
    ["a reference is not a blob", "reference is not among", set("references", 0, 0xffffff)],
    ["a role is unknown", "role is unknown", section("roles", (b) => b.with(0, 9))],
    ["there are fewer roles than references", "from their roles", section("roles", (b) => b.slice(1))],
    ["children go back", "children are not in the order", set("childStarts", 4, 0xffffff)],
    ["a child is not a manifest", "child is not among", set("children", 0, 0xffffff)],
    ["an attestation is neither", "neither", section("attestations", (b) => b.with(0, 9))],
    ["a tag is of no manifest", "of no manifest", set("tagManifests", 0, 0x7fffffff)],
    ["a tag is of a negative manifest", "of no manifest", set("tagManifests", 0, 0x80000000)],
    ["there are more tags than names", "differ in number", (parts) => (parts.header.repositories[0].tags = 1e9)],
    ["a tag's name is not valid", "name of a tag", section("tagNames", (b) => b.with(0, 27))],
    [
      "two tags have one name",
      "same name",
      section("tagNames", (b) => new TextEncoder().encode(new TextDecoder().decode(b).replace("foreign", "docker")))
    ],
    ["two repositories have one name", "same name", (parts) => (parts.header.repositories[1].name = "a/b")],
    [
      "a repository's name is not valid",
      "repository name",
      (parts) => (parts.header.repositories[1].name = "../\u001b[2J")
    ],
    ["the duration is negative", "duration", (parts) => (parts.header.duration = -1)],
    ["the instant is none", "takenAt", (parts) => (parts.header.takenAt = 1e300)],
    ["the header is none", "object", (parts) => (parts.header = [])]
  ]
  for (const [fault, what, change] of faults) {
    it.effect(`is refused where ${fault}`, () =>
      Effect.gen(function* () {
        const parts = partsOf(yield* valid)
        change(parts)
        const detail = yield* faultOf(packOf(parts))
        expect(detail).toContain(what)
        expect(detail).toMatch(/^[\x20-\x7e…]{1,501}$/)
      })
    )
  }

  it.effect("may have sections of any name", () =>
    Effect.gen(function* () {
      const parts = partsOf(yield* valid)
      for (const name of ["__proto__", "constructor", "later"]) parts.sections.push([name, new Uint8Array(3)])
      expect(Result.isSuccess(yield* decoded(packOf(parts)))).toBe(true)
    })
  )

  it.effect("is refused with a short message where its header is deep or long", () =>
    Effect.gen(function* () {
      const deep = `{"header":{"gaps":${"[".repeat(200_000)}${"]".repeat(200_000)}},"sections":[]}`
      const long = JSON.stringify({ header: { takenAt: "\u001b".repeat(1_000_000) }, sections: [] })
      for (const json of [deep, long]) {
        const body = Buffer.from(json)
        const detail = yield* faultOf(signed(body, body.length))
        expect(detail.length).toBeLessThan(600)
      }
    })
  )

  it.effect("may share as much as real registries do", () =>
    Effect.gen(function* () {
      // 500 tags of indexes that share the same 20 images.
      const shared = Array.from({ length: 20 }, (_, child) => 500 + child)
      const { usage } = yield* Snapshot.decode(graph(520, (m) => (m < 500 ? shared : [])))
      expect(visitsOf(usage.inventory, 1e9)).toBeGreaterThan(20_000)
    })
  )

  it.effect("is measured without counting shared content more than once", () =>
    Effect.gen(function* () {
      // Each index names the next one twice: 2^60 paths.
      const { usage } = yield* Snapshot.decode(graph(60, (m) => (m < 59 ? [m + 1, m + 1] : [])))
      expect(visitsOf(usage.inventory, 1e9)).toBeLessThan(6000)
    })
  )

  it.effect("is refused where measuring would take a time that is the square of its size", () =>
    Effect.gen(function* () {
      const chain = graph(20_000, (m) => (m < 19_999 ? [m + 1] : []))
      expect(yield* faultOf(chain)).toContain("more than can be measured")
      const cycle = graph(20_000, (m) => [(m + 1) % 20_000])
      expect(yield* faultOf(cycle)).toContain("more than can be measured")
      const wide = graph(2000, (m) => (m < 1999 ? [1999] : []), 100_000)
      expect(yield* faultOf(wide)).toContain("more than can be measured")
    })
  )

  it.effect("is read in slices, between which other fibers run", () =>
    Effect.gen(function* () {
      let turns = 0
      const bytes = graph(100_000, () => [])
      const others = yield* Effect.forkChild(
        Effect.forever(
          Effect.andThen(
            Effect.yieldNow,
            Effect.sync(() => turns++)
          )
        )
      )
      yield* Snapshot.decode(bytes)
      yield* Fiber.interrupt(others)
      expect(turns).toBeGreaterThan(2)
    })
  )
})
