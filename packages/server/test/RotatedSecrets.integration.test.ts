import { NodeServices } from "@effect/platform-node"
import { Collector, SnapshotStore } from "@gitlab-registry-usage/core"
import { Images } from "@gitlab-registry-usage/core/testing"
import { DockerRegistry, Postgres, Servers, Slapd } from "@gitlab-registry-usage/test-servers"
import { describe, expect, it } from "@effect/vitest"
import { Context, Effect, Layer, Logger, Option } from "effect"
import { mkdir, rename, symlink, writeFile } from "node:fs/promises"
import * as ServerConfig from "../src/config/options/ServerConfig.ts"
import { Adapters, Server } from "@gitlab-registry-usage/server"
import * as Stores from "../src/stores/Stores.ts"
import { basic, send } from "./app.ts"
import * as Client from "./Client.ts"
import { ini, written } from "./config/fixture.ts"

/** A volume with secrets as Kubernetes makes it: each file is a link through `..data`, which is moved at once. */
const volume = Effect.fnUntraced(function* (first: Readonly<Record<string, string>>) {
  const home = yield* Servers.temporaryDirectory
  let generation = 0
  const replace = (secrets: Readonly<Record<string, string>>) =>
    Effect.promise(async () => {
      const directory = `..${++generation}`
      await mkdir(`${home}/${directory}`)
      for (const [name, secret] of Object.entries(secrets)) await writeFile(`${home}/${directory}/${name}`, secret)
      await symlink(directory, `${home}/..data_tmp`)
      await rename(`${home}/..data_tmp`, `${home}/..data`)
    })
  yield* replace(first)
  yield* Effect.promise(() =>
    Promise.all(Object.keys(first).map((name) => symlink(`..data/${name}`, `${home}/${name}`)))
  )
  return { path: (name: string) => `${home}/${name}`, replace }
})

describe.skipIf(Servers.leftOut("slapd, docker-registry and PostgreSQL"))("secrets that are replaced", () => {
  it.live(
    "F131 are used without a restart for the directory, the registry and the database, and each is logged once",
    () => {
      const lines: Array<string> = []
      const logs = Logger.layer([
        Logger.make(({ logLevel, message }) => void lines.push(`${logLevel} ${String(message)}`))
      ])
      return Effect.gen(function* () {
        const grants = (_type: string, _name: string, actions: ReadonlyArray<string>) => actions
        const registry = yield* DockerRegistry.start({
          tokens: { users: { usage: { password: "canary-registry-1", grants } }, life: 1 }
        })
        yield* registry.push("group/app", "1.0", yield* Images.image({ layers: [yield* Images.layer("a", 1000)] }))
        const slapd = yield* Slapd.start()
        const postgres = yield* Postgres.start()
        const before = {
          bind_password: Slapd.service.password,
          access_token: "canary-registry-1",
          database_password: "registry-secret"
        }
        const after = {
          bind_password: "canary-service-2",
          access_token: "canary-registry-2\n",
          database_password: "canary-database-2\n"
        }
        const secrets = yield* volume(before)
        const path = yield* written(
          ini({
            general: { socket_port: "0" },
            ldap: {
              host: slapd.ldaps.replace("ldaps://", ""),
              base_dn: slapd.baseDn,
              valid_gid: String(Slapd.gidNumber),
              ca_file: yield* written(slapd.authority),
              bind_dn: Slapd.service.dn,
              bind_password_file: secrets.path("bind_password"),
              refusal_time: "1ms"
            },
            registry: {
              gitlab_base_url: registry.tokens!.realm,
              registry_base_url: registry.url.href,
              username: "usage",
              access_token: undefined,
              access_token_file: secrets.path("access_token"),
              refresh_interval: "1h"
            },
            database: {
              url: postgres.url.replace(":registry-secret@", "@"),
              password_file: secrets.path("database_password")
            }
          })
        )
        const config = yield* ServerConfig.load({ file: { path, required: true }, environment: {} })
        const services = yield* Layer.build(
          Client.layer.pipe(Layer.provideMerge(Server.layer(config).pipe(Layer.provide(Adapters.layer(config)))))
        )
        const stores = yield* Layer.build(Layer.fresh(Stores.layer(config)))
        const collector = Context.get(services, Collector.Collector)
        const store = Context.get(stores, SnapshotStore.SnapshotStore)
        const signIn = send("/auth_token", { headers: basic("alice", "alice-secret") }).pipe(
          Effect.map(({ status }) => status),
          Effect.provide(services)
        )
        const crawl = Effect.andThen(
          collector.refresh,
          Effect.map(collector.status, ({ lastError }) => lastError)
        )
        yield* Effect.repeat(Effect.sleep("50 millis"), {
          while: () => Effect.map(collector.current, Option.isNone),
          times: 200
        })
        expect(yield* signIn).toBe(200)

        // The secrets change where they count, and not yet in the files.
        yield* Servers.run("/usr/bin/ldappasswd", [
          ...["-x", "-H", slapd.ldap, "-D", Slapd.administrator.dn, "-w", Slapd.administrator.password],
          ...["-s", "canary-service-2", Slapd.service.dn]
        ])
        registry.tokens!.setPassword("usage", "canary-registry-2")
        yield* postgres.administer("ALTER ROLE registry_usage PASSWORD 'canary-database-2'")
        yield* postgres.administer(
          "SELECT count(pg_terminate_backend(pid)) FROM pg_stat_activity WHERE usename = 'registry_usage'"
        )
        yield* Effect.sleep("1500 millis")
        expect(yield* signIn).toBe(503)
        yield* Effect.ignore(crawl)
        expect(registry.tokens!.refused()).toBeGreaterThan(0)
        expect((yield* Effect.flip(store.load)).message).toContain("password authentication failed")

        yield* secrets.replace(after)
        expect(yield* signIn).toBe(200)
        const refused = registry.tokens!.refused()
        yield* collector.refresh
        expect(registry.tokens!.refused()).toBe(refused)
        expect(Option.isSome(yield* store.load)).toBe(true)

        // A file that cannot be used changes nothing.
        yield* secrets.replace({ ...after, bind_password: "", access_token: "" })
        expect(yield* signIn).toBe(200)
        expect(yield* signIn).toBe(200)
        const count = (part: string) => lines.filter((line) => line.includes(part)).length
        expect(count("[ldap] bind_password_file: the file was replaced")).toBe(1)
        expect(count("[registry] access_token_file: the file was replaced")).toBe(1)
        expect(count("[ldap] bind_password_file: the file does not hold what is accepted")).toBe(1)
      }).pipe(Effect.scoped, Effect.provide([NodeServices.layer, logs]))
    }
  )
})
