/**
 * Debian's PostgreSQL with an empty database, which can be stopped and started again.
 */
import * as Fs from "node:fs/promises"
import * as Path from "node:path"
import { Context, Effect, Layer, Ref, Scope } from "effect"
import * as Program from "./Program.ts"
import { freePort, run, ServerError, temporaryDirectory } from "./Servers.ts"

/**
 * A server. Its one user owns the database, and is no superuser.
 */
export class Postgres extends Context.Service<
  Postgres,
  {
    /** The URL, with user and password. */
    readonly url: string
    readonly port: number
    /** Stops the server like an administrator: connections are closed, and open transactions are rolled back. */
    readonly stop: Effect.Effect<void>
    /** Stops the server at once, like a power failure: it recovers when it starts again. */
    readonly crash: Effect.Effect<void>
    /** Starts it again, on the same port. */
    readonly start: Effect.Effect<void, ServerError>
    /** The output of psql for a statement, without headers. The search path includes the product's schema. */
    readonly query: (sql: string) => Effect.Effect<string, ServerError>
  }
>()("@gitlab-registry-usage/test-servers/Postgres") {}

const home = "/usr/lib/postgresql"
const name = "registry_usage"
const password = "registry-secret"

/** The programs of the newest version that is installed. */
const programs: Effect.Effect<string, ServerError> = Effect.tryPromise({
  try: async () => {
    const versions = (await Fs.readdir(home)).filter((version) => /^\d+$/.test(version))
    const newest = versions.sort((a, b) => Number(b) - Number(a))[0]
    if (newest === undefined) throw new Error("no version is installed")
    return Path.join(home, newest, "bin")
  },
  catch: (cause) => new ServerError({ detail: `${home}: ${String(cause)}` })
})

/** PostgreSQL refuses to run as root; then it runs as the user `postgres` that Debian created. */
const user: Effect.Effect<{ readonly uid: number; readonly gid: number } | undefined, ServerError> = Effect.suspend(
  () => {
    if (process.getuid?.() !== 0) return Effect.succeed(undefined)
    return Effect.all([run("/usr/bin/id", ["-u", "postgres"]), run("/usr/bin/id", ["-g", "postgres"])]).pipe(
      Effect.map(([uid, gid]) => ({ uid: Number(uid), gid: Number(gid) }))
    )
  }
)

const settings = (port: number) => ({
  listen_addresses: "127.0.0.1",
  port: String(port),
  unix_socket_directories: "",
  fsync: "off",
  full_page_writes: "off",
  max_connections: "50",
  shared_buffers: "16MB"
})

/** Creates and starts a server on a free port, which stops when the scope closes. */
export const start = Effect.fnUntraced(function* (): Effect.fn.Return<Postgres["Service"], ServerError, Scope.Scope> {
  const bin = yield* programs
  const identity = yield* user
  const directory = yield* temporaryDirectory
  const data = Path.join(directory, "data")
  const secret = Path.join(directory, "password")
  yield* Effect.promise(async () => {
    await Fs.writeFile(secret, password)
    if (identity !== undefined) {
      for (const path of [directory, secret]) await Fs.chown(path, identity.uid, identity.gid)
    }
  })
  const initialize = [
    ...["-D", data, "-U", "postgres", "-E", "UTF8", "--locale=C", "--no-sync", "--no-instructions"],
    ...["-A", "scram-sha-256", `--pwfile=${secret}`]
  ]
  yield* run(Path.join(bin, "initdb"), initialize, { ...identity, cwd: "/", timeout: 60_000 })
  const port = yield* freePort
  const running = yield* Ref.make<Program.Program | undefined>(undefined)
  const scope = yield* Effect.scope
  const stopWith = (signal: NodeJS.Signals) =>
    Effect.flatMap(Ref.get(running), (program) => program?.stop(signal) ?? Effect.void)

  const startAgain = Effect.gen(function* () {
    const args = Object.entries(settings(port)).flatMap(([key, value]) => ["-c", `${key}=${value}`])
    // SIGQUIT stops it at once: its data is not needed any more.
    const options = { identity, cwd: "/", stopSignal: "SIGQUIT" } as const
    const program = yield* Program.launch(Path.join(bin, "postgres"), ["-D", data, ...args], options)
    yield* Ref.set(running, program)
    const ready = run(Path.join(bin, "pg_isready"), ["-q", "-h", "127.0.0.1", "-p", String(port)])
    yield* program.until(ready, "answer")
  }).pipe(Scope.provide(scope))

  const urlOf = (user: string, database: string) => `postgres://${user}:${password}@127.0.0.1:${port}/${database}`
  const ask = (url: string) => (sql: string) =>
    Effect.map(run(Path.join(bin, "psql"), [url, "-X", "-q", "-t", "-A", "-v", "ON_ERROR_STOP=1", "-c", sql]), (text) =>
      text.trim()
    )
  yield* startAgain
  const administer = ask(urlOf("postgres", "postgres"))
  yield* administer(`CREATE ROLE ${name} LOGIN PASSWORD '${password}'`)
  yield* administer(`CREATE DATABASE ${name} OWNER ${name}`)
  yield* administer(`ALTER ROLE ${name} SET search_path = gitlab_registry_usage, public`)
  const url = urlOf(name, name)
  return {
    url,
    port,
    stop: stopWith("SIGINT"),
    crash: stopWith("SIGQUIT"),
    start: startAgain,
    query: ask(url)
  }
})

export const layer: Layer.Layer<Postgres, ServerError> = Layer.effect(Postgres, start())
