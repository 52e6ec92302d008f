import { Collector, Listing } from "@gitlab-registry-usage/core"
import { Images } from "@gitlab-registry-usage/core/testing"
import { describe, expect, it, layer } from "@effect/vitest"
import { Effect, Layer } from "effect"
import fc from "fast-check"
import { appLayer, get, send, signedIn } from "../../app.ts"
import type { Answer } from "../../Client.ts"

const repositories = Effect.gen(function* () {
  const [base, app, tool] = yield* Effect.all([
    Images.layer("base", 1000),
    Images.layer("app", 300),
    Images.layer("tool", 20)
  ])
  const amd64 = yield* Images.image({ layers: [base, app] })
  const multi = yield* Images.index({
    images: [{ image: amd64 }],
    attestations: [{ attestation: yield* Images.attestation(amd64), of: amd64 }]
  })
  const small = yield* Images.image({ layers: [base, tool] })
  return [
    Images.repository("group/app", { "1.0": amd64, multi }),
    Images.repository("group/sub/tool", { latest: small }),
    Images.repository("other/Thing".toLowerCase(), { a: small, B: small, c: amd64 }),
    Images.repository("top", {})
  ]
})

const app = Layer.unwrap(Effect.map(repositories, (repositories) => appLayer({ repositories })))

interface Item {
  readonly name: string
  readonly size: number
  readonly unique_size: number
}
interface Page {
  readonly matching?: number
  readonly _links: Record<string, { readonly href: string }>
  readonly _embedded: { readonly items: ReadonlyArray<Item> }
}
const page = (path: string) => Effect.map(get(path), ({ json }) => json as Page)
const names = (page: Page) => page._embedded.items.map(({ name }) => name)

layer(app, { excludeTestServices: true })("lists", (it) => {
  it.effect("are sorted as a whole, in both directions, ties in the listed order", () =>
    Effect.gen(function* () {
      const all = names(yield* page("/images?embed=1"))
      expect(all).toEqual(["group/app", "group/sub/tool", "other/thing", "top"])
      expect(names(yield* page("/images?embed=1&sort=-name"))).toEqual(all.toReversed())
      for (const key of ["size", "disk_size", "unique_size"] as const) {
        const sizes = (items: ReadonlyArray<Item>) =>
          items.map((item) => (item as unknown as Record<string, number>)[key]!)
        const up = sizes((yield* page(`/images?embed=1&sort=${key}`))._embedded.items)
        const down = sizes((yield* page(`/images?embed=1&sort=-${key}`))._embedded.items)
        expect(up, key).toEqual(up.toSorted((a, b) => a - b))
        expect(down, key).toEqual(up.toReversed())
      }
      expect(names(yield* page("/images/other%2Fthing/tags?embed=1&sort=name"))).toEqual(["B", "a", "c"])
    })
  )

  it.effect("are filtered by a part of the name or its begin, in any case", () =>
    Effect.gen(function* () {
      expect(names(yield* page("/images?embed=1&filter=APP"))).toEqual(["group/app"])
      expect(names(yield* page("/images?embed=1&filter=%5Egroup/"))).toEqual(["group/app", "group/sub/tool"])
      expect(names(yield* page("/images?embed=1&filter=%5Eapp"))).toEqual([])
      expect(names(yield* page("/images/other%2Fthing/tags?embed=1&filter=b"))).toEqual(["B"])
      expect(yield* page("/images?filter=o")).toMatchObject({ matching: 4, images: 4 })
    })
  )

  it.effect("are filtered by the number of tags, which only images have", () =>
    Effect.gen(function* () {
      const all = yield* page("/images?embed=1")
      const { items } = all._embedded as unknown as { items: ReadonlyArray<{ name: string; tags: number | null }> }
      // The number of tags of an image that could not be read is unknown, and may be large.
      const many = items.filter(({ tags }) => tags === null || tags >= 2).map(({ name }) => name)
      expect(many.length).toBeGreaterThan(0)
      expect(many.length).toBeLessThan(items.length)
      expect(names(yield* page("/images?embed=1&min_tags=2"))).toEqual(many)
      expect(yield* page("/images?min_tags=2")).toMatchObject({ matching: many.length })
      const first = yield* page("/images?embed=1&links=true&min_tags=2&page_size=1")
      expect(names(yield* page(first._links["next"]!.href))).toEqual([many[1]])
      const cursor = new URL(first._links["next"]!.href, "http://x").searchParams.get("cursor")!
      for (const bad of [
        "/images?min_tags=0",
        "/images?min_tags=two",
        `/images?page_size=1&cursor=${cursor}`,
        "/images/group%2Fapp?min_tags=2",
        "/images/group%2Fapp/tags?min_tags=2",
        "/namespaces?min_tags=2",
        "/namespaces/group?min_tags=2",
        "/status?min_tags=2",
        "/?min_tags=2"
      ]) {
        expect((yield* get(bad)).status, bad).toBe(400)
      }
    })
  )

  it.effect("have pages that links connect in both directions", () =>
    Effect.gen(function* () {
      for (const path of ["/images", "/repositories", "/images/other%2Fthing/tags"]) {
        for (const size of [1, 2, 3, 1000]) {
          const whole = names(yield* page(`${path}?embed=1&sort=-name`))
          const seen: Array<string> = []
          let at = yield* page(`${path}?embed=1&links=true&sort=-name&page_size=${size}`)
          expect(at._links["prev"]).toBeUndefined()
          const first = names(at)
          for (;;) {
            seen.push(...names(at))
            expect(
              (at._links as unknown as { items: ReadonlyArray<{ title: string }> }).items.map((l) => l.title)
            ).toEqual(names(at))
            expect(yield* page(at._links["self"]!.href)).toEqual(at)
            expect(names(yield* page(at._links["first"]!.href))).toEqual(first)
            const next = at._links["next"]
            if (next === undefined) break
            expect(next.href.startsWith(path)).toBe(true)
            const following = yield* page(next.href)
            expect(names(yield* page(following._links["prev"]!.href))).toEqual(names(at))
            at = following
          }
          expect(seen, `${path} by ${size}`).toEqual(whole)
        }
      }
    })
  )

  it.effect("embed their items in a page without embed, and Link leads to the other pages", () =>
    Effect.gen(function* () {
      for (const path of ["/images", "/repositories", "/images/other%2Fthing/tags"]) {
        const whole = names(yield* page(`${path}?embed=1&sort=-name`))
        const seen: Array<string> = []
        for (let next: string | undefined = `${path}?page_size=2&sort=-name`; next !== undefined;) {
          const { headers, json }: Answer = yield* get(next)
          seen.push(...names(json as Page))
          next = /<([^>]*)>; rel="next"/.exec(String(headers["link"]))?.[1]
        }
        expect(seen, path).toEqual(whole)
        expect(yield* page(`${path}?page_size=2`)).toEqual(yield* page(`${path}?page_size=2&embed=1`))
        for (const none of ["?page_size=2&embed=0", "?page_size=2&embed=false", "", "?sort=name", "?filter=a"]) {
          const { headers, json } = yield* get(`${path}${none}`)
          expect(json, none).not.toHaveProperty("_embedded")
          if (!none.includes("page_size")) expect(headers).not.toHaveProperty("link")
        }
      }
    })
  )

  it.effect("F13 a cursor that is altered, or of another selection, is 400", () =>
    Effect.gen(function* () {
      const { _links } = yield* page("/images?links=true&page_size=2&sort=name")
      const cursor = new URLSearchParams(_links["next"]!.href.replace(/^.*\?/, "")).get("cursor")!
      expect((yield* get(`/images?page_size=2&sort=name&cursor=${cursor}`)).status).toBe(200)
      for (const bad of [
        `page_size=2&sort=size&cursor=${cursor}`,
        `page_size=2&cursor=${cursor}`,
        `page_size=2&sort=name&filter=a&cursor=${cursor}`,
        `sort=name&cursor=${cursor}`,
        "page_size=2&sort=name&cursor=abc",
        `page_size=2&sort=name&cursor=${cursor}A`,
        `page_size=2&sort=name&cursor=${cursor.slice(1)}`,
        `page_size=2&cursor=${btoa("[]")}`,
        `page_size=2&cursor=${btoa(encodeURIComponent('[1,-1,"",""]')).replace(/=+$/, "")}`,
        "page_size=0",
        "page_size=1001",
        "page_size=-1",
        "page_size=1.5",
        "page_size=a",
        "page_size=1&page_size=1",
        "sort=digest",
        "sort=name&sort=name",
        `filter=${"a".repeat(257)}`
      ]) {
        const answer = yield* get(`/images?${bad}`)
        expect(answer.status, bad).toBe(400)
        expect(answer.headers["content-type"]).toBe("application/problem+json")
      }
    })
  )

  it.effect("F12 a cursor of a snapshot that is gone is 410", () =>
    Effect.gen(function* () {
      const collector = yield* Collector.Collector
      const { _links } = yield* page("/images?links=true&page_size=2")
      yield* Effect.sleep("5 millis")
      yield* collector.refresh
      const answer = yield* get(_links["next"]!.href)
      expect(answer.status).toBe(410)
      expect(answer.headers["content-type"]).toBe("application/problem+json")
      expect((yield* get(_links["first"]!.href)).status).toBe(200)
    })
  )
})

describe("Listing", () => {
  it("a cursor decodes from its text, and no other text does", () => {
    let accepted = 0
    fc.assert(
      fc.property(
        fc.record({
          takenAt: fc.maxSafeNat(),
          offset: fc.maxSafeNat(),
          sort: fc.constantFrom(undefined, ...Listing.sorts),
          filter: fc.option(fc.string({ minLength: 1, unit: "grapheme" }), { nil: undefined }),
          minTags: fc.option(fc.integer({ min: 1, max: 1_000_000 }), { nil: undefined })
        }),
        fc.tuple(fc.nat(40), fc.nat(2), fc.string({ maxLength: 2 })),
        (cursor, [at, removed, inserted]) => {
          const word = Listing.encodeCursor(cursor)
          expect(Listing.decodeCursor(word)).toEqual(cursor)
          // A word that is changed is refused, or is the one word of another cursor.
          for (const changed of [inserted, word.slice(0, at) + inserted + word.slice(at + removed)]) {
            const decoded = Listing.decodeCursor(changed)
            if (decoded === undefined) continue
            accepted++
            expect(Listing.encodeCursor(decoded)).toBe(changed)
          }
        }
      )
    )
    expect(accepted).toBeGreaterThan(0)
  })
})

layer(app, { excludeTestServices: true })("resources", (it) => {
  it.effect("the root needs no token and links to everything", () =>
    Effect.gen(function* () {
      const { json, status } = yield* send("/?links=true")
      expect(status).toBe(200)
      const { _links: links } = json as Page
      for (const relation of [
        "self",
        "images",
        "repositories",
        "namespaces",
        "status",
        "token",
        "documentation",
        "service-desc"
      ]) {
        expect(links[relation]?.href, relation).toMatch(/^\//)
      }
      expect(links["tag"]).toEqual({ href: "/images/{image}/tags/{tag}", templated: true })
    })
  )

  it.effect("the images carry the totals of the registry", () =>
    Effect.gen(function* () {
      const { json } = yield* get("/images?embed=1")
      const items = (json as { _embedded: { items: ReadonlyArray<Record<string, number>> } })._embedded.items
      const sum = (key: string) => items.reduce((sum, item) => sum + item[key]!, 0)
      expect(json).toMatchObject({
        size: sum("size"),
        disk_size: sum("disk_size"),
        unique_size: sum("disk_size"),
        images: 4,
        tags: 6,
        gaps: 0,
        accounting: "all"
      })
    })
  )

  it.effect("a namespace has the sums of its images", () =>
    Effect.gen(function* () {
      const { json: whole } = yield* get("/images")
      const { json: root } = yield* get("/namespaces?embed=1&links=true")
      const { size, disk_size, unique_size } = whole as Record<string, number>
      expect(root).toMatchObject({ path: "", size, disk_size, unique_size, images: 4, tags: 6, gaps: 0 })
      expect(root).toMatchObject({
        _embedded: { items: [{ path: "group", images: 2 }, { path: "other" }], images: [{ name: "top" }] }
      })
      const { json: group } = yield* get("/namespaces/group?embed=true&links=true")
      expect(group).toMatchObject({
        path: "group",
        images: 2,
        tags: 3,
        _links: { self: { href: "/namespaces/group" }, up: { href: "/namespaces" } },
        _embedded: { items: [{ path: "group/sub", images: 1 }], images: [{ name: "group/app" }] }
      })
      for (const path of ["/namespaces/group%2Fsub", "/namespaces/group/sub"]) {
        expect((yield* get(path)).json).toMatchObject({ path: "group/sub" })
      }
      for (const path of ["/namespaces/nothing", "/namespaces/group/app", "/namespaces/", "/namespaces//"]) {
        expect((yield* get(path)).status, path).toBe(404)
      }
    })
  )

  it.effect("the blobs of a tag add up to its size, and name the tag that is charged", () =>
    Effect.gen(function* () {
      const { json } = yield* get("/images/group%2Fapp/tags/multi/blobs?embed=1&links=true")
      const { json: tag } = yield* get("/images/group%2Fapp/tags/multi")
      const items = (json as { _embedded: { items: ReadonlyArray<Record<string, unknown>> } })._embedded.items
      expect(items.reduce((sum, { size }) => sum + Number(size), 0)).toBe((tag as Item).size)
      expect(json).toMatchObject({ count: items.length, size: (tag as Item).size })
      expect(items.reduce((sum, { size, unique }) => sum + (unique === true ? Number(size) : 0), 0)).toBe(
        (tag as Item).unique_size
      )
      expect(items[0]).toMatchObject({
        role: "index",
        digest: (tag as { digest: string }).digest,
        tags: 1,
        owned: true
      })
      expect(new Set(items.map(({ role }) => role))).toEqual(
        new Set(["index", "manifest", "attestation", "config", "layer"])
      )
      // The base layer: in every tag there is.
      expect(items.find(({ size }) => size === 1000)).toMatchObject({
        role: "layer",
        tags: 6,
        owned: false,
        unique: false,
        owner: { image: "group/app", tag: "1.0" },
        shared_with: [
          { image: "group/app", tag: "1.0" },
          { image: "group/sub/tool", tag: "latest" },
          { image: "other/thing", tag: "a" },
          { image: "other/thing", tag: "B" },
          { image: "other/thing", tag: "c" }
        ]
      })
    })
  )

  it.effect("the status reports the state of collecting", () =>
    Effect.gen(function* () {
      const answer = yield* get("/status")
      expect(answer.json).toMatchObject({
        crawling: false,
        stale: false,
        timestamp: expect.any(Number),
        duration: expect.any(Number),
        last_attempt: expect.any(Number),
        last_success: expect.any(Number),
        last_error: null,
        attempts: { failed: 0 },
        // The size of no blob is asked for in this scene.
        sizes: { blobs: expect.any(Number), measured: expect.any(Number) },
        gaps_total: 0,
        gaps: []
      })
      expect((yield* send("/status")).status).toBe(401)
    })
  )

  it.effect("every resource has an HTML page", () =>
    Effect.gen(function* () {
      for (const path of ["/", "/status", "/namespaces", "/images/group%2Fapp", "/images/group%2Fapp/tags/1.0/blobs"]) {
        const { body, headers, status } = yield* get(path, { accept: "text/html" })
        expect([status, headers["content-type"]], path).toEqual([200, "text/html; charset=utf-8"])
        expect(body).toContain("<h1>")
      }
    })
  )

  it.effect("computes what deleting several things together frees", () =>
    Effect.gen(function* () {
      const headers = yield* signedIn
      const ask = (body: string, more: Record<string, string> = { "content-type": "application/json" }) =>
        send("/unique_size", { method: "POST", headers: { ...headers, ...more }, body })
      const items = (...items: ReadonlyArray<string>) => ask(JSON.stringify({ items }))
      const { json: all } = yield* get("/images")
      expect((yield* items("group/app", "group/sub/tool", "other/thing", "top")).json).toEqual({
        unique_size: (all as Record<string, number>)["disk_size"],
        tags: 6,
        images: 4
      })
      const { json: tag } = yield* get("/images/group%2Fapp/tags/multi")
      expect((yield* items("group/app:multi")).json).toEqual({
        unique_size: (tag as Item).unique_size,
        tags: 1,
        images: 1
      })
      // A tag is counted once, however often it is named.
      expect((yield* items("group/app:multi", "group/app", "group/app")).json).toMatchObject({ tags: 2, images: 1 })
      expect((yield* items()).json).toEqual({ unique_size: 0, tags: 0, images: 0 })
      const unknown = yield* items("group/app", "group/nothing:1")
      expect(unknown.status).toBe(422)
      expect((unknown.json as { detail: string }).detail).toContain("group/nothing")
      expect((yield* items("group/app:nope")).status).toBe(422)
      expect((yield* ask("{")).status).toBe(400)
      expect((yield* ask('{"items":"group/app"}')).status).toBe(400)
      expect((yield* items(...Array.from({ length: 10_001 }, () => "top"))).status).toBe(400)
      expect((yield* ask("{}", { "content-type": "text/plain" })).status).toBe(415)
      expect((yield* ask(`{"items":["${"a".repeat(1024 * 1024)}"]}`)).status).toBe(413)
      expect(
        (yield* send("/unique_size", { method: "POST", body: "{}", headers: { "content-type": "application/json" } }))
          .status
      ).toBe(401)
      const read = yield* get("/unique_size")
      expect([read.status, read.headers["allow"]]).toEqual([405, "POST, OPTIONS"])
    })
  )
})
