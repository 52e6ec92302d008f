/**
 * Debian's PostgreSQL with an empty database, which can be stopped and started again, and a standby of it.
 */
import * as Fs from "node:fs/promises"
import * as Path from "node:path"
import { Context, Effect, Layer, Ref, Scope } from "effect"
import type * as Certificates from "./Certificates.ts"
import * as Program from "./Program.ts"
import { freePort, run, ServerError, temporaryDirectory } from "./Servers.ts"

/** A server that runs, and its end. */
export interface Cluster {
  /** The URL, with user and password. */
  readonly url: string
  readonly port: number
  /** The directory of its Unix socket. */
  readonly socketDirectory: string
  /** Stops the server like an administrator: connections are closed, and open transactions are rolled back. */
  readonly stop: Effect.Effect<void>
  /** Stops the server at once, like a power failure: it recovers when it starts again. */
  readonly crash: Effect.Effect<void>
  /** Starts it again, on the same port. */
  readonly start: Effect.Effect<void, ServerError>
  /** The output of psql for a statement, without headers. The search path includes the product's schema. */
  readonly query: (sql: string) => Effect.Effect<string, ServerError>
  /** The same for the superuser, in the database `postgres`. */
  readonly administer: (sql: string) => Effect.Effect<string, ServerError>
}

/** A streaming standby. */
export interface Standby extends Cluster {
  /** Makes it a primary; returns when it accepts writes. */
  readonly promote: Effect.Effect<void, ServerError>
}

/**
 * A server. Its one user owns the database, and is no superuser.
 */
export class Postgres extends Context.Service<
  Postgres,
  Cluster & {
    /** Starts a streaming standby of this server, which stops when the scope closes. */
    readonly standby: Effect.Effect<Standby, ServerError, Scope.Scope>
  }
>()("@gitlab-registry-usage/test-servers/Postgres") {}

/** What differs from a server that accepts passwords without TLS. */
export interface Options {
  /** PEM files: with them the server accepts TLS, and client certificates of the authority. */
  readonly certificates?: Certificates.Certificates | undefined
  /** The lines of pg_hba.conf. Default: a password (scram-sha-256) for everybody. */
  readonly access?: ReadonlyArray<string> | undefined
}

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

/** PostgreSQL and PgBouncer refuse to run as root; then they run as the user `postgres` that Debian created. */
export const user: Effect.Effect<{ readonly uid: number; readonly gid: number } | undefined, ServerError> =
  Effect.suspend(() => {
    if (process.getuid?.() !== 0) return Effect.succeed(undefined)
    return Effect.all([run("/usr/bin/id", ["-u", "postgres"]), run("/usr/bin/id", ["-g", "postgres"])]).pipe(
      Effect.map(([uid, gid]) => ({ uid: Number(uid), gid: Number(gid) }))
    )
  })

/** A new directory of that user, with these files, which only the user reads. */
export const directoryOf = Effect.fnUntraced(function* (files: Readonly<Record<string, string | Uint8Array>>) {
  const identity = yield* user
  const directory = yield* temporaryDirectory
  yield* Effect.promise(async () => {
    for (const [name, content] of Object.entries(files)) {
      await Fs.writeFile(Path.join(directory, name), content, { mode: 0o600 })
    }
    if (identity === undefined) return
    for (const name of ["", ...Object.keys(files)]) {
      await Fs.chown(Path.join(directory, name), identity.uid, identity.gid)
    }
  })
  return { directory, identity }
})

const settings = (port: number, directory: string, hasTls: boolean) => ({
  listen_addresses: "127.0.0.1",
  port: String(port),
  unix_socket_directories: directory,
  fsync: "off",
  full_page_writes: "off",
  max_connections: "50",
  shared_buffers: "16MB",
  ...(hasTls
    ? {
        ssl: "on",
        ssl_cert_file: Path.join(directory, "server.pem"),
        ssl_key_file: Path.join(directory, "server.key"),
        ssl_ca_file: Path.join(directory, "ca.pem")
      }
    : {})
})

const urlOf = (port: number, user: string, database: string) =>
  `postgres://${user}:${password}@127.0.0.1:${port}/${database}`

/** Runs the server with the data of a directory until the scope closes. */
const runIn = Effect.fnUntraced(function* (directory: string, hasTls: boolean) {
  const bin = yield* programs
  const identity = yield* user
  const port = yield* freePort
  const running = yield* Ref.make<Program.Program | undefined>(undefined)
  const scope = yield* Effect.scope
  const stopWith = (signal: NodeJS.Signals) =>
    Effect.flatMap(Ref.get(running), (program) => program?.stop(signal) ?? Effect.void)
  const start = Effect.gen(function* () {
    const args = Object.entries(settings(port, directory, hasTls)).flatMap(([key, value]) => ["-c", `${key}=${value}`])
    // SIGQUIT stops it at once: its data is not needed any more.
    const options = { identity, cwd: "/", stopSignal: "SIGQUIT" } as const
    const data = Path.join(directory, "data")
    const program = yield* Program.launch(Path.join(bin, "postgres"), ["-D", data, ...args], options)
    yield* Ref.set(running, program)
    const ready = run(Path.join(bin, "pg_isready"), ["-q", "-h", "127.0.0.1", "-p", String(port)])
    yield* program.until(ready, "answer")
  }).pipe(Scope.provide(scope))
  const ask = (url: string) => (sql: string) =>
    Effect.map(run(Path.join(bin, "psql"), [url, "-X", "-q", "-t", "-A", "-v", "ON_ERROR_STOP=1", "-c", sql]), (text) =>
      text.trim()
    )
  yield* start
  const url = urlOf(port, name, name)
  return {
    url,
    port,
    socketDirectory: directory,
    stop: stopWith("SIGINT"),
    crash: stopWith("SIGQUIT"),
    start,
    query: ask(url),
    administer: ask(urlOf(port, "postgres", "postgres"))
  } satisfies Cluster
})

const standbyOf = Effect.fnUntraced(function* (primary: Cluster): Effect.fn.Return<Standby, ServerError, Scope.Scope> {
  const bin = yield* programs
  const { directory, identity } = yield* directoryOf({})
  const data = Path.join(directory, "data")
  const source = urlOf(primary.port, "postgres", "postgres")
  const copy = ["-d", source, "-D", data, "-R", "-X", "stream", "-c", "fast", "--no-sync"]
  yield* run(Path.join(bin, "pg_basebackup"), copy, { ...identity, cwd: "/" })
  const cluster = yield* runIn(directory, false)
  const promote = run(Path.join(bin, "pg_ctl"), ["promote", "-w", "-D", data], { ...identity, cwd: "/" })
  return { ...cluster, promote: Effect.asVoid(promote) }
})

/** Creates and starts a server on a free port, which stops when the scope closes. */
export const start = Effect.fnUntraced(function* ({ access, certificates }: Options = {}): Effect.fn.Return<
  Postgres["Service"],
  ServerError,
  Scope.Scope
> {
  const bin = yield* programs
  const read = (path: string) => Effect.promise(() => Fs.readFile(path))
  const { directory, identity } = yield* directoryOf({
    password,
    ...(certificates === undefined
      ? {}
      : {
          "ca.pem": yield* read(certificates.authority),
          "server.pem": yield* read(certificates.certificate),
          "server.key": yield* read(certificates.key)
        })
  })
  const data = Path.join(directory, "data")
  const initialize = [
    ...["-D", data, "-U", "postgres", "-E", "UTF8", "--locale=C", "--no-sync", "--no-instructions"],
    ...["-A", "scram-sha-256", `--pwfile=${Path.join(directory, "password")}`]
  ]
  yield* run(Path.join(bin, "initdb"), initialize, { ...identity, cwd: "/", timeout: 60_000 })
  if (access !== undefined) {
    const lines = ["host all postgres 127.0.0.1/32 scram-sha-256", ...access]
    yield* Effect.promise(() => Fs.writeFile(Path.join(data, "pg_hba.conf"), `${lines.join("\n")}\n`))
  }
  const cluster = yield* runIn(directory, certificates !== undefined)
  yield* cluster.administer(`CREATE ROLE ${name} LOGIN PASSWORD '${password}'`)
  yield* cluster.administer(`CREATE DATABASE ${name} OWNER ${name}`)
  yield* cluster.administer(`ALTER ROLE ${name} SET search_path = gitlab_registry_usage, public`)
  return { ...cluster, standby: standbyOf(cluster) }
})

export const layer: Layer.Layer<Postgres, ServerError> = Layer.effect(Postgres, start())
