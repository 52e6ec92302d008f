import { Images } from "@gitlab-registry-usage/core/testing"
import { SnapshotStore } from "@gitlab-registry-usage/core"
import { expect, layer } from "@effect/vitest"
import { Effect, Layer } from "effect"
import { appLayer, get, once, signedIn } from "../../app.ts"

interface Linked {
  readonly _links?: Readonly<Record<string, { readonly href: string; readonly templated?: true }>>
}

const app = Layer.unwrap(
  Effect.gen(function* () {
    const image = yield* Images.image({ layers: [yield* Images.layer("app", 300)] })
    return appLayer(
      { repositories: [Images.repository("group/app", { latest: image })] },
      { store: SnapshotStore.layerMemoryOf({ keep: Infinity }) }
    )
  })
)

/** What a caller fills into the templates. */
const values: Readonly<Record<string, string>> = {
  image: "group%2Fapp",
  tag: "latest",
  namespace: "group",
  "?at": "?at=0d"
}

layer(app, { excludeTestServices: true })("/", (it) => {
  it.effect("has its links for everybody, in each media type, unless they are refused", () =>
    Effect.gen(function* () {
      const { authorization } = yield* signedIn
      for (const headers of [{}, { authorization }] as ReadonlyArray<Record<string, string>>) {
        for (const accept of [undefined, "application/hal+json", "application/json", "*/*", "undefined"]) {
          const answer = yield* once("/", { headers: { ...headers, ...(accept === undefined ? {} : { accept }) } })
          expect([answer.status, answer.headers["content-type"]], accept).toEqual([200, "application/hal+json"])
          expect(answer.json, accept).toMatchObject({
            name: "GitLab Registry Usage",
            _links: { self: { href: "/" }, images: { href: "/images" }, repositories: { href: "/repositories" } }
          })
        }
        const page = yield* once("/", { headers: { ...headers, accept: "text/html" } })
        expect(page.body).toContain('<a href="/images">')
      }
      expect((yield* once("/?links=true")).json).toEqual((yield* once("/")).json)
      expect((yield* once("/?links=")).json).toEqual((yield* once("/")).json)
      for (const no of ["false", "0", "no"]) expect((yield* once(`/?links=${no}`)).json).not.toHaveProperty("_links")
      expect((yield* once("/?links=perhaps")).status).toBe(400)
      // Other resources have links on request only, as the original does.
      for (const path of ["/images", "/images/group%2Fapp", "/images?page_size=1", "/status", "/namespaces"]) {
        expect((yield* get(path)).json, path).not.toHaveProperty("_links")
      }
    })
  )

  it.effect("has links that lead to something, with templates filled in", () =>
    Effect.gen(function* () {
      const { _links = {} } = (yield* once("/")).json as Linked
      for (const [relation, { href, templated }] of Object.entries(_links)) {
        expect(href.includes("{"), relation).toBe(templated === true)
        const path = href.replaceAll(/\{(\??\w+)\}/g, (_, name: string) => values[name] ?? "")
        // One is for POST, and one for Basic credentials.
        const status = relation === "unique_size" ? 405 : relation === "token" ? 401 : 200
        expect((yield* get(path)).status, `${relation} ${path}`).toBe(status)
      }
      expect(Object.keys(_links)).toEqual(
        expect.arrayContaining(["images", "image", "tags", "tag", "blobs", "namespaces", "namespace", "history", "at"])
      )
    })
  )
})
