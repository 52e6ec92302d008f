import { assert, describe, it, layer } from "@effect/vitest"
import { MediaType, Names } from "@gitlab-registry-usage/core"
import { Images } from "@gitlab-registry-usage/core/testing"
import { Effect, Ref } from "effect"
import { Contents, DemoRegistry } from "../../src/index.ts"
import { acceptAll, ask, codes, pull, registry, token } from "../client.ts"

const stored = (name: string) =>
  Effect.flatMap(DemoRegistry.DemoRegistry, ({ contents }) => Effect.map(Ref.get(contents), (now) => now.get(name)!))

const accept = (types: string) => ({ headers: { accept: types } })

describe("Manifests", () => {
  layer(registry(), { excludeTestServices: true })((it) => {
    it.effect("every manifest is sent as it is stored, by tag and by digest", () =>
      Effect.gen(function* () {
        const { contents } = yield* DemoRegistry.DemoRegistry
        let count = 0
        for (const { manifests, name, tags, unreadable } of (yield* Ref.get(contents)).values()) {
          if (unreadable !== undefined || name.endsWith("nightly")) continue
          const access = yield* pull(name)
          for (const reference of [...tags.keys(), ...manifests.keys()]) {
            const expected = manifests.get(tags.get(reference) ?? reference)!
            for (const method of ["GET", "HEAD"]) {
              const answer = yield* ask(`/v2/${name}/manifests/${reference}`, {
                method,
                token: access,
                ...accept(acceptAll)
              })
              assert.strictEqual(answer.status, 200, reference)
              assert.strictEqual(answer.headers.get("docker-content-digest"), expected.digest)
              assert.strictEqual(answer.headers.get("etag"), `"${expected.digest}"`)
              assert.strictEqual(answer.headers.get("content-type"), expected.mediaType)
              assert.strictEqual(answer.headers.get("content-length"), String(expected.body.length))
              assert.deepStrictEqual(answer.body, method === "HEAD" ? new Uint8Array() : new Uint8Array(expected.body))
              count++
            }
          }
        }
        assert.isAbove(count, 60)
      })
    )

    it.effect("a client that does not accept lists gets the linux/amd64 image of a Docker list, by tag", () =>
      Effect.gen(function* () {
        const name = "library/tools/portable"
        const access = yield* pull(name)
        const { manifests, tags } = yield* stored(name)
        const list = manifests.get(tags.get("1")!)!
        const amd64 = JSON.parse(new TextDecoder().decode(list.body)).manifests[0].digest
        for (const types of [MediaType.dockerManifest, "*/*"]) {
          const answer = yield* ask(`/v2/${name}/manifests/1`, { token: access, ...accept(types) })
          assert.strictEqual(answer.status, 200)
          assert.strictEqual(answer.headers.get("docker-content-digest"), amd64)
          assert.strictEqual(answer.headers.get("content-type"), MediaType.dockerManifest)
        }
        const byDigest = yield* ask(`/v2/${name}/manifests/${list.digest}`, {
          token: access,
          ...accept(MediaType.dockerManifest)
        })
        assert.strictEqual(byDigest.headers.get("docker-content-digest"), list.digest)
      })
    )

    it.effect("a client that does not accept OCI types gets 404 for them, even with a wildcard", () =>
      Effect.gen(function* () {
        const node = yield* pull("library/base/node")
        const web = yield* pull("acme/shop/web")
        for (const [path, access, types] of [
          ["/v2/library/base/node/manifests/24", node, "*/*"],
          ["/v2/library/base/node/manifests/24", node, MediaType.ociManifest],
          ["/v2/library/base/node/manifests/24", node, `${MediaType.dockerManifestList}, ${MediaType.ociManifest}`],
          ["/v2/acme/shop/web/manifests/latest", web, "*/*"],
          ["/v2/acme/shop/web/manifests/latest", web, MediaType.ociIndex]
        ] as const) {
          const answer = yield* ask(path, { token: access, ...accept(types) })
          assert.strictEqual(answer.status, 404, `${path} ${types}`)
          assert.deepStrictEqual(codes(answer), ["MANIFEST_UNKNOWN"])
        }
        const weighted = `${MediaType.ociManifest};q=0.5 ,${MediaType.ociIndex}; q=0.9`
        assert.strictEqual(
          (yield* ask("/v2/library/base/node/manifests/24", { token: node, ...accept(weighted) })).status,
          200
        )
      })
    )

    it.effect("a docker image needs no Accept at all", () =>
      Effect.gen(function* () {
        const answer = yield* ask("/v2/acme/shop/api/manifests/1.0.0", { token: yield* pull("acme/shop/api") })
        assert.strictEqual(answer.headers.get("content-type"), MediaType.dockerManifest)
      })
    )

    it.effect("an unchanged manifest is 304 without a body", () =>
      Effect.gen(function* () {
        const name = "acme/shop/api"
        const access = yield* pull(name)
        const digest = (yield* stored(name)).tags.get("latest")!
        for (const seen of [`"${digest}"`, digest]) {
          for (const method of ["GET", "HEAD"]) {
            const answer = yield* ask(`/v2/${name}/manifests/latest`, {
              method,
              token: access,
              headers: { accept: acceptAll, "if-none-match": seen }
            })
            assert.strictEqual(answer.status, 304)
            assert.strictEqual(answer.body.length, 0)
          }
        }
        const other = yield* ask(`/v2/${name}/manifests/1.0.0`, {
          token: access,
          headers: { accept: acceptAll, "if-none-match": `"${digest}"` }
        })
        assert.strictEqual(other.status, 200)
      })
    )

    it.effect("unknown tags, digests and names are 404, impossible digests 400", () =>
      Effect.gen(function* () {
        const access = yield* token("repository:acme/shop/api:pull", "repository:acme/none:pull")
        for (const [path, status, code] of [
          ["/v2/acme/shop/api/manifests/none", 404, "MANIFEST_UNKNOWN"],
          [`/v2/acme/shop/api/manifests/sha256:${"0".repeat(64)}`, 404, "MANIFEST_UNKNOWN"],
          ["/v2/acme/none/manifests/latest", 404, "MANIFEST_UNKNOWN"],
          ["/v2/acme/shop/api/manifests/sha256:abc", 400, "DIGEST_INVALID"],
          ["/v2/Acme/manifests/latest", 400, "NAME_INVALID"]
        ] as const) {
          const answer = yield* ask(path, { token: access, ...accept(acceptAll) })
          assert.strictEqual(answer.status, status, path)
          assert.deepStrictEqual(codes(answer), [code])
        }
      })
    )
  })

  const deletion = (name: string) => token(`repository:${name}:pull,delete`)

  it.live("deleting a manifest deletes its tags", () =>
    Effect.gen(function* () {
      const name = "acme/shop/api"
      const access = yield* deletion(name)
      const { blobs, tags } = yield* stored(name)
      const path = `/v2/${name}/manifests/${tags.get("latest")}`
      assert.strictEqual((yield* ask(path, { method: "DELETE", token: access })).status, 202)
      const { json } = yield* ask(`/v2/${name}/tags/list`, { token: access })
      assert.deepStrictEqual(json.tags, ["1.0.0", "1.1.0"])
      const again = yield* ask(path, { method: "DELETE", token: access })
      assert.strictEqual(again.status, 404)
      assert.deepStrictEqual(codes(again), ["MANIFEST_UNKNOWN"])
      assert.strictEqual((yield* stored(name)).blobs.size, blobs.size)
    }).pipe(Effect.provide(registry()))
  )

  it.live("deleting a tag leaves the manifest", () =>
    Effect.gen(function* () {
      const name = "acme/shop/api"
      const access = yield* deletion(name)
      const digest = (yield* stored(name)).tags.get("latest")
      assert.strictEqual((yield* ask(`/v2/${name}/manifests/latest`, { method: "DELETE", token: access })).status, 202)
      const { json } = yield* ask(`/v2/${name}/tags/list`, { token: access })
      assert.deepStrictEqual(json.tags, ["1.0.0", "1.1.0", "1.2.0"])
      assert.strictEqual((yield* ask(`/v2/${name}/manifests/${digest}`, { token: access })).status, 200)
    }).pipe(Effect.provide(registry()))
  )

  for (const metadataDatabase of [true, false]) {
    it.live(`the children of an index ${metadataDatabase ? "cannot" : "can"} be deleted`, () =>
      Effect.gen(function* () {
        const name = "library/base/node"
        const { manifests, tags } = yield* stored(name)
        const index = manifests.get(tags.get("24")!)!
        const child = JSON.parse(new TextDecoder().decode(index.body)).manifests[0].digest
        const answer = yield* ask(`/v2/${name}/manifests/${child}`, {
          method: "DELETE",
          token: yield* deletion(name)
        })
        assert.strictEqual(answer.status, metadataDatabase ? 409 : 202)
        if (metadataDatabase) assert.deepStrictEqual(codes(answer), ["MANIFEST_REFERENCED_IN_LIST"])
      }).pipe(Effect.provide(registry({ metadataDatabase })))
    )
  }

  it.live("a docker list without linux/amd64 and a schema 1 image", () =>
    Effect.gen(function* () {
      const { contents } = yield* DemoRegistry.DemoRegistry
      const layer = yield* Images.layer("layer", 100)
      const arm = yield* Images.image({ flavour: "docker", layers: [layer] })
      const list = yield* Images.index({ flavour: "docker", images: [{ image: arm, platform: "linux/arm64" }] })
      const old = yield* Images.schema1("old/image", [layer])
      yield* Ref.update(
        contents,
        Contents.put({
          name: Names.RepositoryName.make("old/image"),
          tags: [
            { name: Names.TagName.make("arm"), image: list },
            { name: Names.TagName.make("old"), image: old }
          ]
        })
      )
      const access = yield* pull("old/image")
      const refused = yield* ask("/v2/old/image/manifests/arm", { token: access })
      assert.strictEqual(refused.status, 404)
      assert.deepStrictEqual(codes(refused), ["MANIFEST_UNKNOWN"])
      const answer = yield* ask("/v2/old/image/manifests/old", { token: access })
      assert.strictEqual(answer.headers.get("docker-content-digest"), old.digest)
    }).pipe(Effect.provide(registry()))
  )
})
