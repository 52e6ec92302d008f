import { DateTime, Effect, Layer } from "effect"
import { expect, layer } from "@effect/vitest"
import { appLayer, get } from "./app.ts"
import { repositories, store } from "./past.ts"

const now = DateTime.nowUnsafe()

const app = Layer.unwrap(
  Effect.map(repositories(0), (repositories) => appLayer({ repositories }, { store: store(now), capacity: 100_000 }))
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
    expect(status, body).toBe(200)
    return json as Course
  })

layer(app, { excludeTestServices: true })("history", (it) => {
  it.effect("the registry's course has a point for each snapshot, up to the present one", () =>
    Effect.gen(function* () {
      const { json: present } = yield* get("/images")
      const { _links, from, points, step, to } = yield* course("/history?links=true")
      const { timestamp, disk_size, size, unique_size } = present as Point
      expect(to).toBe(timestamp)
      expect(from).toBe(timestamp - 30 * 86_400)
      expect(step).toBe(0)
      expect(points.at(-1)).toEqual({ timestamp, size, disk_size, unique_size, images: 4, tags: 5, gaps: 0 })
      // Of the snapshots that were taken before the server began, thirty are of the last thirty days.
      expect(points.length).toBe(30)
      expect(points.map(({ timestamp }) => timestamp)).toEqual(
        points.map(({ timestamp }) => timestamp).toSorted((a, b) => a - b)
      )
      expect(_links).toEqual({
        self: { href: "/history" },
        up: { href: "/images" },
        growth: { href: "/growth" }
      })
    })
  )
})
