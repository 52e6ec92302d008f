import { Collector, Names, Revocation, SnapshotStore } from "@gitlab-registry-usage/core"
import { DirectoryMemory, Images, RegistryMemory, TokensMemory } from "@gitlab-registry-usage/core/testing"
import { Adapters, Dashboard, Logging, Server, ServerConfig } from "@gitlab-registry-usage/server"
import { describe, expect, it } from "@effect/vitest"
import { DateTime, Effect, FileSystem, Layer, References } from "effect"
import { NodeServices } from "@effect/platform-node"
import { basic, send } from "./app.ts"
import * as Client from "./Client.ts"

const repositories = Effect.map(
  Effect.flatMap(Images.layer("one", 1000), (one) => Images.image({ layers: [one] })),
  (image) => [{ name: Names.RepositoryName.make("group/app"), tags: [{ name: Names.TagName.make("latest"), image }] }]
)

/** The path of a configuration file with this text. */
const written = Effect.fnUntraced(function* (text: string) {
  const fs = yield* FileSystem.FileSystem
  const path = `${yield* fs.makeTempDirectoryScoped()}/usage.conf`
  yield* fs.writeFileString(path, text)
  return path
}, Effect.provide(NodeServices.layer))

const own = Layer.mergeAll(
  DirectoryMemory.layer([{ username: "alice", password: "alice-secret" }]),
  TokensMemory.layer(),
  Layer.unwrap(Effect.map(repositories, (repositories) => RegistryMemory.layer({ repositories })))
)

const general = "[general]\nsocket_host = 127.0.0.1\nsocket_port = 0\nserver_prefix = /usage\nlog_level = error\n"

describe("a server of one's own ports", () => {
  it.live("takes the rest from the configuration, without the sections of those ports", () =>
    Effect.gen(function* () {
      const config = yield* ServerConfig.fromFile(yield* written(`${general}[ldap]\nlogin_failures = 2\n`), {
        without: ["ldap", "jwt", "registry"],
        environment: { GITLAB_REGISTRY_USAGE_REGISTRY_REFRESH_INTERVAL: "1h" }
      })
      expect(config).toMatchObject({ directory: undefined, tokens: undefined, registry: undefined })
      const server = Server.layer(config).pipe(
        Layer.provideMerge(own),
        Layer.provideMerge(Adapters.layer(config)),
        Layer.provide(Logging.layer(config))
      )
      yield* Effect.gen(function* () {
        yield* Effect.flatMap(Collector.Collector, ({ refresh }) => refresh)
        const signIn = send("/usage/auth_token", { headers: basic("alice", "alice-secret") })
        const { auth_token: token } = (yield* signIn).json as { readonly auth_token: string }
        const images = send("/usage/images?embed=1", { headers: { authorization: `Bearer ${token}` } })
        expect((yield* images).body).toContain('"group/app"')
        expect((yield* send("/usage/.well-known/jwks.json")).status).toBe(404)
        // The adapter of the tokens knows nothing of revocations.
        yield* Effect.flatMap(Revocation.Revocation, ({ revoke }) => Effect.flatMap(DateTime.now, revoke))
        expect((yield* images).status).toBe(401)
        yield* Effect.sleep("2 millis")
        expect((yield* signIn).status).toBe(200)
        const wrong = send("/usage/auth_token", { headers: basic("alice", "wrong") })
        expect([(yield* wrong).status, (yield* wrong).status, (yield* wrong).status]).toEqual([401, 401, 429])
      }).pipe(Effect.provide(Client.layer.pipe(Layer.provideMerge(server))))
    }).pipe(Effect.scoped)
  )

  it.live("is made without a configuration file, too, and has the page where that is provided", () => {
    const page = (files: Layer.Layer<never>) =>
      Effect.map(send("/ui/"), ({ body, status }) => ({ body, status })).pipe(
        Effect.provide(
          Client.layer.pipe(
            Layer.provideMerge(Server.layer({ http: { host: "127.0.0.1", port: 0 } })),
            Layer.provide([own, SnapshotStore.layerMemory, Adapters.layerAlone(), files]),
            Layer.provide(Layer.succeed(References.MinimumLogLevel, "None")),
            Layer.fresh
          )
        )
      )
    return Effect.gen(function* () {
      const fs = yield* FileSystem.FileSystem
      const directory = yield* fs.makeTempDirectoryScoped()
      yield* fs.writeFileString(`${directory}/index.html`, "a page")
      expect(yield* page(Dashboard.layerDirectory(directory))).toEqual({ status: 200, body: "a page" })
      expect((yield* page(Layer.empty)).body).toContain("without the page")
      expect((yield* page(Dashboard.layerDirectory(`${directory}/missing`))).body).toContain("without the page")
    }).pipe(Effect.scoped, Effect.provide(NodeServices.layer))
  })
})

describe("the configuration of a file", () => {
  const problems = (text: string, without: ReadonlyArray<ServerConfig.Replaceable>) =>
    Effect.flatMap(written(text), (path) =>
      Effect.map(Effect.flip(ServerConfig.fromFile(path, { without, environment: {} })), ({ problems }) =>
        problems.map(({ subject }) => subject)
      )
    ).pipe(Effect.scoped)

  it.live("has problems in the sections that are read, and where a key that is set is not valid", () =>
    Effect.gen(function* () {
      expect(yield* problems(general, ["ldap", "registry"])).toEqual(["[jwt] secret_key"])
      const set = "[ldap]\nbase_dn = nonsense\n[jwt]\nauth_token_expires = soon\n"
      expect(yield* problems(general + set, ["ldap", "registry", "jwt"])).toEqual([
        "[ldap] base_dn",
        "[jwt] auth_token_expires"
      ])
      const all = yield* problems(general, [])
      expect(all.some((subject) => subject.startsWith("[ldap]"))).toBe(true)
      expect(all.some((subject) => subject.startsWith("[registry]"))).toBe(true)
    })
  )

  it.live("may leave out the keys whose samples --print-default-config prints", () =>
    Effect.gen(function* () {
      const samples = "[ldap]\nhost = ldap.example.com\nbase_dn = ou=people,dc=example,dc=com\n"
      expect(yield* problems(general + samples, ["ldap", "registry"])).toEqual(["[jwt] secret_key"])
    })
  )

  it.live("is that of the environment variables, without a file", () =>
    Effect.gen(function* () {
      const environment = { GITLAB_REGISTRY_USAGE_GENERAL_SOCKET_PORT: "0" }
      const config = yield* ServerConfig.fromEnvironment({ environment, without: ["ldap", "jwt", "registry"] })
      expect(config.http.port).toBe(0)
      const missing = yield* Effect.flip(ServerConfig.fromFile("/missing/usage.conf", { environment }))
      expect(missing.message).toContain("/missing/usage.conf")
    })
  )
})
