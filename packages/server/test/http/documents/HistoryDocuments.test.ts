import { Collector, Names, SnapshotStore } from "@gitlab-registry-usage/core"
import { describe, expect, it as test, layer } from "@effect/vitest"
import { DateTime, Duration, Effect, Layer } from "effect"
import { appLayer, get, send, signedIn } from "../../app.ts"
import { daily, repositories, store } from "../../past.ts"

const now = DateTime.nowUnsafe()

const app = Layer.unwrap(
  Effect.map(repositories(0), (repositories) => appLayer({ repositories }, { store: store(now) }))
)

interface Point {
  readonly timestamp: number
  readonly size: number | null
  readonly disk_size: number | null
  readonly unique_size: number | null
  readonly images: number
  readonly tags: number
  readonly gaps: number
}
interface Course {
  readonly from: number
  readonly to: number
  readonly step: number
  readonly points: ReadonlyArray<Point>
  readonly _links: Record<string, { readonly href: string }>
}
const course = (path: string) =>
  Effect.map(get(path), ({ body, json, status }) => {
    expect(status, `${path} ${body}`).toBe(200)
    return json as Course
  })
const detail = (path: string) =>
  Effect.map(get(path), ({ headers, json, status }) => {
    expect(headers["content-type"], path).toBe("application/problem+json")
    return [status, (json as { detail: string }).detail] as const
  })
const day = 86_400

layer(app, { excludeTestServices: true })("history", (it) => {
  it.effect("the registry's time series has a point for each snapshot, including the current one", () =>
    Effect.gen(function* () {
      const { json: present } = yield* get("/images")
      const { _links, from, points, step, to } = yield* course("/history?links=true")
      const { timestamp, disk_size, size, unique_size } = present as Point
      expect(to).toBe(timestamp)
      expect(from).toBe(timestamp - 30 * day)
      expect(step).toBe(0)
      expect(points.at(-1)).toEqual({ timestamp, size, disk_size, unique_size, images: 4, tags: 5, gaps: 0 })
      // Of the snapshots that were taken before the server began, twenty-nine are of the thirty days before its crawl.
      expect(points.length).toBe(30)
      const instants = points.map(({ timestamp }) => timestamp)
      expect(instants).toEqual(instants.toSorted((a, b) => a - b))
      expect(_links).toEqual({ self: { href: "/history" }, up: { href: "/images" }, growth: { href: "/growth" } })
    })
  )

  it.effect("an image and a namespace have a time series, with points only while they existed", () =>
    Effect.gen(function* () {
      const app = yield* course("/images/group%2Fapp/history?from=60d&links=true")
      expect(app).toMatchObject({ name: "group/app", _links: { growth: { href: "/namespaces/group/growth" } } })
      expect(app.points.length).toBe(41)
      const growth = app.points.slice(1).map(({ disk_size }, i) => disk_size! - app.points[i]!.disk_size!)
      // The last day is that of the crawl: it has one layer more; the manifest grows with it.
      for (const step of growth) expect(step).toBeGreaterThanOrEqual(daily)
      const sub = yield* course("/namespaces/group%2Fsub/history?links=true")
      expect(sub).toMatchObject({ path: "group/sub", _links: { up: { href: "/namespaces/group%2Fsub" } } })
      expect(sub.points.length).toBe(4)
      expect(sub.points[0]).toMatchObject({ images: 1, tags: 2, gaps: 0 })
      expect((yield* course("/images/foo/history?from=1h")).points.length).toBe(1)
    })
  )

  it.effect("a deleted entity has points while it existed, and links to its last snapshot", () =>
    Effect.gen(function* () {
      const gone = yield* course("/images/old%2Fgone/history?links=true")
      const last = gone.points.at(-1)!
      expect(gone.to - last.timestamp).toBeGreaterThan(5 * day)
      const at = new Date(last.timestamp * 1000).toISOString()
      expect(gone._links["up"]).toEqual({ href: `/images/old%2Fgone?at=${at}` })
      expect(gone._links["growth"]).toEqual({ href: "/growth" })
      expect((yield* get(gone._links["up"]!.href)).json).toMatchObject({ name: "old/gone", tags: 1 })
      const [status, message] = yield* detail("/images/old%2Fgone/history?from=4d")
      expect([status, message]).toEqual([
        404,
        expect.stringContaining('there is no image "old/gone" in the current snapshot or in this period')
      ])
      expect((yield* get("/images/never%2Fwas/history")).status).toBe(404)
      expect((yield* get("/namespaces/never/history")).status).toBe(404)
    })
  )

  it.effect("the time series has the last snapshot of each step, and states the step", () =>
    Effect.gen(function* () {
      const all = yield* course("/history?from=40d&step=0")
      const weekly = yield* course("/history?from=40d&step=1w&links=true")
      expect(weekly.step).toBe(7 * day)
      const week = ({ timestamp }: Point) => Math.floor(timestamp / (7 * day))
      expect(weekly.points).toEqual(
        all.points.filter((point, i) => week(point) !== week(all.points[i + 1] ?? weekly.points[0]!))
      )
      expect(weekly._links["self"]).toEqual({ href: "/history?from=40d&step=7d" })
      expect(yield* course(`${weekly._links["self"]!.href}&links=true`)).toEqual(weekly)
    })
  )

  it.effect("instants are accepted in each form, and written in one", () =>
    Effect.gen(function* () {
      const millis = DateTime.toEpochMillis(now) - 10 * day * 1000
      const iso = new Date(millis).toISOString()
      const self = `/history?from=${iso}&to=2d`
      const offset = iso.replace("Z", "+00:00")
      for (const from of [iso, encodeURIComponent(iso), String(millis / 1000), offset, encodeURIComponent(offset)]) {
        const { _links, points } = yield* course(`/history?to=48h&links=true&from=${from}`)
        expect(_links["self"], from).toEqual({ href: self })
        expect(points.length, from).toBe(9)
      }
      const { from } = yield* course("/history?from=2026-01-31")
      expect(from).toBe(Date.UTC(2026, 0, 31) / 1000)
      const empty = yield* course("/history?from=2001-01-01&to=2001-12-31T23:59:59Z")
      expect(empty.points).toEqual([])
    })
  )

  it.effect("F10 F13 malformed, repeated or reversed parameters are 400 with what to write", () =>
    Effect.gen(function* () {
      for (const path of ["/history", "/images/foo/history", "/namespaces/group/history", "/growth"]) {
        for (const bad of [
          "from=yesterday",
          "from=2026-02-30",
          "from=2026-01-31T12:00",
          "from=-1",
          "to=99999999999999",
          "to=1e9",
          "from=1d&from=2d",
          "to=1d&to=1d",
          "from=1d&to=2d",
          "to=7x",
          "from=99999999999999d",
          "embed=x"
        ]) {
          const [status, message] = yield* detail(`${path}?${bad}`)
          expect(status, `${path}?${bad} ${message}`).toBe(400)
          expect(message).toMatch(/such as|given 2 times|earlier one|takes/)
        }
      }
      for (const bad of ["step=abc", "step=-1h", "step=1", "step=1h&step=1h", "step=99999d"]) {
        expect(yield* detail(`/history?${bad}`), bad).toEqual([400, expect.stringMatching(/such as 1h|given 2 times/)])
      }
      for (const bad of [
        "by=age",
        "of=tags",
        "limit=0",
        "limit=1001",
        "limit=a",
        "limit=1&limit=2",
        "by=size&by=size"
      ]) {
        expect((yield* detail(`/growth?${bad}`))[0], bad).toBe(400)
      }
    })
  )

  it.effect("F03 images whose name ends with history: the canonical form wins", () =>
    Effect.gen(function* () {
      // The history of `foo`, although an image `foo/history` exists.
      expect(yield* course("/images/foo/history")).toMatchObject({ name: "foo" })
      expect((yield* get("/images/foo%2Fhistory")).json).toMatchObject({ name: "foo/history", tags: 1 })
      expect(yield* course("/images/foo%2Fhistory/history")).toMatchObject({ name: "foo/history" })
      expect(yield* course("/images/foo/history/history")).toMatchObject({ name: "foo/history" })
      expect((yield* get("/images/foo/tags/history")).json).toMatchObject({ name: "history" })
      // Written without %2F there is one reading of it.
      expect(yield* course("/images/group/app/history")).toMatchObject({ name: "group/app" })
      expect(yield* course("/namespaces/group/sub/history")).toMatchObject({ path: "group/sub" })
      expect((yield* get("/images/foo/history/tags")).status).toBe(200)
    })
  )

  it.effect("F15 is 304 as long as the snapshot is the same, also with defaults and relative instants", () =>
    Effect.gen(function* () {
      for (const path of ["/history", "/images/foo/history?from=7d", "/growth?embed=1", "/namespaces/group/growth"]) {
        const first = yield* get(path)
        expect(first.headers.etag, path).toMatch(/^"[\w-]+"$/)
        expect(first.headers["cache-control"]).toBe("private, no-cache")
        expect(first.headers["vary"]).toContain("Accept")
        expect((yield* get(path)).headers.etag).toBe(first.headers.etag)
        const again = yield* get(path, { "if-none-match": first.headers.etag! })
        expect([again.status, again.body], path).toEqual([304, ""])
        expect((yield* get(path, { "if-none-match": first.headers.etag!, accept: "text/html" })).status).toBe(200)
        expect((yield* send(path, { headers: { "if-none-match": first.headers.etag! } })).status).toBe(401)
      }
    })
  )

  it.effect("F16 F18 without a token there is a challenge, for existing and unknown entities", () =>
    Effect.gen(function* () {
      for (const path of ["/history", "/growth", "/images/foo/history", "/images/never/history", "/images?at=1d"]) {
        const { body, headers, status } = yield* send(path)
        expect([status, headers["www-authenticate"]], path).toEqual([401, expect.stringMatching(/^Bearer realm=/)])
        expect(body).toBe((yield* send("/images")).body)
      }
    })
  )

  it.effect("F09 other methods are 405, HEAD is GET without a body", () =>
    Effect.gen(function* () {
      const headers = yield* signedIn
      for (const path of ["/history", "/growth", "/images/foo/history", "/namespaces/group/growth"]) {
        expect((yield* send(path, { method: "POST", headers })).headers["allow"], path).toBe("GET, HEAD, OPTIONS")
        expect((yield* send(path, { method: "OPTIONS" })).status).toBe(204)
        const [got, head] = [yield* get(path), yield* send(path, { method: "HEAD", headers })]
        expect([head.status, head.body, head.headers.etag]).toEqual([200, "", got.headers.etag])
        expect(head.headers["content-length"]).toBe(got.headers["content-length"])
      }
    })
  )

  it.effect("the links of both collections of images stay within their own path", () =>
    Effect.gen(function* () {
      const { _links } = yield* course("/repositories/group%2Fapp/history?links=true")
      expect(_links["self"]).toEqual({ href: "/repositories/group%2Fapp/history" })
      expect(_links["up"]).toEqual({ href: "/repositories/group%2Fapp" })
      const { json } = yield* get("/repositories?links=true&embed=true")
      expect(JSON.stringify(json)).not.toContain("/images")
    })
  )

  it.effect("an HTML page has the points as a table", () =>
    Effect.gen(function* () {
      const { body, status } = yield* get("/history", { accept: "text/html" })
      expect(status).toBe(200)
      expect(body.match(/<tr>/g)!.length).toBe(31)
      expect(body).toContain('<a href="/growth">growth</a>')
      const growth = yield* get("/growth", { accept: "text/html" })
      expect(growth.body).toContain('<a href="/images/group%2Fapp">group/app</a>')
    })
  )

  it.effect("is in the description of the API", () =>
    Effect.gen(function* () {
      const { json } = yield* send("/openapi.json")
      const { paths } = json as {
        paths: Record<string, { get: { parameters: ReadonlyArray<{ name: string; description?: string }> } }>
      }
      const parameters = (path: string) => paths[path]!.get.parameters.map(({ name }) => name)
      expect(parameters("/history")).toEqual(expect.arrayContaining(["from", "to", "step"]))
      expect(parameters("/images/{image}/history")).toEqual(expect.arrayContaining(["image", "from", "to", "step"]))
      expect(parameters("/namespaces/{namespace}/growth")).toEqual(expect.arrayContaining(["by", "of", "limit"]))
      expect(parameters("/images/{image}/tags/{tag}/blobs")).toContain("at")
    })
  )

  it.effect("every entity with a history has a link to it, and so has the root", () =>
    Effect.gen(function* () {
      const at = { href: "/images{?at}", templated: true }
      const ways = { history: { href: "/history" }, growth: { href: "/growth" } }
      expect((yield* send("/?links=true")).json).toMatchObject({ _links: { ...ways, at } })
      expect((yield* get("/images?links=true")).json).toMatchObject({ _links: { ...ways, at } })
      expect((yield* get("/namespaces?links=true")).json).toMatchObject({ _links: ways })
      expect((yield* get("/namespaces/group?links=true")).json).toMatchObject({
        _links: { history: { href: "/namespaces/group/history" }, growth: { href: "/namespaces/group/growth" } }
      })
      expect((yield* get("/images/foo?links=true")).json).toMatchObject({
        _links: { history: { href: "/images/foo/history" } }
      })
    })
  )
})

layer(
  Layer.unwrap(
    Effect.map(repositories(0), (repositories) =>
      appLayer({ repositories }, { store: store(now), prefix: "/registry" })
    )
  ),
  { excludeTestServices: true }
)("history behind a prefix", (it) => {
  it.effect("F25 the prefix is in every link", () =>
    Effect.gen(function* () {
      for (const path of [
        "/history",
        "/growth",
        "/images/foo/history",
        "/namespaces/group/growth",
        "/images?at=1d&page_size=1",
        "/images/foo/tags/history/blobs?at=10d",
        "/"
      ]) {
        const { body } = yield* get(`/registry${path}${path.includes("?") ? "&" : "?"}links=true&embed=true`)
        const links = [...body.matchAll(/"href":"([^"]*)"/g)].map(([, href]) => href!)
        expect(links.length, path).toBeGreaterThan(1)
        for (const href of links) expect(href, path).toMatch(/^\/registry\//)
      }
    })
  )
})

describe("history without a database", () => {
  test.live("is not linked, and each way to it is 404 that names the key", () =>
    Effect.gen(function* () {
      for (const path of ["/", "/images", "/images/foo", "/namespaces", "/namespaces/group"]) {
        const { json } = yield* get(`${path}?links=true&embed=true`)
        expect(JSON.stringify(json), path).not.toMatch(/"(history|growth|at|latest)":\{"href"/)
      }
      for (const path of [
        "/history",
        "/growth",
        "/images/group%2Fapp/history",
        "/namespaces/group/history",
        "/namespaces/group/growth",
        "/images?at=7d",
        "/images/foo?at=7d",
        "/images/foo/tags/history/blobs?at=1d"
      ]) {
        expect(yield* detail(path), path).toEqual([404, expect.stringContaining("set path or url in [database]")])
      }
      // What was found before there was history is found still.
      expect((yield* get("/images/foo/history")).json).toMatchObject({ name: "foo/history" })
    }).pipe(Effect.provide(Layer.unwrap(Effect.map(repositories(0), (repositories) => appLayer({ repositories })))))
  )
})

describe("many points", () => {
  const figures = { sizes: undefined, repositories: 1, tags: 0, gaps: 0 }
  const many = Layer.effect(
    SnapshotStore.SnapshotStore,
    Effect.map(SnapshotStore.SnapshotStore, (store) =>
      SnapshotStore.SnapshotStore.of({
        ...store,
        series: (_, { from, to }) =>
          Effect.succeed(
            Array.from({ length: 6000 }, (_, i) => DateTime.subtractDuration(now, Duration.minutes((6000 - i) * 10)))
              .filter((takenAt) => DateTime.between(takenAt, { minimum: from, maximum: to }))
              .map((takenAt) => ({ takenAt, figures }))
          )
      })
    )
  ).pipe(Layer.provide(SnapshotStore.layerMemoryOf({ keep: Infinity })))

  test.live("are at most 500 unless asked for, and at most 5,000 then", () =>
    Effect.gen(function* () {
      const usual = yield* course("/images/a/history?from=60d")
      expect(usual.points.length).toBeLessThanOrEqual(500)
      expect(usual.step).toBe(3 * 3600)
      const finer = yield* course("/images/a/history?from=60d&step=1h")
      expect(finer.points.length).toBeGreaterThanOrEqual(1000)
      const [status, message] = yield* detail("/images/a/history?from=60d&step=0")
      expect(status).toBe(400)
      expect(message).toMatch(/600\d points .* at most 5000: .* such as 30m/)
      expect((yield* course("/images/a/history?from=30d&step=0")).points.length).toBeGreaterThan(4300)
    }).pipe(
      Effect.provide(appLayer({ repositories: [{ name: Names.RepositoryName.make("a"), tags: [] }] }, { store: many }))
    )
  )
})

describe("a store that fails", () => {
  test.live("F27 is 503 with Retry-After, and the present is served on", () => {
    let failing = false
    const reason = new SnapshotStore.StoreUnavailable({ detail: "connection refused" })
    const error = new SnapshotStore.SnapshotStoreError({ operation: "history", reason })
    const or = <A>(effect: Effect.Effect<A, SnapshotStore.SnapshotStoreError>) =>
      Effect.suspend(() => (failing ? Effect.fail(error) : effect))
    const flaky = Layer.effect(
      SnapshotStore.SnapshotStore,
      Effect.map(SnapshotStore.SnapshotStore, (store) =>
        SnapshotStore.SnapshotStore.of({
          ...store,
          history: or(store.history),
          at: (instant) => or(store.at(instant)),
          series: (...of) => or(store.series(...of)),
          figuresAt: (instant) => or(store.figuresAt(instant))
        })
      )
    ).pipe(Layer.provide(store(now)))
    return Effect.gen(function* () {
      expect((yield* get("/history?from=1d")).status).toBe(200)
      failing = true
      for (const path of ["/history", "/growth", "/images/foo/history", "/namespaces/group/growth", "/images?at=9d"]) {
        const answer = yield* get(path)
        expect([answer.status, answer.headers["retry-after"]], path).toEqual([503, "5"])
        expect(answer.body).not.toContain("connection refused")
      }
      expect((yield* get("/images")).status).toBe(200)
      // What was told of this snapshot is known still.
      expect((yield* get("/history?from=1d")).status).toBe(200)
      failing = false
      for (const path of ["/history", "/growth", "/images?at=9d"]) expect((yield* get(path)).status, path).toBe(200)
      yield* Effect.flatMap(Collector.Collector, ({ refresh }) => refresh)
    }).pipe(
      Effect.provide(
        Layer.unwrap(Effect.map(repositories(0), (repositories) => appLayer({ repositories }, { store: flaky })))
      )
    )
  })
})
