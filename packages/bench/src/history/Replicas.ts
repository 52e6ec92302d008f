/**
 * One, two and four server processes on one database behind nginx.
 */
import * as Fs from "node:fs/promises"
import * as Path from "node:path"
import { Postgres as PostgresStore } from "@gitlab-registry-usage/adapter-sql/postgres"
import { SnapshotStore } from "@gitlab-registry-usage/core"
import { Nginx, Postgres, Servers } from "@gitlab-registry-usage/test-servers"
import { Console, Effect, Redacted } from "effect"
import { median } from "../Measurement.ts"
import * as ServerProcess from "../serve/ServerProcess.ts"
import * as TimeSeries from "../registry/TimeSeries.ts"

export interface Options extends TimeSeries.Options {
  readonly processes: ReadonlyArray<number>
  readonly rounds: number
  readonly seconds: number
}

/** What is asked for: a small answer and a large one. */
const paths = {
  "One image": "/images/group-0%2Fproject-0%2Fimage",
  "All images and tags": "/images?embed=true"
} as const

/**
 * Requests per second through nginx, by the number of processes and what is asked for.
 */
export const measure = Effect.fnUntraced(function* (options: Options) {
  const database = yield* Postgres.start()
  const url = Redacted.make(database.url)
  const series = TimeSeries.make(options)
  yield* Effect.gen(function* () {
    const store = yield* SnapshotStore.SnapshotStore
    yield* store.save(series.next())
  }).pipe(Effect.provide(PostgresStore.layer({ url })))
  const file = Path.join(yield* Servers.temporaryDirectory, "database")
  yield* Effect.promise(() => Fs.writeFile(file, database.url, { mode: 0o600 }))

  const most = Math.max(...options.processes)
  const servers: Array<ServerProcess.ServerProcess> = []
  for (let i = 0; i < most; i++) servers.push(yield* ServerProcess.start("replica", file))
  const authorization = `Bearer ${servers[0]!.token}`
  const rates: Array<{ processes: number; what: string; rates: Array<number>; p99: Array<number> }> = []
  for (const processes of options.processes) {
    yield* Console.log(`  ${processes} processes`)
    const backends = servers.slice(0, processes).map((server) => `server ${new URL(server.url).host};`)
    const port = yield* Nginx.start(
      'location / { proxy_pass http://replicas; proxy_http_version 1.1; proxy_set_header Connection ""; }',
      {
        http: `upstream replicas { ${backends.join(" ")} keepalive 64; }`
      }
    )
    for (const [what, path] of Object.entries(paths)) {
      rates.push({ processes, what, rates: [], p99: [] })
      for (let round = 0; round < options.rounds; round++) {
        const load = yield* ServerProcess.load(
          `http://127.0.0.1:${port}${path}`,
          { authorization },
          {
            connections: 32,
            seconds: options.seconds
          }
        )
        rates.at(-1)!.rates.push(load.rate)
        rates.at(-1)!.p99.push(load.p99)
      }
    }
  }
  return rates.map(({ p99, rates, ...rest }) => ({ ...rest, rate: median(rates), p99: median(p99) }))
})
