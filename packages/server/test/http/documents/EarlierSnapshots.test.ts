import { Collector, SnapshotStore } from "@gitlab-registry-usage/core"
import { DailySnapshots } from "@gitlab-registry-usage/demo"
import { describe, expect, it as test, layer } from "@effect/vitest"
import { DateTime, Duration, Effect, Fiber, Layer, Option } from "effect"
import { TestClock } from "effect/testing"
import * as EarlierSnapshots from "../../../src/http/documents/EarlierSnapshots.ts"
import { appLayer, get } from "../../app.ts"
import { repositories, store, taken } from "../../past.ts"

const now = DateTime.nowUnsafe()

const app = Layer.unwrap(
  Effect.map(repositories(0), (repositories) => appLayer({ repositories }, { store: store(now) }))
)

interface Document {
  readonly timestamp: number
  readonly images: number
  readonly name?: string
  readonly _links: Record<string, { readonly href: string; readonly templated?: true }>
  readonly _embedded: { readonly items: ReadonlyArray<{ readonly name: string }> }
}
const read = (path: string) =>
  Effect.map(get(path), ({ body, json, status }) => {
    expect(status, `${path} ${body}`).toBe(200)
    return json as Document
  })
/** The path, asked for with links and so many levels. */
const asking = (path: string, embed: string) => {
  const [plain, query] = path.split("?")
  const parameters = new URLSearchParams(query)
  parameters.set("links", "true")
  parameters.set("embed", embed)
  return `${plain}?${parameters.toString()}`
}
const names = ({ _embedded }: Document) => _embedded.items.map(({ name }) => name)
const iso = DateTime.formatIso

layer(app, { excludeTestServices: true })("at", (it) => {
  it.effect("every resource is that of the earlier snapshot", () =>
    Effect.gen(function* () {
      const then = taken(now)[30]!
      for (const at of [iso(then), "10d", String(DateTime.toEpochMillis(then) / 1000 + 3600)]) {
        const images = yield* read(`/images?at=${at}&embed=1`)
        expect(images.timestamp, at).toBe(DateTime.toEpochMillis(then) / 1000)
        expect(names(images)).toEqual(["group/app", "old/gone", "foo", "foo/history"])
      }
      expect(yield* read("/images/old%2Fgone/tags/1.0?at=10d")).toMatchObject({ name: "1.0" })
      expect(yield* read("/namespaces?at=10d")).toMatchObject({ images: 4 })
      expect(yield* read("/images?at=10d")).not.toHaveProperty("stale")
      for (const path of ["/images/group%2Fsub%2Fnew", "/namespaces/group%2Fsub", "/images/foo/tags/none"]) {
        const { json, status } = yield* get(`${path}?at=10d`)
        expect([status, (json as { detail: string }).detail], path).toEqual([404, expect.stringContaining(iso(then))])
      }
    })
  )

  it.effect("every link stays in the earlier snapshot, except for the one to the latest", () =>
    Effect.gen(function* () {
      const then = iso(taken(now)[30]!)
      const seen = new Set<string>()
      const pending = ["/images?at=10d", "/namespaces?at=10d", "/images?at=10d&page_size=2&sort=-name"]
      for (let path = pending.pop(); path !== undefined; path = pending.pop()) {
        for (const embed of ["0", "true"]) {
          const { body, status } = yield* get(asking(path, embed))
          expect(status, path).toBe(200)
          const { _links } = JSON.parse(body) as Document
          for (const [relation, href] of [...body.matchAll(/"([\w_]+)":\{"href":"([^"]*)"/g)].map(([, r, h]) => [
            r!,
            h!
          ])) {
            const plain = href!.replace(/#.*/, "")
            if (/^(history|growth)$/.test(relation!) || href === "/") continue
            if (relation === "at") expect(href).toBe("/images{?at}")
            else if (relation === "latest") expect(href).not.toMatch(/\bat=/)
            else {
              expect(plain, `${path} ${relation}`).toContain(`at=${then}`)
              if (!seen.has(plain)) pending.push(plain)
              seen.add(plain)
            }
          }
          // Items and images are lists of links.
          for (const links of Object.values(_links).filter(Array.isArray)) {
            for (const { href } of links as unknown as ReadonlyArray<{ href: string }>) {
              expect(href).toContain(`at=${then}`)
              if (!seen.has(href)) pending.push(href)
              seen.add(href)
            }
          }
        }
      }
      expect(seen.size).toBeGreaterThan(15)
    })
  )

  it.effect("the link to the latest leads to the same entity, and is absent if it is gone", () =>
    Effect.gen(function* () {
      const latest = (path: string) => Effect.map(read(`${path}&links=true`), ({ _links }) => _links["latest"]?.href)
      expect(yield* latest("/images?at=10d")).toBe("/images")
      expect(yield* latest("/repositories?at=10d&page_size=1")).toBe("/repositories?links=true&page_size=1")
      expect(yield* latest("/images/group%2Fapp?at=10d")).toBe("/images/group%2Fapp")
      expect(yield* latest("/images/foo/tags/history/blobs?at=10d")).toBe("/images/foo/tags/history/blobs")
      expect(yield* latest("/namespaces/group?at=10d")).toBe("/namespaces/group")
      expect(yield* latest("/images/old%2Fgone?at=10d")).toBeUndefined()
      expect(yield* latest("/namespaces/old?at=10d")).toBeUndefined()
      expect(yield* latest("/images?")).toBeUndefined()
    })
  )

  it.effect("now and later instants are the current snapshot, and instants before the first one are 404", () =>
    Effect.gen(function* () {
      const { timestamp } = yield* read("/images")
      for (const at of ["0s", "2999-01-01"]) expect((yield* read(`/images?at=${at}`)).timestamp, at).toBe(timestamp)
      const { json, status } = yield* get("/images?at=41d")
      expect([status, (json as { detail: string }).detail]).toEqual([404, expect.stringContaining(iso(taken(now)[0]!))])
      for (const bad of ["at=x", "at=1d&at=1d", "at=2026-13-01"]) {
        expect((yield* get(`/images?${bad}`)).status, bad).toBe(400)
      }
    })
  )

  it.effect("F15 an entity tag is of one snapshot in one representation", () =>
    Effect.gen(function* () {
      const first = yield* get("/images?at=10d")
      const { etag } = first.headers
      expect((yield* get("/images?at=10d", { "if-none-match": etag! })).status).toBe(304)
      for (const other of ["/images", "/images?at=9d", "/images?at=10d&links=true"]) {
        expect((yield* get(other, { "if-none-match": etag! })).status, other).toBe(200)
      }
      const html = yield* get("/images?at=10d", { accept: "text/html", "if-none-match": etag! })
      expect([html.status, html.headers["content-type"]]).toEqual([200, "text/html; charset=utf-8"])
      expect(html.body).toContain(`at=${iso(taken(now)[30]!)}`)
    })
  )

  it.effect("F12 F13 pages continue in the snapshot of the first page, as long as it is kept", () =>
    Effect.gen(function* () {
      const { refresh } = yield* Collector.Collector
      const first = yield* read("/images?links=true&embed=1&page_size=2")
      const before = yield* get(first._links["next"]!.href)
      yield* Effect.sleep("5 millis")
      yield* refresh
      const after = yield* get(first._links["next"]!.href)
      expect(after.status).toBe(200)
      const second = after.json as Document
      expect(second.timestamp).toBe(first.timestamp)
      expect(names(second)).toEqual(names(before.json as Document))
      // Its links stay there: that is another document.
      expect(after.headers.etag).not.toBe(before.headers.etag)
      const at = `at=${new Date(first.timestamp * 1000).toISOString()}`
      for (const relation of ["self", "first", "prev"]) expect(second._links[relation]!.href, relation).toContain(at)
      expect(names(yield* read(second._links["prev"]!.href))).toEqual(names(first))
      expect(second._links["latest"]!.href).not.toContain("at=")
      // All pages of the past, there and back.
      const seen: Array<string> = []
      let page = yield* read("/images?at=10d&links=true&embed=1&page_size=1&sort=name")
      for (;;) {
        seen.push(...names(page))
        const next = page._links["next"]
        if (next === undefined) break
        page = yield* read(next.href)
      }
      expect(seen).toEqual(["foo", "foo/history", "group/app", "old/gone"])
      // A cursor of a snapshot that never was is gone, wherever it lies in time.
      const word = (takenAt: number) =>
        btoa(encodeURIComponent(JSON.stringify([takenAt, 1, "", ""]))).replace(/=+$/, "")
      for (const takenAt of [0, 1, DateTime.toEpochMillis(now) - 12_345, 9e15]) {
        const { headers, status } = yield* get(`/images?page_size=1&cursor=${word(takenAt)}`)
        expect([status, headers["content-type"]], String(takenAt)).toEqual([410, "application/problem+json"])
      }
    })
  )
})

describe("reading earlier snapshots", () => {
  const made = Effect.fnUntraced(function* (at: SnapshotStore.SnapshotStore["Service"]["at"]) {
    const snapshot = yield* DailySnapshots.snapshotOf([], now)
    const instants = Array.from({ length: 10 }, (_, i) => DateTime.subtractDuration(now, Duration.days(10 - i)))
    const past = yield* EarlierSnapshots.make(
      SnapshotStore.make({
        load: Effect.succeedSome(snapshot),
        save: () => Effect.void,
        history: Effect.succeed(instants),
        at,
        series: () => Effect.never
      })
    )
    return { past, snapshot, instants }
  })

  test.effect("a snapshot is loaded once for all who ask, two at a time at most, and three are kept", () =>
    Effect.gen(function* () {
      const loads: Array<number> = []
      let [open, most] = [0, 0]
      const empty = yield* DailySnapshots.snapshotOf([], now)
      const { instants, past, snapshot } = yield* made((takenAt) =>
        Effect.gen(function* () {
          loads.push(DateTime.toEpochMillis(takenAt))
          most = Math.max(most, ++open)
          yield* Effect.sleep("1 second")
          open--
          return Option.some({ ...empty, takenAt, stale: true })
        })
      )
      const all = yield* Effect.forkChild(
        Effect.forEach([0, 1, 2, 0, 1, 2], (i) => past.at(instants[i]!, snapshot), { concurrency: "unbounded" })
      )
      for (let second = 0; second < 3; second++) yield* TestClock.adjust("1 second")
      const found = yield* Fiber.join(all)
      expect([loads.length, most]).toEqual([3, 2])
      expect(found[3]).toBe(found[0])
      expect(found[0]).toMatchObject({ takenAt: instants[0], stale: false })
      const again = (i: number) =>
        Effect.gen(function* () {
          const fiber = yield* Effect.forkChild(past.at(instants[i]!, snapshot))
          yield* TestClock.adjust("1 second")
          yield* Fiber.join(fiber)
          return loads.length
        })
      expect(yield* again(2)).toBe(3)
      expect(yield* again(3)).toBe(4)
      expect(yield* again(0)).toBe(5)
    })
  )

  test.effect("who leaves does not take it from others, and a failure is not remembered", () =>
    Effect.gen(function* () {
      let loads = 0
      const empty = yield* DailySnapshots.snapshotOf([], now)
      const reason = new SnapshotStore.StoreUnavailable({ detail: "no connection" })
      const { instants, past, snapshot } = yield* made((takenAt) =>
        Effect.gen(function* () {
          const load = ++loads
          yield* Effect.sleep("1 second")
          if (load === 1) return yield* new SnapshotStore.SnapshotStoreError({ operation: "history", reason })
          return Option.some({ ...empty, takenAt })
        })
      )
      const ask = Effect.forkChild(Effect.result(past.at(instants[0]!, snapshot)))
      const failing = yield* ask
      yield* TestClock.adjust("1 second")
      expect(yield* Fiber.join(failing)).toMatchObject({ failure: { status: 503 } })
      const [one, other] = [yield* ask, yield* ask]
      yield* Effect.yieldNow
      yield* Fiber.interrupt(one)
      yield* TestClock.adjust("1 second")
      expect(yield* Fiber.join(other)).toMatchObject({ success: { takenAt: instants[0] } })
      expect(loads).toBe(2)
    })
  )

  test.effect("what takes longer than ten seconds is 503", () =>
    Effect.gen(function* () {
      const { instants, past, snapshot } = yield* made(() => Effect.never)
      const asked = yield* Effect.forkChild(
        Effect.all(
          [
            Effect.result(past.at(instants[0]!, snapshot)),
            Effect.result(past.series({ _tag: "Namespace", path: "" }, { from: now, to: now }))
          ],
          { concurrency: "unbounded" }
        )
      )
      yield* TestClock.adjust("10 seconds")
      for (const result of yield* Fiber.join(asked)) {
        expect(result).toMatchObject({ failure: { status: 503, headers: { "retry-after": "5" } } })
      }
    })
  )
})
