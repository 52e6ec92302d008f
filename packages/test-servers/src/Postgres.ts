/**
 * Debian's PostgreSQL with an empty database, which can be stopped and started again.
 *
 * @since 0.1.0
 */
import { type ChildProcess, spawn } from "node:child_process"
import * as Fs from "node:fs/promises"
import * as Path from "node:path"
import { Context, Effect, Layer, Ref, Schedule, type Scope } from "effect"
import { freePort, run, ServerError, temporaryDirectory } from "./Servers.ts"

/**
 * A server. Its one user owns the database, and is no superuser.
 *
 * @category services
 * @since 0.1.0
 */
export class Postgres extends Context.Service<
  Postgres,
  {
    /** Where it answers, with user and password. */
    readonly url: string
    readonly port: number
    /** Ends it, as an administrator does: connections are cut, and what was not committed is taken back. */
    readonly stop: Effect.Effect<void>
    /** Ends it at once, as a failure of power does: it recovers when it starts again. */
    readonly crash: Effect.Effect<void>
    /** Starts it again, on the same port. */
    readonly start: Effect.Effect<void, ServerError>
    /** What psql answers to a statement, without headers. Tables are looked for in the schema of the product as well. */
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

/** PostgreSQL refuses to run as root, so then it runs as the user of the system that Debian made for it. */
const user: Effect.Effect<{ readonly uid: number; readonly gid: number } | undefined, ServerError> = Effect.suspend(
  () => {
    if (process.getuid?.() !== 0) return Effect.succeed(undefined)
    return Effect.all([run("/usr/bin/id", ["-u", "postgres"]), run("/usr/bin/id", ["-g", "postgres"])]).pipe(
      Effect.map(([uid, gid]) => ({ uid: Number(uid), gid: Number(gid) }))
    )
  }
)

type Identity = Effect.Success<typeof user>

/** Runs a program as that user, and waits for its end. */
const runAs = (identity: Identity, program: string, args: ReadonlyArray<string>) =>
  Effect.callback<void, ServerError>((resume) => {
    let said = ""
    const child = spawn(program, args, { ...identity, cwd: "/", stdio: ["ignore", "pipe", "pipe"], timeout: 60_000 })
    for (const output of [child.stdout, child.stderr]) output.on("data", (text) => (said += String(text)))
    child.once("error", (error) => (said += error.message))
    child.once("close", (code) =>
      resume(code === 0 ? Effect.void : Effect.fail(new ServerError({ detail: `${program}: ${said.trim()}` })))
    )
  })

/** Ends it and waits; its children end with it. */
const end = (child: ChildProcess | undefined, signal: NodeJS.Signals): Effect.Effect<void> =>
  Effect.callback<void>((resume) => {
    if (child === undefined || child.exitCode !== null || child.signalCode !== null) return resume(Effect.void)
    const timer = setTimeout(() => child.kill("SIGKILL"), 10_000)
    child.once("exit", () => {
      clearTimeout(timer)
      resume(Effect.void)
    })
    child.kill(signal)
  })

const settings = (port: number) => ({
  listen_addresses: "127.0.0.1",
  port: String(port),
  unix_socket_directories: "",
  fsync: "off",
  full_page_writes: "off",
  max_connections: "50",
  shared_buffers: "16MB"
})

/**
 * Makes and starts a server of its own on a free port, which stops when the scope closes.
 *
 * @category constructors
 * @since 0.1.0
 */
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
  yield* runAs(identity, Path.join(bin, "initdb"), [
    ...["-D", data, "-U", "postgres", "-E", "UTF8", "--locale=C", "--no-sync", "--no-instructions"],
    ...["-A", "scram-sha-256", `--pwfile=${secret}`]
  ])
  const port = yield* freePort
  const running = yield* Ref.make<ChildProcess | undefined>(undefined)
  const stopWith = (signal: NodeJS.Signals) => Effect.flatMap(Ref.get(running), (child) => end(child, signal))
  // At once: nobody needs what is in there any more.
  yield* Effect.addFinalizer(() => stopWith("SIGQUIT"))

  const startAgain = Effect.gen(function* () {
    const args = Object.entries(settings(port)).flatMap(([key, value]) => ["-c", `${key}=${value}`])
    let said = ""
    const child = yield* Effect.sync(() => {
      const child = spawn(Path.join(bin, "postgres"), ["-D", data, ...args], {
        ...identity,
        cwd: "/",
        stdio: ["ignore", "pipe", "pipe"]
      })
      const kill = () => child.kill("SIGQUIT")
      process.once("exit", kill)
      child.once("exit", () => process.off("exit", kill))
      child.once("error", (error) => (said += error.message))
      for (const output of [child.stdout, child.stderr]) {
        output.setEncoding("utf8").on("data", (text: string) => (said = (said + text).slice(-4000)))
      }
      return child
    })
    yield* Ref.set(running, child)
    yield* run(Path.join(bin, "pg_isready"), ["-q", "-h", "127.0.0.1", "-p", String(port)]).pipe(
      Effect.retry({ schedule: Schedule.spaced("50 millis"), times: 200, while: () => child.exitCode === null }),
      Effect.mapError(() => new ServerError({ detail: `postgres does not answer: ${said.trim()}` }))
    )
  })

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

/**
 * @category layers
 * @since 0.1.0
 */
export const layer: Layer.Layer<Postgres, ServerError> = Layer.effect(Postgres, start())
