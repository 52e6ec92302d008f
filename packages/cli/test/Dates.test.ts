import { Crawl, Registry } from "@gitlab-registry-usage/core"
import { Images, RegistryMemory } from "@gitlab-registry-usage/core/testing"
import { describe, expect, it } from "@effect/vitest"
import { Effect } from "effect"
import * as Dates from "../src/crawl/Dates.ts"

/** The dates of `old` and `broken`, where the requests for the config of `broken`, or those for tags, fail. */
const datesWith = (reason: Registry.RegistryReason, failing: "blob" | "tags") =>
  Effect.gen(function* () {
    const config = (name: string) => ({ name, created: "2020-01-01T00:00:00Z" })
    const broken = yield* Images.image({ layers: [], config: config("broken") })
    const old = yield* Images.image({ layers: [], config: config("old") })
    let isCrawling = true
    const registry = RegistryMemory.make({
      repositories: [Images.repository("group/app", { broken, old })],
      before: (operation, target) =>
        !isCrawling && operation === failing && (failing === "tags" || target.endsWith(broken.blobs[0]!.digest))
          ? Effect.fail(reason)
          : Effect.void
    })
    return yield* Effect.gen(function* () {
      const inventory = yield* Crawl.crawl()
      isCrawling = false
      const { publishedAt } = yield* Dates.ofTags(inventory, 0, [0, 1], 1)
      return [publishedAt(0), publishedAt(1)]
    }).pipe(Effect.provideService(Registry.Registry, registry))
  })

describe("Dates", () => {
  const detail = "as the test wants it"
  const single = [Registry.ServerError, Registry.Denied, Registry.NotFound, Registry.Malformed, Registry.TooLarge]
  it.effect.each(single)("one failure (%s) leaves one date unread", (Reason) =>
    Effect.gen(function* () {
      const reason = new Reason({ detail })
      expect(yield* datesWith(reason, "blob")).toEqual(["unread", Date.UTC(2020, 0, 1)])
      expect(yield* datesWith(reason, "tags")).toEqual(["unread", "unread"])
    })
  )

  const all = [Registry.Unauthorized, Registry.Unreachable, Registry.RateLimited, Registry.Unsafe]
  it.effect.each(all)("a failure of every request (%s) ends the command", (Reason) =>
    Effect.gen(function* () {
      const reason = new Reason({ detail })
      expect((yield* Effect.flip(datesWith(reason, "blob"))).reason).toBe(reason)
      expect((yield* Effect.flip(datesWith(reason, "tags"))).reason).toBe(reason)
    })
  )
})
