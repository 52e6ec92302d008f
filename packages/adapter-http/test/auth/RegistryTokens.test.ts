import { assert, describe, it } from "@effect/vitest"
import { Crawl, Names, Registry } from "@gitlab-registry-usage/core"
import { Clock, Effect, Redacted, Result, Stream } from "effect"
import { HttpClient } from "effect/http"
import { TestClock } from "effect/testing"
import type { RegistryHttp } from "../../src/index.ts"
import { json, listen, overUndici, registryAt, tag } from "../servers.ts"

const credentials = { username: "reader", token: Redacted.make("secret") }
const repositories = Array.from({ length: 1000 }, (_, i) => Names.RepositoryName.make(`group/image-${i + 1}`))
const tokenPath = "/jwt/auth"

/** A registry of a thousand repositories whose tokens are not JWTs, so that each grants what was asked for. */
const registryWithTokens = (refuses: () => number | undefined = () => undefined) =>
  Effect.gen(function* () {
    const server = yield* listen((request, response, url) => {
      const status = refuses()
      if (url.pathname === tokenPath) {
        return status === undefined
          ? json(response, { token: "opaque", expires_in: 300 })
          : response.writeHead(status).end("Forbidden")
      }
      if (request.headers.authorization?.startsWith("Bearer ") !== true) {
        const realm = `http://${request.headers.host}${tokenPath}`
        return response.writeHead(401, { "www-authenticate": `Bearer realm="${realm}",service="s"` }).end()
      }
      return json(response, url.pathname.endsWith("_catalog") ? { repositories } : { tags: [] })
    })
    const registry = yield* registryAt(server.url, { credentials })
    const scopesOf = (path: string) => new URL(path, server.url).searchParams.getAll("scope")
    return {
      ...server,
      registry,
      tokens: () => server.asked.filter(({ path }) => path.startsWith(tokenPath)).map(({ path }) => scopesOf(path)),
      /** The place among all requests of the one that has this in its path. */
      place: (text: string) => server.asked.findIndex(({ path }) => decodeURIComponent(path).includes(text))
    }
  })

const crawl = (registry: Registry.Registry["Service"], concurrency = 8) =>
  Effect.result(Effect.provideService(Crawl.crawl({ concurrency }), Registry.Registry, registry))

describe("RegistryTokens", () => {
  it.live("the next token is there before the last repository of the one before is read", () =>
    Effect.gen(function* () {
      const { place, registry } = yield* registryWithTokens()
      assert.isTrue(Result.isSuccess(yield* crawl(registry, 1)))
      for (let batch = 1; batch < 60; batch++) {
        const next = place(`repository:group/image-${batch * 16 + 1}:pull`)
        assert.isAbove(next, place(`/v2/group/image-${batch * 16 - 15}/`))
        assert.isBelow(next, place(`/v2/group/image-${batch * 16 - 4}/`))
      }
    }).pipe(overUndici)
  )

  it.live("each scope is asked for once, in no more requests than a fifteenth of the repositories", () =>
    Effect.gen(function* () {
      for (const concurrency of [1, 8, 64, 200]) {
        const { registry, tokens } = yield* registryWithTokens()
        assert.isTrue(Result.isSuccess(yield* crawl(registry, concurrency)))
        const scopes = tokens().flat()
        assert.lengthOf(scopes, 1 + 1000)
        assert.strictEqual(new Set(scopes).size, 1 + 1000)
        assert.isAtMost(tokens().length, Math.floor(1000 / 15))
      }
    }).pipe(overUndici)
  )

  it.live("who needs a single repository gets no further tokens", () =>
    Effect.gen(function* () {
      const { registry, tokens } = yield* registryWithTokens()
      yield* Stream.runDrain(registry.repositories)
      for (let i = 0; i < 5; i++) yield* registry.manifest(repositories[500]!, tag)
      assert.lengthOf(tokens(), 2)
    }).pipe(overUndici)
  )

  /** When a login was refused, in milliseconds. */
  const refusals = (status: number, scheme: "Bearer" | "Basic") =>
    Effect.gen(function* () {
      const at: Array<number> = []
      const server = yield* listen((request, response, url) => {
        if (url.pathname === tokenPath) return response.writeHead(status).end("Forbidden")
        const realm = `http://${request.headers.host}${tokenPath}`
        return response.writeHead(401, { "www-authenticate": `${scheme} realm="${realm}",service="s"` }).end()
      })
      const client = HttpClient.transform(yield* HttpClient.HttpClient, (effect, { headers }) =>
        headers["authorization"] === undefined
          ? effect
          : Effect.tap(effect, () => Effect.map(Clock.currentTimeMillis, (now) => at.push(now)))
      )
      const options: Partial<RegistryHttp.Options> = { credentials, retries: 4 }
      const registry = yield* Effect.provideService(registryAt(server.url, options), HttpClient.HttpClient, client)
      return { at, registry }
    })

  it.effect("F86 crawl after crawl with wrong credentials never comes near the ban: 30 refusals in 3 minutes", () =>
    Effect.gen(function* () {
      for (const [status, scheme] of [
        [401, "Bearer"],
        [403, "Bearer"],
        [401, "Basic"]
      ] as const) {
        const { at, registry } = yield* refusals(status, scheme)
        // An hour of crawls every ten seconds, and between them somebody who looks at twenty images at once.
        for (let i = 0; i < 360; i++) {
          const crawled = yield* crawl(registry, 64)
          assert.strictEqual(Result.isFailure(crawled) && crawled.failure.reason._tag, "Unauthorized")
          if (i % 10 === 0) {
            yield* Effect.forEach(repositories.slice(0, 20), (name) => Effect.flip(registry.manifest(name, tag)), {
              concurrency: "unbounded"
            })
          }
          yield* TestClock.adjust("10 seconds")
        }
        const most = Math.max(...at.map((end) => at.filter((time) => time <= end && time > end - 180_000).length))
        assert.strictEqual(most, 1)
        // One every five minutes: when the credentials were put right, that is found.
        assert.isAtLeast(at.length, 11)
        assert.isAtMost(at.length, 12)
      }
    }).pipe(overUndici)
  )

  it.effect("F86 a token that is revoked while the next one is fetched ahead is refused once", () =>
    Effect.gen(function* () {
      let status: number | undefined
      const { registry, tokens } = yield* registryWithTokens(() => status)
      assert.isTrue(Result.isSuccess(yield* crawl(registry)))
      const before = tokens().length
      status = 401
      yield* TestClock.adjust("10 minutes")
      for (let i = 0; i < 12; i++) {
        assert.isTrue(Result.isFailure(yield* crawl(registry, 64)))
        yield* TestClock.adjust("10 seconds")
      }
      assert.strictEqual(tokens().length, before + 1)
      status = undefined
      yield* TestClock.adjust("4 minutes")
      assert.isTrue(Result.isSuccess(yield* crawl(registry, 64)))
    }).pipe(overUndici)
  )
})
