import * as Crypto from "node:crypto"
import * as Fs from "node:fs/promises"
import * as Path from "node:path"
import { assert, describe, it } from "@effect/vitest"
import { Crawl, Inventory, MediaType, Names, Registry, Usage } from "@gitlab-registry-usage/core"
import { Images } from "@gitlab-registry-usage/core/testing"
import { DockerRegistry, Servers, StorageTree, type TokenService } from "@gitlab-registry-usage/test-servers"
import { Effect, Redacted, Stream } from "effect"
import { HttpClient } from "effect/http"
import type { RegistryHttp } from "../src/index.ts"
import { overUndici, registryAt } from "./servers.ts"

const name = Names.RepositoryName.make("group/project/image")
const tag = Names.TagName.make("1.0")

const reason = <A, E extends { readonly reason: Registry.RegistryReason }, R>(effect: Effect.Effect<A, E, R>) =>
  Effect.map(Effect.flip(effect), (error) => error.reason)

const reader = { username: "reader", token: Redacted.make("reader-secret") }
const users = (grants: TokenService.User["grants"] = (_type, _name, actions) => actions) => ({
  reader: { password: "reader-secret", grants }
})

/** The adapter, and what it sends: method, path, whether it brings a token, and the status of the answer. */
const recording = Effect.fnUntraced(function* (url: URL, options: Partial<RegistryHttp.Options> = {}) {
  const sent: Array<string> = []
  const client = HttpClient.transform(yield* HttpClient.HttpClient, (effect, request) =>
    Effect.tap(effect, ({ status }) =>
      Effect.sync(() => {
        const { pathname } = new URL(request.url)
        sent.push(`${request.method} ${pathname} ${request.headers["authorization"]?.split(" ")[0] ?? "-"} ${status}`)
      })
    )
  )
  const registry = yield* Effect.provideService(registryAt(url, options), HttpClient.HttpClient, client)
  return { sent, registry }
})

const images = Effect.gen(function* () {
  const base = yield* Images.layer("base", 1000)
  return Effect.forEach([1, 2], (i) => Images.image({ layers: [base], config: { i } }))
}).pipe(Effect.flatten)

/** Gives a directory below the registry's repositories further names beside it: quicker than pushing. */
const alias = (server: DockerRegistry.DockerRegistry, from: string, names: ReadonlyArray<string>) =>
  Effect.promise(async () => {
    const source = Path.join(server.storage, "docker/registry/v2/repositories", from)
    for (const name of names) await Fs.symlink(source, Path.join(source, "..", name))
  })

describe.skipIf(Servers.leftOut("docker-registry"))("docker-registry", () => {
  it.live("lists thousands of tags", () =>
    Effect.gen(function* () {
      const server = yield* DockerRegistry.start()
      const image = (yield* images)[0]!
      const tags = Array.from({ length: 2345 }, (_, i) => `t${String(i).padStart(4, "0")}`)
      yield* server.push(name, tags[0], image)
      yield* alias(server, `${name}/_manifests/tags/${tags[0]}`, tags.slice(1))
      const { registry, sent } = yield* recording(server.url)
      const listed = yield* Stream.runCollect(registry.tags(name))
      assert.deepStrictEqual(listed.map((tag): string => tag.name).sort(), tags)
      // Distribution 2.8 gives all tags at once, whatever is asked for.
      assert.isAtMost(sent.length, 3)
    }).pipe(overUndici)
  )

  it.live("lists more than a page of repositories, with one token for sixteen of them", () =>
    Effect.gen(function* () {
      const server = yield* DockerRegistry.start({ tokens: { users: users() } })
      const image = (yield* images)[0]!
      yield* server.push("group/image", "1.0", image)
      const names = Array.from({ length: 1099 }, (_, i) => `image-${i}`)
      yield* alias(server, "group/image", names)
      const { registry, sent } = yield* recording(server.url, { credentials: reader })
      const inventory = yield* Crawl.crawl().pipe(Effect.provideService(Registry.Registry, registry))
      assert.lengthOf(inventory.repositories, 1100)
      assert.lengthOf(inventory.gaps, 0)
      const count = (pattern: RegExp) => sent.filter((line) => pattern.test(line)).length
      assert.strictEqual(count(/_catalog Bearer 200/), 2)
      assert.strictEqual(count(/tags\/list Bearer 200/), 1100)
      assert.strictEqual(count(/ 401$/), 1)
      // A batch ends with the names of a page that has been listed.
      assert.isAtMost(server.tokens!.requests.length, 1 + Math.ceil(1000 / 16) + Math.ceil(100 / 16) + 1)
    }).pipe(overUndici)
  )

  it.live("F79 renews a token before it ends, in the middle of a listing", () =>
    Effect.gen(function* () {
      const server = yield* DockerRegistry.start({ tokens: { users: users(), life: 2 } })
      const image = (yield* images)[0]!
      yield* server.push("group/image", "1.0", image)
      yield* alias(
        server,
        "group/image",
        Array.from({ length: 1000 }, (_, i) => `image-${i}`)
      )
      const { registry, sent } = yield* recording(server.url, { credentials: reader })
      const listed = yield* registry.repositories.pipe(
        Stream.zipWithIndex,
        Stream.tap(([, i]) => (i === 0 ? Effect.sleep("1200 millis") : Effect.void)),
        Stream.runCollect
      )
      assert.lengthOf(listed, 1001)
      assert.deepStrictEqual(server.tokens!.requests, [["registry:catalog:*"], ["registry:catalog:*"]])
      assert.deepStrictEqual(
        sent.filter((line) => line.includes("_catalog")).map((line) => line.replace("GET /v2/_catalog ", "")),
        ["- 401", "Bearer 200", "Bearer 200"]
      )
    }).pipe(overUndici)
  )

  it.live("denied and missing repositories differ in their reason", () =>
    Effect.gen(function* () {
      const grants: TokenService.User["grants"] = (_type, name, actions) =>
        name.startsWith("secret/") || name === "catalog" ? [] : actions.filter((action) => action === "pull")
      const server = yield* DockerRegistry.start({ tokens: { users: users(grants) } })
      const [image] = yield* images
      const secret = Names.RepositoryName.make("secret/image")
      yield* server.push(name, tag, image!)
      yield* server.push(secret, tag, image!)
      const registry = yield* registryAt(server.url, { credentials: reader })
      assert.strictEqual((yield* reason(Stream.runCollect(registry.repositories)))._tag, "Denied")
      assert.strictEqual((yield* reason(Stream.runCollect(registry.tags(secret))))._tag, "Denied")
      assert.strictEqual((yield* reason(registry.manifest(secret, tag)))._tag, "Denied")
      assert.strictEqual((yield* reason(registry.deleteManifest(name, image!.digest)))._tag, "Denied")
      assert.strictEqual((yield* reason(registry.resolve(Names.RepositoryName.make("no/image"), tag)))._tag, "NotFound")
      assert.strictEqual(yield* registry.resolve(name, tag), image!.digest)
    }).pipe(overUndici)
  )

  it.live("F86 wrong credentials are tried once", () =>
    Effect.gen(function* () {
      const server = yield* DockerRegistry.start({ tokens: { users: users() } })
      const registry = yield* registryAt(server.url, { credentials: { ...reader, token: Redacted.make("wrong") } })
      const names = Array.from({ length: 40 }, (_, i) => Names.RepositoryName.make(`group/image-${i}`))
      const reasons = yield* Effect.forEach(names, (name) => reason(registry.manifest(name, tag)), { concurrency: 20 })
      for (const { _tag } of reasons) assert.strictEqual(_tag, "Unauthorized")
      assert.strictEqual(server.tokens!.refused(), 1)
      const crawled = yield* Effect.flip(Effect.provideService(Crawl.crawl(), Registry.Registry, registry))
      assert.strictEqual(crawled.reason._tag, "Unauthorized")
      assert.strictEqual(server.tokens!.refused(), 1)
    }).pipe(overUndici)
  )

  it.live("what everybody may read needs no credentials", () =>
    Effect.gen(function* () {
      const anonymous: TokenService.User["grants"] = (type, _name, actions) =>
        type === "repository" ? actions.filter((action) => action === "pull") : []
      const server = yield* DockerRegistry.start({ tokens: { users: {}, anonymous } })
      const [image] = yield* images
      yield* server.push(name, tag, image!)
      const registry = yield* registryAt(server.url)
      assert.strictEqual((yield* registry.manifest(name, tag)).digest, image!.digest)
      assert.strictEqual((yield* reason(Stream.runCollect(registry.repositories)))._tag, "Denied")
    }).pipe(overUndici)
  )

  it.live("says that deletion is switched off", () =>
    Effect.gen(function* () {
      const server = yield* DockerRegistry.start({ deletable: false })
      const [image] = yield* images
      yield* server.push(name, tag, image!)
      const registry = yield* registryAt(server.url)
      assert.strictEqual((yield* reason(registry.deleteManifest(name, image!.digest)))._tag, "Unsupported")
    }).pipe(overUndici)
  )

  it.live("after deleting a manifest and collecting garbage its own bytes are gone from the disk", () =>
    Effect.gen(function* () {
      const server = yield* DockerRegistry.start({ tokens: { users: users() } })
      const [base, own] = yield* Effect.all([Images.layer("base", 5000), Images.layer("own", 1234)])
      const kept = yield* Images.image({ layers: [base] })
      const deleted = yield* Images.image({ layers: [base, own] })
      yield* server.push(name, "kept", kept)
      yield* server.push(name, "deleted", deleted)
      const before = yield* server.bytesOnDisk
      const registry = yield* registryAt(server.url, { credentials: reader })
      yield* registry.deleteManifest(name, deleted.digest)
      yield* server.collectGarbage
      const config = deleted.blobs[0]!.body.length
      assert.strictEqual(before - (yield* server.bytesOnDisk), deleted.body.length + config + 1234)
      assert.deepStrictEqual(yield* Stream.runCollect(registry.tags(name)), [{ name: Names.TagName.make("kept") }])
    }).pipe(overUndici)
  )

  it.live("F106 a crawl after the garbage collection of an index's children sees what a fresh crawl sees", () =>
    Effect.gen(function* () {
      const server = yield* DockerRegistry.start()
      const children = yield* Effect.forEach([1, 2], (i) =>
        Effect.flatMap(Images.layer(`child ${i}`, 5000 + i), (layer) => Images.image({ layers: [layer] }))
      )
      const index = yield* Images.index({ images: children.map((image) => ({ image })) })
      yield* server.push(name, tag, index)
      const crawled = (options?: Crawl.Options) =>
        Effect.map(
          Effect.provideServiceEffect(Crawl.crawl(options), Registry.Registry, registryAt(server.url)),
          (inventory) => ({ inventory, bytes: Usage.total(Usage.measure(inventory))?.diskSize })
        )
      const before = yield* crawled()
      assert.strictEqual(before.bytes, yield* server.bytesOnDisk)
      yield* server.collectGarbage
      const fresh = yield* crawled()
      assert.strictEqual(fresh.bytes, index.body.length)
      const after = yield* crawled({ previous: before.inventory, verify: 0 })
      assert.strictEqual(after.bytes, fresh.bytes)
      assert.lengthOf(after.inventory.gaps, 0)
    }).pipe(overUndici)
  )

  it.live("F121 counts every blob on the disk, whatever a manifest calls it and its fields without bytes hold", () =>
    Effect.gen(function* () {
      const server = yield* DockerRegistry.start()
      const tree = StorageTree.make(server.storage)
      const bytes = (text: string) => new TextEncoder().encode(text)
      const typed = (mediaType: string, blob: StorageTree.Stored, rest = {}) => ({ mediaType, ...blob, ...rest })
      const { dockerManifest, ociIndex, ociManifest } = MediaType
      const layerType = "application/vnd.oci.image.layer.v1.tar+gzip"
      const docker = {
        foreign: "application/vnd.docker.image.rootfs.foreign.diff.tar.gzip",
        layer: "application/vnd.docker.image.rootfs.diff.tar.gzip",
        config: "application/vnd.docker.container.image.v1+json"
      }
      const nondistributable = "application/vnd.oci.image.layer.nondistributable.v1.tar+gzip"
      const urls = ["https://elsewhere.example/layer"]
      const image = (layer: object, rest: object = {}) => ({
        schemaVersion: 2,
        mediaType: ociManifest,
        config: typed("application/vnd.oci.image.config.v1+json", tree.blob(name, bytes('{"os":"linux"}'))),
        layers: [layer],
        ...rest
      })
      const layer = typed(layerType, tree.blob(name, bytes("layer ".repeat(200))))
      const named = { foreign: "application/vnd.bank.foreign.rates.v1+csv" }
      const manifests = {
        "foreign-pushed": {
          schemaVersion: 2,
          mediaType: dockerManifest,
          config: typed(docker.config, tree.blob(name, bytes('{"os":"windows"}'))),
          layers: [
            typed(docker.foreign, tree.blob(name, bytes("windows ".repeat(500))), { urls }),
            typed(docker.layer, tree.blob(name, bytes("own ".repeat(50))))
          ]
        },
        "foreign-elsewhere": image(typed(nondistributable, { digest: `sha256:${"e".repeat(64)}`, size: 9 }, { urls })),
        "foreign-without-urls": image(typed(nondistributable, tree.blob(name, bytes("base ".repeat(300))))),
        "foreign-by-name": image(typed(named.foreign, tree.blob(name, bytes("rates ".repeat(100))))),
        "manifests-null": image(layer, { manifests: null }),
        "fslayers-empty": image(layer, { fsLayers: [] }),
        "subject-empty": image(layer, { subject: { mediaType: "", digest: "", size: 0 } }),
        "annotations-null": image(layer, { annotations: null, artifactType: "" }),
        "config-size": { ...image(layer), config: { digest: tree.blob(name, bytes('{"os":"plan9"}')).digest } },
        "index-of-anything": {
          schemaVersion: 2,
          mediaType: ociIndex,
          config: null,
          manifests: [
            typed(ociManifest, tree.manifest(name, undefined, image(layer, { annotations: { of: "index" } }))),
            typed("application/xml", tree.blob(name, bytes("<xml>appdata</xml>".repeat(100)))),
            typed("application/spdx+json", tree.blob(name, bytes('{"spdxVersion":"SPDX-2.3"}'))),
            typed(ociManifest, tree.blob(name, bytes("no manifest".repeat(100))), { size: null })
          ]
        }
      }
      const expected = Object.keys(manifests).length
      for (const [tag, manifest] of Object.entries(manifests)) tree.manifest(name, tag, manifest)
      // A parser that knows no other encoding than UTF-8 would lose this tag.
      const titled = Buffer.from(JSON.stringify(image(layer, { annotations: { title: "Größe" } })), "latin1")
      tree.manifest(name, "latin1", titled)
      const { registry, sent } = yield* recording(server.url)
      const crawled = (options?: Crawl.Options) =>
        Effect.provideService(Crawl.crawl(options), Registry.Registry, registry)
      const inventory = yield* crawled()
      assert.deepStrictEqual(inventory.gaps, [])
      assert.lengthOf(inventory.repositories[0]!.tagNames, expected + 1)
      assert.strictEqual(Usage.total(Usage.measure(inventory))?.diskSize, yield* server.bytesOnDisk)
      // The second crawl asks whether tags moved, and nothing else.
      const first = sent.length
      const again = yield* crawled({ previous: inventory })
      assert.strictEqual(Usage.total(Usage.measure(again))?.diskSize, yield* server.bytesOnDisk)
      assert.strictEqual(sent.slice(first).filter((line) => line.includes("/manifests/")).length, expected + 1)
      assert.isFalse(sent.slice(first).some((line) => line.includes("/blobs/")))
    }).pipe(overUndici)
  )

  it.live("F112 counts the bytes that are stored, whatever size a pushed manifest states", () =>
    Effect.gen(function* () {
      const server = yield* DockerRegistry.start()
      const [base, own, hidden] = yield* Effect.all([
        Images.layer("base", 50_000),
        Images.layer("own", 3000),
        Images.layer("hidden", 70_000)
      ])
      const stating = (sizes: ReadonlyArray<readonly [Images.Blob, number]>) =>
        Effect.flatMap(Images.image({ layers: sizes.map(([layer]) => layer), config: sizes.length }), (image) =>
          Images.manifestOf(
            image.mediaType,
            {
              ...JSON.parse(Buffer.from(image.body).toString()),
              layers: sizes.map(([{ digest, mediaType }, size]) => ({ mediaType, digest, size }))
            },
            { blobs: image.blobs }
          )
        )
      const honest = yield* Images.image({ layers: [base, own] })
      const liar = yield* stating([
        [base, Number.MAX_SAFE_INTEGER],
        [own, 0],
        [hidden, 1]
      ])
      yield* server.push("honest/app", "v1", honest)
      yield* server.push("liar/app", "v1", liar)
      const crawled = (options?: Crawl.Options) =>
        Effect.provideServiceEffect(Crawl.crawl(options), Registry.Registry, registryAt(server.url))
      const first = yield* crawled()
      const sizes = Usage.repositorySizes(Usage.measure(first), 0)
      assert.strictEqual(sizes?.size, honest.body.length + honest.blobs[0]!.body.length + 53_000)
      const onDisk = yield* server.bytesOnDisk
      // Nothing contradicts the third size.
      assert.strictEqual(Usage.total(Usage.measure(first))?.diskSize, onDisk - 69_999)
      assert.deepStrictEqual(
        first.gaps.map(({ digest, kept, repository }): unknown => [repository, digest, kept]),
        [
          ["liar/app", liar.digest, true],
          ["liar/app", liar.digest, true]
        ]
      )
      const second = yield* crawled({ previous: first, measure: Infinity })
      assert.strictEqual(Usage.total(Usage.measure(second))?.diskSize, onDisk)
      assert.lengthOf(second.gaps, 3)
      const { blobs, measured } = Inventory.sizeCoverage(second)
      assert.strictEqual(measured, blobs)
    }).pipe(overUndici)
  )

  /** A schema 1 manifest with a signature of libtrust's form by a new key. */
  const signed = (layer: Images.Blob) => {
    const payload = JSON.stringify(
      {
        schemaVersion: 1,
        name,
        tag,
        architecture: "amd64",
        fsLayers: [{ blobSum: layer.digest }],
        history: [{ v1Compatibility: '{"id":"x"}' }]
      },
      null,
      3
    )
    const end = payload.lastIndexOf("\n")
    const base64url = (text: string) => Buffer.from(text).toString("base64url")
    const { privateKey, publicKey } = Crypto.generateKeyPairSync("ec", { namedCurve: "P-256" })
    const protectedHeader = base64url(
      JSON.stringify({ formatLength: end, formatTail: base64url(payload.slice(end)), time: "2026-01-01T00:00:00Z" })
    )
    const signature = Crypto.sign("sha256", Buffer.from(`${protectedHeader}.${base64url(payload)}`), {
      key: privateKey,
      dsaEncoding: "ieee-p1363"
    }).toString("base64url")
    const signatures = [
      { header: { jwk: publicKey.export({ format: "jwk" }), alg: "ES256" }, signature, protected: protectedHeader }
    ]
    return {
      payload,
      body: `${payload.slice(0, end)},\n   "signatures": ${JSON.stringify(signatures)}${payload.slice(end)}`
    }
  }

  it.live("F76 gives signed schema 1 manifests by their digest, which is not that of the answer's body", () =>
    Effect.gen(function* () {
      const server = yield* DockerRegistry.start()
      const layer = yield* Images.layer("a", 777)
      const { body, payload } = signed(layer)
      const digest = yield* Images.digestOf(Buffer.from(payload))
      yield* server.push(name, tag, {
        digest,
        mediaType: MediaType.dockerSchema1Signed,
        body: Buffer.from(body),
        blobs: [layer],
        children: []
      })
      const registry = yield* registryAt(server.url)
      assert.strictEqual(yield* registry.resolve(name, tag), digest)
      for (const reference of [tag, digest]) {
        const manifest = yield* registry.manifest(name, reference)
        assert.strictEqual(manifest.digest, digest)
        assert.strictEqual(Buffer.from(manifest.body).toString(), payload)
        assert.strictEqual(MediaType.essence(manifest.mediaType), MediaType.dockerSchema1Signed)
      }
      assert.strictEqual(yield* registry.blobSize(name, layer.digest), 777)
    }).pipe(overUndici)
  )
})
