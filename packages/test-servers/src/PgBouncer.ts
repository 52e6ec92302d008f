/**
 * Debian's PgBouncer before a PostgreSQL server.
 */
import { Effect, type Scope } from "effect"
import { directoryOf, type Cluster } from "./Postgres.ts"
import * as Program from "./Program.ts"
import { freePort, run, type ServerError } from "./Servers.ts"

/** When a connection of the server goes back to the pool: at the end of a session, a transaction or a statement. */
export type PoolMode = "session" | "transaction" | "statement"

/** Starts a pooler until the scope closes. Returns the URL of the database through it. */
export const start = Effect.fnUntraced(function* (
  { port: serverPort, url }: Pick<Cluster, "port" | "url">,
  poolMode: PoolMode
): Effect.fn.Return<string, ServerError, Scope.Scope> {
  const through = new URL(url)
  const port = yield* freePort
  through.port = String(port)
  const configuration = `
[databases]
* = host=127.0.0.1 port=${serverPort}
[pgbouncer]
listen_addr = 127.0.0.1
listen_port = ${port}
unix_socket_dir =
auth_type = plain
auth_file = users
pool_mode = ${poolMode}
default_pool_size = 10
`
  const { directory, identity } = yield* directoryOf({
    "pgbouncer.ini": configuration,
    users: `"${through.username}" "${through.password}"\n`
  })
  const options = { identity, cwd: directory, stopSignal: "SIGQUIT" } as const
  const program = yield* Program.launch("/usr/sbin/pgbouncer", ["pgbouncer.ini"], options)
  yield* program.until(run("/usr/bin/psql", [through.href, "-X", "-q", "-c", "SELECT 1"]), "answer")
  return through.href
})
