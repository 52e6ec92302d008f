/** The example of docs/history.md, as the API tells it. */
import { Hal, SnapshotStore } from "@gitlab-registry-usage/core"
import { DailySnapshots } from "@gitlab-registry-usage/demo"
import { expect, it } from "@effect/vitest"
import { DateTime, Effect } from "effect"
import { readFileSync } from "node:fs"
import * as Courses from "../../../src/http/documents/HistoryDocuments.ts"
import * as Past from "../../../src/http/documents/EarlierSnapshots.ts"
import { repositories } from "../../past.ts"

const guide = readFileSync(new URL("../../../../../docs/history.md", import.meta.url), "utf8")

/** Each request of the guide with the answer below it. */
const examples = [...guide.matchAll(/```http\nGET (\S+)\n```\n\n```json\n([^]*?)```/g)].map(
  ([, request, answer]) => [request!, JSON.parse(answer!) as unknown] as const
)

const now = DateTime.makeUnsafe("2026-03-01T12:00:00Z")

it.effect("the guide's answers are those of the API", () =>
  Effect.gen(function* () {
    expect(examples.length).toBe(2)
    const store = yield* SnapshotStore.SnapshotStore
    yield* DailySnapshots.save({ repositories, now, first: 40, last: 0 })
    const snapshot = yield* DailySnapshots.snapshotOf(yield* repositories(0), now)
    const past = yield* Past.make(store)
    const view = { snapshot, root: "", base: "/images", history: true }
    for (const [request, answer] of examples) {
      const { pathname, searchParams: query } = new URL(request, "http://localhost")
      const context = { view, past, query, capacity: 100_000 }
      const name = pathname === "/growth" ? "growth" : "image_history"
      const resource = yield* Courses.find(name, { image: "group/app" }, context)
      expect(Hal.render(resource!, { embed: query.has("embed") ? 1 : 0, links: query.has("links") })).toEqual(answer)
    }
  }).pipe(Effect.provide(SnapshotStore.layerMemoryOf({ keep: Infinity })))
)
