import { Images } from "@gitlab-registry-usage/core/testing"
import { Registry } from "@gitlab-registry-usage/core"
import { expect, layer } from "@effect/vitest"
import { DateTime, Effect, Layer } from "effect"
import { appLayer, get, once, send, signedIn } from "../../app.ts"
import * as past from "../../past.ts"
import { isProblem } from "../response.ts"

const repositories = Effect.gen(function* () {
  const image = yield* Images.image({ layers: [yield* Images.layer("app", 300)] })
  return [
    Images.repository("group/app", { latest: image, "1.0": image }),
    Images.repository("group/sub/tool", { latest: image }),
    Images.repository("group/secret", {}, new Registry.Denied({ detail: "no pull access" }))
  ]
})

const detailOf = (path: string, from = get(path)) =>
  Effect.map(from, (answer) => {
    expect(answer.status, path).toBe(404)
    isProblem(answer)
    return (answer.json as { readonly detail: string }).detail
  })

/** Each path, and its detail. */
const here = "in the current snapshot"
const period = "in the current snapshot or in this period"
const expected: Readonly<Record<string, string>> = {
  // images
  "/images/nope": `there is no image "nope" ${here}; /images?embed=1 lists what there is`,
  "/repositories/nope": `there is no image "nope" ${here}; /repositories?embed=1 lists what there is`,
  "/images/group%2Fap": `there is no image "group/ap" ${here}; did you mean "group/app"?`,
  "/images/group/ap": `there is no image "group/ap" ${here}; did you mean "group/app"?`,
  "/images/Group%2FAPP": `there is no image "Group/APP" ${here}; did you mean "group/app"?`,
  "/images/group%252Fapp": `there is no image "group%2Fapp" ${here}; did you mean "group/app"?`,
  "/images/group%252Fapp/tags": `there is no image "group%2Fapp" ${here}; did you mean "group/app"?`,
  "/images/group%2Fsub": '"group/sub" is a namespace, not an image: see /namespaces/group%2Fsub',
  "/images/nope/tags": `there is no image "nope" ${here}; /images?embed=1 lists what there is`,
  "/images/group/apq/tags/latest": `there is no image "group/apq" ${here}; did you mean "group/app"?`,
  "/images/group/apq/tags/latest/blobs": `there is no image "group/apq" ${here}; did you mean "group/app"?`,
  "/images/%E2%82%AC%22": `there is no image "€\\"" ${here}; /images?embed=1 lists what there is`,
  // tags and their blobs
  "/images/group%2Fapp/tags/Latest": `there is no tag "Latest" in the image "group/app" ${here}; did you mean "latest"?`,
  "/images/group/app/tags/nope": `there is no tag "nope" in the image "group/app" ${here}; /images/group%2Fapp/tags?embed=1 lists what there is`,
  "/repositories/group%2Fapp/tags/nope/blobs": `there is no tag "nope" in the image "group/app" ${here}; /repositories/group%2Fapp/tags?embed=1 lists what there is`,
  "/images/group%2Fsecret/tags/latest": `the image "group/secret" could not be read ${here}, so its tags are not known; /status has the reason`,
  // namespaces
  "/namespaces/nope": `there is no namespace "nope" ${here}; /namespaces?embed=1 lists what there is`,
  "/namespaces/GROUP%2Fsub": `there is no namespace "GROUP/sub" ${here}; did you mean "group/sub"?`,
  "/namespaces/group%2Fapp": '"group/app" is an image, not a namespace: see /images/group%2Fapp',
  // paths
  "/nope": 'there is no resource at "/nope"; / links to all resources',
  "/Images": 'there is no resource at "/Images"; did you mean "/images"?',
  "/repository/group%2Fapp":
    'there is no resource at "/repository/group%2Fapp"; did you mean "/repositories/group%2Fapp"?',
  "/images/group%2Fapp/Tags":
    'there is no resource at "/images/group%2Fapp/Tags"; did you mean "/images/group%2Fapp/tags"?',
  "/images/": 'there is no resource at "/images/", which has an empty segment; did you mean "/images"?',
  "/images//group%2Fapp":
    'there is no resource at "/images//group%2Fapp", which has an empty segment; did you mean "/images/group%2Fapp"?',
  "//": 'there is no resource at "//", which has an empty segment; did you mean "/"?',
  "/v2/_catalog": 'there is no resource at "/v2/_catalog"; / links to all resources',
  "/ui/nope.js": "this server was started without the page",
  "/events": "this server takes no notifications of the registry: set events_token in [registry]"
}

layer(Layer.unwrap(Effect.map(repositories, (repositories) => appLayer({ repositories }))), {
  excludeTestServices: true
})("404", (it) => {
  it.effect("names what was not found, and the nearest name or where to look", () =>
    Effect.gen(function* () {
      const found: Record<string, string> = {}
      for (const path of Object.keys(expected)) found[path] = yield* detailOf(path)
      expect(found).toEqual(expected)
    })
  )

  it.effect("is short for a long name, and at once", () =>
    Effect.gen(function* () {
      const long = "a".repeat(8000)
      for (const path of [
        `/images/${long}`,
        `/namespaces/${long}`,
        `/images/group%2Fapp/tags/${long}`,
        `/${long}`,
        `/${long}/`
      ]) {
        expect((yield* detailOf(path)).length, path.slice(0, 30)).toBeLessThan(800)
      }
    })
  )

  it.effect("says nothing about the registry without a token", () =>
    Effect.gen(function* () {
      yield* signedIn
      for (const path of [
        "/images/group%2Fap",
        "/images/group%2Fapp",
        "/namespaces/grup",
        "/images/group%2Fapp/tags/nope"
      ]) {
        for (const headers of [{}, { authorization: "Bearer forged" }] as ReadonlyArray<Record<string, string>>) {
          const { body, status } = yield* once(path, { headers })
          expect(status, path).toBe(401)
          expect(body).not.toMatch(/group|did you mean/)
        }
      }
      expect(yield* detailOf("/Images", once("/Images"))).toBe(expected["/Images"])
      expect(yield* detailOf("/group", once("/group"))).toContain("links to all resources")
    })
  )

  it.effect("F10 has the words of the 422 for items that do not exist, of which the first is named", () =>
    Effect.gen(function* () {
      const headers = { ...(yield* signedIn), "content-type": "application/json" }
      for (const [items, detail] of [
        [["group/app", "group/ap", "nope"], 'there is no image "group/ap"; did you mean "group/app"?'],
        [["group/app:1.1"], 'there is no tag "1.1" in the image "group/app"; did you mean "1.0"?'],
        [["nope"], 'there is no image "nope"']
      ] as const) {
        const answer = yield* send("/unique_size", { method: "POST", headers, body: JSON.stringify({ items }) })
        expect([answer.status, answer.json]).toMatchObject([422, { detail }])
      }
    })
  )
})

layer(Layer.unwrap(Effect.map(repositories, (repositories) => appLayer({ repositories }, { prefix: "/registry" }))), {
  excludeTestServices: true
})("404 under a prefix", (it) => {
  it.effect("names paths with the prefix", () =>
    Effect.gen(function* () {
      expect(yield* detailOf("/registry/Images")).toContain('did you mean "/registry/images"?')
      expect(yield* detailOf("/registry/images/")).toContain('did you mean "/registry/images"?')
      expect(yield* detailOf("/nope")).toContain("/registry/ links to all resources")
      expect(yield* detailOf("/registry/images/group")).toContain("see /registry/namespaces/group")
      expect(yield* detailOf("/registry/images/nope")).toContain("/registry/images?embed=1 lists")
    })
  )
})

const now = DateTime.nowUnsafe()

layer(
  Layer.unwrap(
    Effect.map(past.repositories(0), (repositories) => appLayer({ repositories }, { store: past.store(now) }))
  ),
  { excludeTestServices: true }
)("404 with history", (it) => {
  it.effect("names the snapshot or the period", () =>
    Effect.gen(function* () {
      const at = DateTime.formatIso(past.taken(now)[30]!)
      const detail = yield* detailOf(`/images/group%2Fsub%2Fnew?at=${at}`)
      expect(detail).toBe(
        `there is no image "group/sub/new" in the snapshot of ${at}; /images?embed=1&at=${at} lists what there is`
      )
      const listed = / (\/images\S+) lists/.exec(detail)![1]!
      expect((yield* get(listed)).json).toMatchObject({ _embedded: { items: [{ name: "group/app" }, {}, {}, {}] } })
      expect(yield* detailOf(`/images/group%2Fapp/tags/1.0?at=${at}`)).toContain(`in the snapshot of ${at}`)
      for (const path of ["/images/nope/history", "/images/nope/history?from=20d"]) {
        expect(yield* detailOf(path)).toContain(`there is no image "nope" ${period}`)
      }
      expect(yield* detailOf("/namespaces/nope/growth")).toContain(`there is no namespace "nope" ${period}`)
      expect(yield* detailOf("/namespaces/foo%2Fhistory/growth")).toContain("is an image, not a namespace")
      const oldest = DateTime.formatIso(past.taken(now)[0]!)
      for (const path of ["/images?at=2001-01-01", "/growth?from=2000-01-01&to=2001-01-01"]) {
        expect(yield* detailOf(path)).toBe(
          `no snapshot is kept that is as old as 2001-01-01T00:00:00.000Z: the oldest is of ${oldest}`
        )
      }
    })
  )
})
