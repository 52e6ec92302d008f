import { assert, describe, it, layer } from "@effect/vitest"
import { Effect, Ref } from "effect"
import { DemoRegistry } from "../../src/index.ts"
import { ask, codes, pull, registry, token } from "../client.ts"

const nightly = "acme/shop/web/nightly"

describe("GitLabMetadata", () => {
  layer(registry(), { excludeTestServices: true })((it) => {
    it.effect("a request with any token is 200; a request without one gets a challenge", () =>
      Effect.gen(function* () {
        const unknown = yield* ask("/gitlab/v1/")
        assert.strictEqual(unknown.status, 401)
        assert.match(unknown.headers.get("www-authenticate") ?? "", /^Bearer realm=/)
        const known = yield* ask("/gitlab/v1/", { token: yield* token() })
        assert.strictEqual(known.status, 200)
        assert.match(known.headers.get("gitlab-container-registry-version") ?? "", /gitlab/)
        assert.deepStrictEqual(known.json, {})
        assert.strictEqual((yield* ask("/gitlab/v1", { token: yield* token() })).status, 404)
      })
    )

    it.effect("tags are a bare array with their digests", () =>
      Effect.gen(function* () {
        const { contents } = yield* DemoRegistry.DemoRegistry
        for (const name of ["acme/shop/web", "library/base/node", "library/tools/portable", "group/tags/inner"]) {
          const stored = (yield* Ref.get(contents)).get(name)!
          const answer = yield* ask(`/gitlab/v1/repositories/${name}/tags/list/`, { token: yield* pull(name) })
          const tags = JSON.parse(answer.text) as ReadonlyArray<Record<string, unknown>>
          assert.deepStrictEqual(
            tags.map((tag) => [tag["name"], tag["digest"], tag["media_type"]]),
            [...stored.tags].map(([tag, digest]) => [tag, digest, stored.manifests.get(digest)?.mediaType])
          )
          for (const tag of tags) {
            const isIndex = /index|list/.test(String(tag["media_type"]))
            assert.strictEqual(tag["size_bytes"] === 0, isIndex)
            assert.strictEqual(tag["config_digest"] === undefined, isIndex)
          }
        }
        const empty = yield* ask("/gitlab/v1/repositories/acme/shop/empty/tags/list/", {
          token: yield* pull("acme/shop/empty")
        })
        assert.deepStrictEqual([empty.status, empty.text], [200, "[]"])
      })
    )

    it.effect("the link to the previous page comes before that to the next", () =>
      Effect.gen(function* () {
        const path = `/gitlab/v1/repositories/${nightly}/tags/list/`
        const page = (query: string) =>
          Effect.flatMap(pull(nightly), (token) =>
            Effect.map(ask(`${path}${query}`, { token }), (answer) => ({
              names: (JSON.parse(answer.text) as ReadonlyArray<{ readonly name: string }>).map(({ name }) => name),
              link: answer.headers.get("link")
            }))
          )
        const [first, second, last] = [
          yield* page("?n=50"),
          yield* page("?n=50&last=night-050"),
          yield* page("?n=50&last=night-100")
        ]
        assert.lengthOf([...first.names, ...second.names, ...last.names], 120)
        assert.strictEqual(first.link, `<${path}?last=night-050&n=50>; rel="next"`)
        assert.strictEqual(
          second.link,
          `<${path}?before=night-051&n=50>; rel="previous", <${path}?last=night-100&n=50>; rel="next"`
        )
        assert.strictEqual(last.link, `<${path}?before=night-101&n=50>; rel="previous"`)
        assert.lengthOf((yield* page("")).names, 100)
      })
    )

    it.effect("a repository reports its size: its distinct layers, without configs and manifests", () =>
      Effect.gen(function* () {
        const { json } = yield* ask("/gitlab/v1/repositories/library/base/debian/?size=self", {
          token: yield* pull("library/base/debian")
        })
        assert.deepInclude(json, {
          name: "debian",
          path: "library/base/debian",
          size_bytes: 280_000,
          size_precision: "default"
        })
      })
    )

    it.effect("pages, names and permissions are checked", () =>
      Effect.gen(function* () {
        const list = (name: string, query = "") =>
          Effect.flatMap(pull(name), (token) => ask(`/gitlab/v1/repositories/${name}/tags/list/${query}`, { token }))
        for (const n of ["0", "1001", "x", "-1"]) {
          const answer = yield* list(nightly, `?n=${n}`)
          assert.deepStrictEqual([answer.status, ...codes(answer)], [400, "INVALID_QUERY_PARAMETER_VALUE"])
        }
        const unknown = yield* list("acme/none")
        assert.deepStrictEqual([unknown.status, ...codes(unknown)], [404, "NAME_UNKNOWN"])
        assert.strictEqual((yield* list("acme/vault/secrets")).status, 401)
        assert.strictEqual((yield* ask(`/gitlab/v1/repositories/${nightly}/tags/list/`)).status, 401)
      })
    )
  })

  it.live("without the database every path is 404", () =>
    Effect.gen(function* () {
      const held = yield* pull(nightly)
      for (const path of ["", `repositories/${nightly}/`, `repositories/${nightly}/tags/list/`]) {
        assert.strictEqual((yield* ask(`/gitlab/v1/${path}`, { token: held })).status, 404)
        assert.strictEqual((yield* ask(`/gitlab/v1/${path}`)).status, 404)
      }
    }).pipe(Effect.provide(registry({ metadataDatabase: false })))
  )
})
