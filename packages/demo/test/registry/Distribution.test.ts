import { assert, describe, it, layer } from "@effect/vitest"
import { Registry } from "@gitlab-registry-usage/core"
import type { Images } from "@gitlab-registry-usage/core/testing"
import { Effect, Ref } from "effect"
import { Contents, Demo, DemoRegistry } from "../../src/index.ts"
import { ask, codes, pull, registry, token } from "../client.ts"

/** Follows `Link` to the end and gives the entries of each page. */
const pages = Effect.fnUntraced(function* (first: string, key: "repositories" | "tags", token: string) {
  const found: Array<ReadonlyArray<string>> = []
  let next: string | undefined = first
  while (next !== undefined && found.length < 1000) {
    const answer: Effect.Success<ReturnType<typeof ask>> = yield* ask(next, { token })
    assert.strictEqual(answer.status, 200)
    found.push(answer.json[key])
    next = /^<([^>]+)>; rel="next"$/.exec(answer.headers.get("link") ?? "")?.[1]
  }
  return found
})

const names = Effect.map(Demo.repositories, (repositories) => repositories.map(({ name }): string => name))

describe("Distribution", () => {
  layer(registry(), { excludeTestServices: true })((it) => {
    it.effect("the base responds to any token", () =>
      Effect.gen(function* () {
        const answer = yield* ask("/v2/", { token: yield* token() })
        assert.strictEqual(answer.status, 200)
        assert.strictEqual(answer.headers.get("docker-distribution-api-version"), "registry/2.0")
        assert.deepStrictEqual(answer.json, {})
        assert.strictEqual((yield* ask("/v2/", { method: "HEAD", token: yield* token() })).status, 200)
      })
    )

    it.effect("the catalog lists every repository, in one page or in many", () =>
      Effect.gen(function* () {
        const catalog = yield* token("registry:catalog:*")
        assert.deepStrictEqual(yield* pages("/v2/_catalog", "repositories", catalog), [yield* names])
        const fives = yield* pages("/v2/_catalog?n=5", "repositories", catalog)
        assert.deepStrictEqual(
          fives.map((page) => page.length),
          [5, 5, 2]
        )
        assert.deepStrictEqual(fives.flat(), yield* names)
        assert.deepStrictEqual(
          yield* pages("/v2/_catalog?n=4", "repositories", catalog).pipe(Effect.map((all) => all.length)),
          3
        )
        assert.deepStrictEqual(yield* pages("/v2/_catalog?last=library/base/zzz", "repositories", catalog), [
          ["library/tools/bundle", "library/tools/portable"]
        ])
        assert.deepStrictEqual(yield* pages("/v2/_catalog?last=zzz", "repositories", catalog), [[]])
      })
    )

    it.effect("a page holds 1000 entries at most", () =>
      Effect.gen(function* () {
        const catalog = yield* token("registry:catalog:*")
        assert.strictEqual((yield* ask("/v2/_catalog?n=1000", { token: catalog })).status, 200)
        for (const n of ["1001", "-1", "1.5", "ten"]) {
          const answer = yield* ask(`/v2/_catalog?n=${n}`, { token: catalog })
          assert.strictEqual(answer.status, 400, n)
          assert.deepStrictEqual(codes(answer), ["PAGINATION_NUMBER_INVALID"])
        }
      })
    )

    it.effect("a page of tags has 100 entries, or the requested number", () =>
      Effect.gen(function* () {
        const name = "acme/shop/web/nightly"
        const nightly = yield* pull(name)
        const hundreds = yield* pages(`/v2/${name}/tags/list`, "tags", nightly)
        assert.deepStrictEqual(
          hundreds.map((page) => page.length),
          [100, 20]
        )
        assert.strictEqual(hundreds.flat()[119], "night-120")
        assert.deepStrictEqual((yield* pages(`/v2/${name}/tags/list?n=7`, "tags", nightly)).flat(), hundreds.flat())
        const { json } = yield* ask(`/v2/${name}/tags/list?n=1&last=night-118`, { token: nightly })
        assert.deepStrictEqual(json, { name, tags: ["night-119"] })
      })
    )

    it.effect("a repository without tags lists null", () =>
      Effect.gen(function* () {
        const { json, status } = yield* ask("/v2/acme/shop/empty/tags/list", { token: yield* pull("acme/shop/empty") })
        assert.strictEqual(status, 200)
        assert.deepStrictEqual(json, { name: "acme/shop/empty", tags: null })
      })
    )

    it.effect("a name that looks like a path is a name", () =>
      Effect.gen(function* () {
        const name = "group/tags/inner"
        const inner = yield* pull(name)
        const { json } = yield* ask(`/v2/${name}/tags/list`, { token: inner })
        assert.deepStrictEqual(json, { name, tags: ["latest", "tags"] })
        assert.strictEqual((yield* ask("/v2/group/tags/list", { token: yield* pull("group") })).status, 404)
        const encoded = yield* ask(`/v2/${encodeURIComponent(name)}/tags/list`, { token: inner })
        assert.deepStrictEqual(encoded.json, json)
      })
    )

    it.effect("unknown names are 404, impossible ones 400, other methods 405", () =>
      Effect.gen(function* () {
        const unknown = yield* ask("/v2/acme/none/tags/list", { token: yield* pull("acme/none") })
        assert.strictEqual(unknown.status, 404)
        assert.deepStrictEqual(codes(unknown), ["NAME_UNKNOWN"])
        for (const path of ["/v2/Acme/tags/list", "/v2/a//b/tags/list", `/v2/${"a".repeat(256)}/tags/list`]) {
          const answer = yield* ask(path)
          assert.strictEqual(answer.status, 400, path)
          assert.deepStrictEqual(codes(answer), ["NAME_INVALID"])
        }
        const posted = yield* ask("/v2/_catalog", { method: "POST" })
        assert.strictEqual(posted.status, 405)
        assert.strictEqual(posted.headers.get("allow"), "GET")
        assert.strictEqual((yield* ask("/v2/acme/shop/api/nothing")).status, 404)
        assert.strictEqual((yield* ask("/elsewhere")).status, 404)
        assert.strictEqual((yield* ask("/v2/%zz/tags/list")).status, 400)
      })
    )

    it.effect("blobs are sent as they are, and HEAD reports their size", () =>
      Effect.gen(function* () {
        const { blobs, name } = (yield* Ref.get((yield* DemoRegistry.DemoRegistry).contents)).get("acme/shop/api")!
        const api = yield* pull(name)
        for (const blob of blobs.values()) {
          const path = `/v2/${name}/blobs/${blob.digest}`
          const head = yield* ask(path, { method: "HEAD", token: api })
          assert.strictEqual(head.status, 200)
          assert.strictEqual(head.headers.get("content-length"), String(blob.body.length))
          assert.strictEqual(head.headers.get("docker-content-digest"), blob.digest)
          assert.strictEqual(head.body.length, 0)
          assert.deepStrictEqual((yield* ask(path, { token: api })).body, blob.body)
        }
      })
    )

    it.effect("blobs of another repository are unknown, and digests are checked", () =>
      Effect.gen(function* () {
        const { contents } = yield* DemoRegistry.DemoRegistry
        const [foreign = ""] = (yield* Ref.get(contents)).get("acme/shop/chart")!.blobs.keys()
        const api = yield* pull("acme/shop/api")
        const unknown = yield* ask(`/v2/acme/shop/api/blobs/${foreign}`, { token: api })
        assert.strictEqual(unknown.status, 404)
        assert.deepStrictEqual(codes(unknown), ["BLOB_UNKNOWN"])
        for (const bad of ["sha256:abc", "latest", `sha256:${"A".repeat(64)}`, "..%2f..%2fetc"]) {
          const answer = yield* ask(`/v2/acme/shop/api/blobs/${bad}`, { token: api })
          assert.include([400, 404], answer.status, bad)
          if (!bad.includes("..")) assert.deepStrictEqual(codes(answer), ["DIGEST_INVALID"])
        }
      })
    )
  })

  it.live("the size of pages can be set", () =>
    Effect.gen(function* () {
      const found = yield* pages("/v2/_catalog", "repositories", yield* token("registry:catalog:*"))
      assert.deepStrictEqual(found.flat(), yield* names)
      assert.strictEqual(found.length, 4)
    }).pipe(Effect.provide(registry({ pageSize: 3 })))
  )

  it.live("without the metadata database all tags are in one page", () =>
    Effect.gen(function* () {
      const nightly = yield* pull("acme/shop/web/nightly")
      const answer = yield* ask("/v2/acme/shop/web/nightly/tags/list?n=5&last=night-100", { token: nightly })
      assert.strictEqual(answer.json.tags.length, 120)
      assert.isNull(answer.headers.get("link"))
    }).pipe(Effect.provide(registry({ metadataDatabase: false })))
  )

  it.live("the contents can be replaced while the registry runs", () =>
    Effect.gen(function* () {
      const { contents } = yield* DemoRegistry.DemoRegistry
      const [first, second] = yield* Demo.repositories
      const listed = Effect.gen(function* () {
        return (yield* ask("/v2/_catalog", { token: yield* token("registry:catalog:*") })).json.repositories
      })
      yield* Ref.set(contents, Contents.fromRepositories([second!]))
      assert.deepStrictEqual(yield* listed, [second!.name])
      yield* Ref.update(contents, Contents.put(first!))
      assert.deepStrictEqual(yield* listed, [first!.name, second!.name])
      yield* Ref.update(contents, Contents.remove(second!.name))
      assert.deepStrictEqual(yield* listed, [first!.name])
    }).pipe(Effect.provide(registry()))
  )

  it.live("an unreadable repository responds with its reason", () =>
    Effect.gen(function* () {
      const { contents } = yield* DemoRegistry.DemoRegistry
      const [repository] = yield* Demo.repositories
      for (const [reason, status, code] of [
        [new Registry.NotFound({ detail: "" }), 404, "NAME_UNKNOWN"],
        [new Registry.Unsupported({ detail: "" }), 405, "UNSUPPORTED"],
        [new Registry.RateLimited({ detail: "" }), 429, "TOOMANYREQUESTS"],
        [new Registry.Unreachable({ detail: "" }), 503, "UNAVAILABLE"],
        [new Registry.Denied({ detail: "" }), 401, "UNAUTHORIZED"]
      ] as const) {
        const unreadable: Images.Repository = { ...repository!, unreadable: reason }
        yield* Ref.update(contents, Contents.put(unreadable))
        const answer = yield* ask("/v2/acme/shop/api/tags/list", { token: yield* pull("acme/shop/api") })
        assert.strictEqual(answer.status, status)
        assert.deepStrictEqual(codes(answer), [code])
      }
    }).pipe(Effect.provide(registry()))
  )
})
