/** Listings without end, with the limits that the product has: too many requests for real sockets. */
import { assert, describe, it } from "@effect/vitest"
import { Crawl, Registry } from "@gitlab-registry-usage/core"
import { Effect } from "effect"
import { HttpClient, HttpClientResponse } from "effect/http"
import { registryAt } from "../servers.ts"

describe("F122 the limits of listings", () => {
  it.live(
    "F71 a million pages end as a gap of their repository, and the others are read",
    () =>
      Effect.gen(function* () {
        let page = 0
        const answer = ({ pathname }: URL): Response => {
          if (pathname === "/v2/_catalog") return Response.json({ repositories: ["a/endless", "b/empty"] })
          if (pathname === "/v2/b/empty/tags/list") return Response.json({ tags: null })
          if (pathname !== "/v2/a/endless/tags/list") return new Response("", { status: 404 })
          const headers = ++page < 1_000_000 ? { link: `<?n=1000&last=${page}>; rel="next"` } : {}
          return Response.json({ tags: [`t${page}`] }, { headers })
        }
        const client = HttpClient.make((request, url) =>
          Effect.sync(() => HttpClientResponse.fromWeb(request, answer(url)))
        )
        const registry = yield* Effect.provideService(
          registryAt(new URL("https://registry.example.com")),
          HttpClient.HttpClient,
          client
        )
        const { gaps, repositories } = yield* Effect.provideService(Crawl.crawl(), Registry.Registry, registry)
        assert.deepStrictEqual(
          gaps.map(({ repository }): string | undefined => repository),
          ["a/endless"]
        )
        assert.match(gaps[0]!.detail, /more than [\d,]+ pages/)
        assert.isAtMost(page, 10_000)
        assert.deepStrictEqual(
          repositories.map(({ name }): string => name),
          ["a/endless", "b/empty"]
        )
      }).pipe(Effect.scoped),
    120_000
  )
})
