/** A registry with forty days of past, in the SQLite file of a server, and that server. */
import { Sqlite } from "@gitlab-registry-usage/adapter-sql"
import { JwtTokens, KeySet } from "@gitlab-registry-usage/adapter-jwt"
import { Registry, SnapshotStore } from "@gitlab-registry-usage/core"
import { Images } from "@gitlab-registry-usage/core/testing"
import { DailySnapshots, DemoDirectory } from "@gitlab-registry-usage/demo"
import { Adapters, Server as UsageServer } from "@gitlab-registry-usage/server"
import { Context, DateTime, Effect, Layer, Redacted, References, Stream } from "effect"
import { HttpServer } from "effect/http"
import { writeFile } from "node:fs/promises"
import { join } from "node:path"
import { directory } from "./program.ts"

/** When the latest snapshot was taken; one was taken each day before. */
export const latest = DateTime.makeUnsafe("2026-03-01T12:00:00Z")
export const days = 40
const daily = 100_000

const imageOf = (name: string, size: number) =>
  Effect.flatMap(Images.layer(name, size), (layer) => Images.image({ layers: [layer] }))

/**
 * So many days before the latest snapshot: one repository grows each day, one comes, one goes, one cannot be read any more,
 * and a tag moves to an image of the same size.
 */
const repositories = Effect.fnUntraced(function* (daysAgo: number) {
  const layers = yield* Effect.forEach(
    Array.from({ length: days - daysAgo }, (_, day) => day),
    (day) => Images.layer(`day ${day}`, daily)
  )
  const app = yield* Images.image({ layers, config: { os: "linux" } })
  const gone = yield* imageOf("gone", 700_000)
  const added = yield* imageOf("new", 300_000)
  const tool = yield* imageOf(daysAgo > 2 ? "before" : "behind", 50_000)
  const vault = yield* imageOf("vault", 20_000)
  const denied = new Registry.Denied({ detail: "no access" })
  return [
    Images.repository("closed/vault", { "1.0": vault }, daysAgo > 3 ? undefined : denied),
    Images.repository("group/app", { latest: app, ...(daysAgo > 4 ? {} : { stable: app }) }),
    ...(daysAgo > 3 ? [] : [Images.repository("group/sub/new", { latest: added })]),
    ...(daysAgo > 5 ? [Images.repository("old/gone", { "1.0": gone })] : []),
    Images.repository("tools/build", { latest: tool })
  ]
})

/** The file of the database, the address of the server on it, and files with what lets one read there. */
export class Server extends Context.Service<
  Server,
  {
    readonly database: string
    readonly url: string
    readonly tokenFile: string
    readonly token: string
    readonly credentialsFile: string
    /** A server without a database. */
    readonly withoutHistory: string
  }
>()("Server") {}

const tokens = JwtTokens.layer({
  current: KeySet.sharedSecret(Redacted.make("a test secret of more than thirty-two bytes")),
  issuer: "test",
  audience: "test"
})

/** The registry does not answer any more, so that what was kept stays the latest. */
const silent = Layer.mock(Registry.Registry)({ repositories: Stream.never })

const serve = Effect.fnUntraced(function* (store: Layer.Layer<SnapshotStore.SnapshotStore, unknown>) {
  const app = UsageServer.layer({ http: { host: "127.0.0.1", port: 0, capacity: 10_000_000, prefix: "/usage" } }).pipe(
    Layer.provide([store, silent, DemoDirectory.layer, tokens, Adapters.layerAlone()])
  )
  const context = yield* Layer.build(Layer.fresh(app))
  const { address } = Context.get(context, HttpServer.HttpServer)
  return `${HttpServer.formatAddress(address).replace(/\/$/, "")}/usage`
})

const get = (url: string, headers: Record<string, string>) =>
  Effect.promise(async () => (await fetch(url, { headers, signal: AbortSignal.timeout(10_000) })).json())

export const layerServer = Layer.effect(
  Server,
  Effect.gen(function* () {
    const place = yield* directory
    const database = join(place, "usage.sqlite")
    yield* DailySnapshots.save({ repositories, now: latest, first: days, last: 0 }).pipe(
      Effect.provide(Sqlite.layer({ path: database }))
    )
    const [url, withoutHistory] = [
      yield* serve(Sqlite.layer({ path: database })),
      yield* serve(SnapshotStore.layerMemory)
    ]
    const [{ password, username }] = DemoDirectory.users
    const basic = `Basic ${Buffer.from(`${username}:${password}`).toString("base64")}`
    const { auth_token: token } = (yield* get(`${url}/auth_token`, { authorization: basic })) as { auth_token: string }
    const [tokenFile, credentialsFile] = [join(place, "token"), join(place, "credentials")]
    yield* Effect.promise(() => writeFile(tokenFile, `${token}\n`))
    yield* Effect.promise(() => writeFile(credentialsFile, `${username}\n${password}\n`))
    return { database, url, tokenFile, token, credentialsFile, withoutHistory }
  })
).pipe(Layer.provide(Layer.succeed(References.MinimumLogLevel, "None")))
