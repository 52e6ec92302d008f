/**
 * One, two and four server processes on one database behind nginx.
 */
import { Postgres as PostgresStore } from "@gitlab-registry-usage/adapter-sql/postgres"
import { SnapshotStore } from "@gitlab-registry-usage/core"
import { Nginx, Postgres } from "@gitlab-registry-usage/test-servers"
import { Console, Effect, Record, Redacted } from "effect"
import { inTurns, median } from "../Measurement.ts"
import * as ServerProcess from "../serve/ServerProcess.ts"
import * as TimeSeries from "../registry/TimeSeries.ts"

export interface Options extends TimeSeries.Options {
  readonly processes: ReadonlyArray<number>
  readonly rounds: number
  readonly seconds: number
}

/** A small document and a large one. */
const paths = {
  "One image": "/images/group-0%2Fproject-0%2Fimage-0",
  "All images and tags": "/images?embed=true"
} as const

/**
 * Medians of the requests per second through nginx and of the 99th percentile in milliseconds, by the number of
 * processes and the document.
 */
export const measure = Effect.fnUntraced(function* (options: Options) {
  const database = yield* Postgres.start()
  const next = yield* TimeSeries.make(options)
  yield* Effect.flatMap(SnapshotStore.SnapshotStore, (store) => store.save(next())).pipe(
    Effect.provide(PostgresStore.layer({ url: Redacted.make(database.url) }))
  )
  const servers: Array<ServerProcess.ServerProcess> = []
  for (let i = 0; i < Math.max(...options.processes); i++) {
    servers.push(yield* ServerProcess.start("replica", database.url))
  }
  const headers = { authorization: `Bearer ${servers[0]!.token}` }
  const rates: Array<{ processes: number; what: string; rate: number; p99: number }> = []
  for (const processes of options.processes) {
    yield* Console.log(`  ${processes} processes`)
    const backends = servers.slice(0, processes).map((server) => `server ${new URL(server.url).host};`)
    const port = yield* Nginx.start(
      'location / { proxy_pass http://replicas; proxy_http_version 1.1; proxy_set_header Connection ""; }',
      { http: `upstream replicas { ${backends.join(" ")} keepalive 64; }` }
    )
    const load = (path: string) =>
      ServerProcess.load(`http://127.0.0.1:${port}${path}`, headers, { connections: 32, seconds: options.seconds })
    const loads = yield* inTurns(Record.map(paths, load), options)
    for (const [what, all] of Object.entries(loads)) {
      const [rate, p99] = [median(all.map(({ rate }) => rate)), median(all.map(({ p99 }) => p99))]
      rates.push({ processes, what, rate, p99 })
    }
  }
  return rates
})
