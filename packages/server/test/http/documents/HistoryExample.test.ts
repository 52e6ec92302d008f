/** The example of docs/history.md. */
import { Hal, SnapshotStore } from "@gitlab-registry-usage/core"
import { DailySnapshots } from "@gitlab-registry-usage/demo"
import { expect, it } from "@effect/vitest"
import { DateTime, Effect } from "effect"
import { readFileSync } from "node:fs"
import { routes } from "../../../src/http/api/Api.ts"
import * as Documents from "../../../src/http/documents/Documents.ts"
import * as HistoryDocuments from "../../../src/http/documents/HistoryDocuments.ts"
import * as Parameters from "../../../src/http/query/Parameters.ts"
import * as EarlierSnapshots from "../../../src/http/documents/EarlierSnapshots.ts"
import { repositories } from "../../past.ts"

const guide = readFileSync(new URL("../../../../../docs/history.md", import.meta.url), "utf8")

/** Each request of the guide with the answer below it. */
const examples = [...guide.matchAll(/```http\nGET (\S+)\n```\n\n```json\n([^]*?)```/g)].map(
  ([, request, answer]) => [request!, JSON.parse(answer!) as unknown] as const
)

const now = DateTime.makeUnsafe("2026-03-01T12:00:00Z")

it.effect("the responses in the guide are those of the API", () =>
  Effect.gen(function* () {
    expect(examples.length).toBe(2)
    const store = yield* SnapshotStore.SnapshotStore
    yield* DailySnapshots.save({ repositories, now, first: 40, last: 0 })
    const snapshot = yield* DailySnapshots.snapshotOf(yield* repositories(0), now)
    const earlier = yield* EarlierSnapshots.make(store)
    const view = { snapshot, root: "", base: "/images", history: true }
    for (const [request, answer] of examples) {
      const { pathname, searchParams } = new URL(request, "http://localhost")
      const query = yield* Effect.fromResult(Parameters.decode(searchParams))
      const { resource: shown } = routes[pathname === "/growth" ? "growth" : "image_history"]
      if (shown === undefined || shown._tag === "Snapshot") return expect.fail("the route shows no history")
      const context = { view, earlier, query, capacity: 100_000 }
      const resource = yield* HistoryDocuments.find(shown, { image: "group/app" }, context)
      expect(Hal.render(resource!, Documents.rendering(query))).toEqual(answer)
    }
  }).pipe(Effect.provide(SnapshotStore.layerMemoryOf({ keep: Infinity })))
)
