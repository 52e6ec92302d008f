import { SnapshotStore } from "@gitlab-registry-usage/core"
import { describe, expect, it as test, layer } from "@effect/vitest"
import { DateTime, Effect, Layer, Option } from "effect"
import { appLayer, get } from "../../app.ts"
import { daily, repositories, store, taken } from "../../past.ts"

const now = DateTime.nowUnsafe()
const capacity = 100_000

const app = Layer.unwrap(
  Effect.map(repositories(0), (repositories) => appLayer({ repositories }, { store: store(now), capacity }))
)

interface Item {
  readonly name?: string
  readonly path?: string
  readonly before: number | null
  readonly after: number | null
  readonly change: number | null
  readonly percent: number | null
  readonly new_bytes: number | null
  readonly freed_bytes: number | null
  readonly moved_bytes: number | null
  readonly new?: true
  readonly gone?: true
  readonly _links: Record<string, { readonly href: string }>
}
interface Growth extends Item {
  readonly from: number
  readonly to: number
  readonly matching: number
  readonly capacity: number | null
  readonly projection: {
    readonly method: string
    readonly bytes_per_day: number | null
    readonly days: number | null
    readonly full_at: number | null
    readonly reason: string | null
    readonly based_on: { readonly points: number; readonly from: number | null; readonly to: number | null }
  } | null
  readonly _embedded: { readonly items: ReadonlyArray<Item> }
}
const growth = (path: string) =>
  Effect.map(get(path), ({ body, json, status }) => {
    expect(status, `${path} ${body}`).toBe(200)
    return json as Growth
  })
const at = (instant: DateTime.Utc) => DateTime.formatIso(instant)

layer(app, { excludeTestServices: true })("growth", (it) => {
  it.effect("lists the growers of a week, with the totals of both compared snapshots", () =>
    Effect.gen(function* () {
      const found = yield* growth("/growth?embed=1&links=true")
      const { json: present } = yield* get("/images")
      const { disk_size, timestamp } = present as { disk_size: number; timestamp: number }
      const then = taken(now)[33]!
      const { json: past } = yield* get(`/images?at=${at(then)}`)
      const before = (past as { disk_size: number }).disk_size
      expect(found).toMatchObject({
        path: "",
        from: DateTime.toEpochMillis(then) / 1000,
        to: timestamp,
        by: "new_bytes",
        of: "images",
        before,
        after: disk_size,
        change: disk_size - before,
        percent: Math.round(((disk_size - before) / before) * 10_000) / 100,
        matching: 3,
        _links: { self: { href: "/growth" }, up: { href: "/images" }, history: { href: "/history" } }
      })
      const [first, second, third] = found._embedded.items
      expect(first).toMatchObject({
        name: "group/app",
        _links: {
          self: { href: "/growth#group%2Fapp" },
          about: { href: "/images/group%2Fapp" },
          history: { href: "/images/group%2Fapp/history" }
        }
      })
      expect(first!.change).toBeGreaterThan(7 * daily)
      expect(second).toMatchObject({ name: "group/sub/new", before: 0, percent: null, new: true })
      expect(third).toMatchObject({ name: "old/gone", after: 0, percent: -100, gone: true })
      // The image came under another name: nothing of it is new to the registry, and nothing left it.
      expect(second).toMatchObject({ new_bytes: 0, freed_bytes: 0, moved_bytes: second!.change })
      expect(third).toMatchObject({ new_bytes: 0, freed_bytes: 0, moved_bytes: third!.change })
      expect(first).toMatchObject({ moved_bytes: 0, change: first!.new_bytes! - first!.freed_bytes! })
      expect(found).toMatchObject({ new_bytes: first!.new_bytes, moved_bytes: 0, unread_bytes: 0 })
      // What is gone leads to where it was.
      expect(third!._links["about"]).toEqual({ href: `/images/old%2Fgone?at=${at(then)}` })
      for (const { _links } of found._embedded.items) {
        expect((yield* get(_links["about"]!.href)).status).toBe(200)
        expect((yield* get(_links["history"]!.href)).status).toBe(200)
      }
      expect((yield* get("/growth")).json).not.toHaveProperty("_embedded")
    })
  )

  it.effect("selects another size, namespaces, one namespace, and a part of the list", () =>
    Effect.gen(function* () {
      const of = (path: string) =>
        Effect.map(growth(path), ({ _embedded: { items } }) => items.map(({ name, path }) => name ?? path))
      expect(yield* of("/growth?embed=1&of=namespaces")).toEqual(["group", "group/sub", "old"])
      expect(yield* of("/growth?embed=1&limit=1")).toEqual(["group/app"])
      expect(yield* of("/namespaces/group/growth?embed=1")).toEqual(["group/app", "group/sub/new"])
      expect(yield* of("/namespaces/group/growth?embed=1&of=namespaces")).toEqual(["group/sub"])
      // Two tags of one image: twice in size, once on disk.
      const size = yield* growth("/growth?embed=1&by=size")
      const disk = yield* growth("/growth?embed=1")
      const change = ({ _embedded }: Growth) => _embedded.items.find(({ name }) => name === "group/sub/new")!.change!
      expect(change(size)).toBe(2 * change(disk))
      const group = yield* growth("/namespaces/group/growth?embed=1&links=true&of=namespaces&from=4d&limit=5&by=size")
      expect(group).toMatchObject({
        path: "group",
        capacity: null,
        projection: null,
        _links: {
          self: { href: "/namespaces/group/growth?from=4d&by=size&of=namespaces&limit=5" },
          up: { href: "/namespaces/group" },
          history: { href: "/namespaces/group/history" }
        }
      })
      expect(group._embedded.items[0]!._links["about"]).toEqual({ href: "/namespaces/group%2Fsub" })
      expect((yield* get("/namespaces/never/growth")).status).toBe(404)
      const old = yield* growth("/namespaces/old/growth?links=true&embed=1")
      expect(old).toMatchObject({ after: 0, _links: { up: { href: `/namespaces/old?at=${at(taken(now)[33]!)}` } } })
      expect((yield* get(old._links["up"]!.href)).status).toBe(200)
    })
  )

  it.effect("is between any two instants, and 404 before the oldest snapshot", () =>
    Effect.gen(function* () {
      const [oldest, second] = taken(now)
      const early = yield* growth(`/growth?from=2001-01-01&to=${at(second!)}`)
      expect(early).toMatchObject({
        from: DateTime.toEpochMillis(oldest!) / 1000,
        to: DateTime.toEpochMillis(second!) / 1000
      })
      const nothing = yield* growth(`/growth?from=1h&to=30m&embed=1`)
      expect(nothing).toMatchObject({ change: 0, percent: 0, matching: 0, _embedded: { items: [] } })
      const { json, status } = yield* get("/growth?from=2001-01-01&to=2001-01-02")
      expect(status).toBe(404)
      expect((json as { detail: string }).detail).toContain(at(oldest!))
    })
  )

  it.effect("projects when the registry is full, from the sizes of each day", () =>
    Effect.gen(function* () {
      const { after, capacity: told, projection, to } = yield* growth("/growth?from=1d")
      expect(told).toBe(capacity)
      expect(projection).toMatchObject({ method: "theil-sen", reason: null, based_on: { to } })
      expect(projection!.based_on.points).toBeGreaterThanOrEqual(40)
      // A layer each day, and its line in the manifest and in the config.
      expect(projection!.bytes_per_day).toBeGreaterThan(daily)
      expect(projection!.bytes_per_day).toBeLessThan(daily * 1.5)
      expect(projection!.days).toBeCloseTo((capacity - after!) / projection!.bytes_per_day!, 0)
      expect(projection!.full_at! - to).toBeCloseTo(projection!.days! * 86_400, -4)
    })
  )
})

describe("where the earlier snapshot cannot be loaded", () => {
  const withoutSnapshots = Layer.effect(
    SnapshotStore.SnapshotStore,
    Effect.map(SnapshotStore.SnapshotStore, (store) =>
      SnapshotStore.SnapshotStore.of({ ...store, at: () => Effect.succeed(Option.none()) })
    )
  ).pipe(Layer.provide(store(now)))

  test.live("growth is that of the figures, and what is new is unknown", () =>
    Effect.gen(function* () {
      const found = yield* growth("/growth?embed=1")
      expect(found).toMatchObject({ by: "new_bytes", new_bytes: null, moved_bytes: null, matching: 3 })
      expect(found._embedded.items.map(({ name, new_bytes }) => [name, new_bytes])).toEqual([
        ["group/app", null],
        ["group/sub/new", null],
        ["old/gone", null]
      ])
    }).pipe(
      Effect.provide(
        Layer.unwrap(
          Effect.map(repositories(0), (repositories) => appLayer({ repositories }, { store: withoutSnapshots }))
        )
      )
    )
  )
})

describe("a projection", () => {
  const capacityOf = (capacity: number | undefined) =>
    Layer.unwrap(
      Effect.map(repositories(0), (repositories) =>
        appLayer(
          { repositories },
          {
            store: SnapshotStore.layerMemoryOf({ keep: Infinity }),
            ...(capacity === undefined ? {} : { capacity, capacityUnit: "kB" })
          }
        )
      )
    )

  test.live("gives the reason why there is no date", () =>
    Effect.gen(function* () {
      expect(yield* growth("/growth").pipe(Effect.provide(capacityOf(undefined)))).toMatchObject({
        capacity: null,
        projection: { bytes_per_day: null, days: null, full_at: null, reason: "no-capacity", based_on: { points: 1 } }
      })
      expect(yield* growth("/growth").pipe(Effect.provide(capacityOf(5)))).toMatchObject({
        capacity: 5,
        projection: { reason: "too-few-points" }
      })
    })
  )

  test.live("is about the capacity that the status has, with its unit", () =>
    Effect.gen(function* () {
      const status = Effect.map(get("/status"), ({ json }) => json)
      const none = yield* status.pipe(Effect.provide(capacityOf(undefined)))
      expect(none).toMatchObject({ capacity: null, capacity_unit: null })
      const some = yield* status.pipe(Effect.provide(capacityOf(5000)))
      expect(some).toMatchObject({ capacity: 5000, capacity_unit: "kB" })
    })
  )
})
