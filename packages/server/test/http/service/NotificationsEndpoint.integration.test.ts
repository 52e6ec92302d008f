import { NodeHttpClient } from "@effect/platform-node"
import { RegistryHttp } from "@gitlab-registry-usage/adapter-http"
import { type Change, Collector, SnapshotStore } from "@gitlab-registry-usage/core"
import { DirectoryMemory, Images, RegistryMemory } from "@gitlab-registry-usage/core/testing"
import { DockerRegistry, Servers } from "@gitlab-registry-usage/test-servers"
import { describe, expect, it } from "@effect/vitest"
import { Context, Effect, Layer, Redacted, References, Schedule } from "effect"
import { appLayer, basic, once, send, httpLayer, tokens } from "../../app.ts"

const secret = "the secret of the notifications"
const authorization = `Bearer ${secret}`
const json = { "content-type": "application/vnd.docker.distribution.events.v2+json" }
const envelope = (...events: ReadonlyArray<unknown>) => JSON.stringify({ events })

describe("POST /events", () => {
  const post = (headers: Record<string, string>, body: string) => send("/events", { method: "POST", headers, body })

  it.live("accepts only an envelope with the secret", () =>
    Effect.gen(function* () {
      const push = envelope({ action: "push", target: { repository: "a", tag: "x", digest: "d" } })
      expect((yield* post({ ...json, authorization }, push)).status).toBe(202)
      expect((yield* post({ ...json, authorization }, envelope({ action: "pull", target: {} }))).status).toBe(202)
      const odd = envelope(
        { action: "push", target: { repository: "../../etc" } },
        { action: "push" },
        { action: "push", target: { repository: "a", tag: 1, digest: null } },
        { action: "rename", target: { repository: "a", rename: { from: "../a", to: 7 } } }
      )
      expect((yield* post({ ...json, authorization }, odd)).status).toBe(202)
      expect((yield* post({ ...json, authorization: `bearer ${secret}` }, push)).status).toBe(202)
      for (const wrong of ["", "Bearer", "Bearer x", secret, `${authorization}x`, authorization.toUpperCase()]) {
        expect((yield* post({ ...json, authorization: wrong }, push)).status, wrong).toBe(401)
      }
      expect((yield* post(json, push)).status).toBe(401)
      for (const body of ["", "{", "[]", "{}", '{"events": {}}', '{"events": [{"action": 1}]}']) {
        expect((yield* post({ ...json, authorization }, body)).status, body).toBe(400)
      }
      expect((yield* post({ authorization, "content-type": "text/plain" }, push)).status).toBe(415)
      expect((yield* post({ ...json, authorization }, "x".repeat(2 ** 21))).status).toBe(413)
      expect((yield* send("/events", { headers: { authorization } })).status).toBe(405)
    }).pipe(Effect.provide(appLayer({ repositories: [] }, { eventsToken: Redacted.make(secret) })))
  )

  it.live("takes tags, digests, deletions and renames from it", () =>
    Effect.gen(function* () {
      const changes: Array<Change.Change> = []
      const collector = Layer.effect(
        Collector.Collector,
        Effect.map(Collector.make(), (collector) => ({
          ...collector,
          changed: (more) => Effect.sync(() => void changes.push(...more))
        }))
      )
      const digest = `sha256:${"1".repeat(64)}`
      const body = envelope(
        { action: "push", target: { repository: "a", tag: "x", digest } },
        { action: "push", target: { repository: "a", digest } },
        { action: "push", target: { repository: "a", tag: "not a tag", digest: "not a digest" } },
        { action: "mount", target: { repository: "b", digest } },
        { action: "delete", target: { repository: "a", tag: "y" } },
        { action: "delete", target: { repository: "a", digest } },
        { action: "pull", target: { repository: "c", tag: "x", digest } },
        { action: "rename", target: { repository: "d", rename: { type: "name", from: "d", to: "e" } } }
      )
      yield* post({ ...json, authorization }, body).pipe(
        Effect.provide(
          httpLayer({ eventsToken: Redacted.make(secret) }).pipe(
            Layer.provide(collector),
            Layer.provide([
              SnapshotStore.layerMemory,
              RegistryMemory.layer({ repositories: [] }),
              DirectoryMemory.layer([]),
              tokens
            ]),
            Layer.provideMerge(Layer.succeed(References.MinimumLogLevel, "None"))
          )
        )
      )
      expect(changes).toEqual([
        { repository: "a", tag: "x", digest },
        { repository: "a", digest },
        { repository: "a" },
        { repository: "b", digest },
        { repository: "a", tag: "y", isDeleted: true },
        { repository: "a", digest, isDeleted: true },
        { repository: "d" },
        { repository: "e" }
      ])
    })
  )

  it.live("is 404 without a secret in the configuration", () =>
    Effect.map(post({ ...json, authorization }, envelope()), ({ status }) => expect(status).toBe(404)).pipe(
      Effect.provide(appLayer({ repositories: [] }))
    )
  )
})

/** A registry that tells the server, which reads the registry: each needs the other's address. */
const scene = Effect.gen(function* () {
  const port = yield* Servers.freePort
  const registry = yield* DockerRegistry.start({
    notify: { url: `http://127.0.0.1:${port}/events`, authorization }
  })
  const server = httpLayer({ port, eventsToken: Redacted.make(secret) }).pipe(
    Layer.provideMerge(Collector.layer({ interval: "1 hour" })),
    Layer.provide([
      SnapshotStore.layerMemory,
      RegistryHttp.layer({ url: registry.url }).pipe(Layer.provide(NodeHttpClient.layerUndici)),
      DirectoryMemory.layer([{ username: "alice", password: "alice-secret" }]),
      tokens
    ]),
    Layer.provideMerge(Layer.succeed(References.MinimumLogLevel, "None"))
  )
  return { registry, context: yield* Layer.build(server) }
})

describe.skipIf(Servers.leftOut("notifications of a real registry"))("notifications of a real registry", () => {
  describe("a real registry that notifies", () => {
    it.live("a push and a deletion are visible within about a second, without a crawl", () =>
      Effect.gen(function* () {
        const { context, registry } = yield* scene
        const collector = Context.get(context, Collector.Collector)
        const image = yield* Images.image({ layers: [yield* Images.layer("one", 5000)] })
        const second = yield* Images.image({ layers: [yield* Images.layer("two", 7000)] })
        yield* registry.push("group/old", "1", image)
        yield* collector.refresh
        const before = yield* collector.status

        const inServer = <A, E, R>(effect: Effect.Effect<A, E, R>) => Effect.provide(effect, context)
        const images = inServer(
          Effect.gen(function* () {
            const login = yield* send("/auth_token", { headers: basic("alice", "alice-secret") })
            const { auth_token: token } = login.json as { auth_token: string }
            // Once: the registry reports a change at any time.
            const answer = yield* once("/images?embed=true", { headers: { authorization: `Bearer ${token}` } })
            const { items } = (answer.json as { _embedded: { items: ReadonlyArray<{ name: string; size: number }> } })
              ._embedded
            return Object.fromEntries(items.map(({ name, size }) => [name, size]))
          })
        )
        /** Asks again, for three seconds at the most, until the images are as expected. */
        const eventually = (check: (images: Record<string, number>) => boolean) =>
          images.pipe(
            Effect.repeat({ until: check, schedule: Schedule.spaced("50 millis"), times: 60 }),
            Effect.tap((last) => Effect.sync(() => expect(check(last), JSON.stringify(last)).toBe(true)))
          )
        expect(Object.keys(yield* images)).toEqual(["group/old"])

        yield* registry.push("group/new", "1", second)
        yield* eventually((images) => (images["group/new"] ?? 0) > 7000)
        yield* registry.push("group/old", "2", second)
        yield* eventually((images) => (images["group/old"] ?? 0) > 12_000)
        yield* registry.remove("group/old", image.digest)
        yield* eventually((images) => (images["group/old"] ?? Infinity) < 12_000)

        // Steady traffic: the registry notifies of each tag before it writes it.
        for (let i = 0; i < 25; i++) {
          yield* registry.push("group/new", `tag-${i}`, second)
          yield* Effect.sleep("50 millis")
        }
        yield* eventually((images) => (images["group/new"] ?? 0) > 26 * 7000)
        expect((yield* collector.status).attempts).toEqual(before.attempts)
      })
    )
  })
})
