/** Serving, compared with a bare Node server that sends the same bytes. */
import * as Fs from "node:fs/promises"
import * as Path from "node:path"
import { spawn } from "node:child_process"
import { createInterface } from "node:readline"
import { Snapshot, Usage } from "@gitlab-registry-usage/core"
import { type Program, Servers } from "@gitlab-registry-usage/test-servers"
import { Console, DateTime, Effect } from "effect"
import { count, figure } from "../Format.ts"
import { inTurns, median } from "../Measurement.ts"
import * as GeneratedRegistry from "../registry/GeneratedRegistry.ts"
import * as ServerProcess from "../serve/ServerProcess.ts"
import type { Extent, Report, Suite, Target } from "../Suite.ts"

const extents = {
  full: { repositories: 1000, tags: 20, rounds: 5, seconds: 2, starts: 5 },
  smoke: { repositories: 10, tags: 2, rounds: 1, seconds: 1, starts: 1 }
} as const

/** The requests; `known` sends the entity tag, so that the response is 304. */
/** The share of the bare server's rate that a cached response reaches at least. */
const leastShare = 0.6

const cases = [
  { what: "One tag", path: "/images/group-0%2Fproject-0%2Fimage-0/tags/v1.1.0", known: false },
  {
    what: "One image with its tags",
    path: "/images/group-0%2Fproject-0%2Fimage-0?embed=true",
    known: false
  },
  {
    what: "The first page, sorted",
    path: "/images?embed=1&sort=-disk_size&page_size=50",
    known: false
  },
  { what: "All images and tags", path: "/images?embed=true", known: false },
  { what: "All images and tags, 304", path: "/images?embed=true", known: true }
] as const

const snapshotFile = Effect.fnUntraced(function* (
  path: string,
  { repositories, tags }: { repositories: number; tags: number }
) {
  // All repositories have the same images.
  const options = {
    repositories,
    tagsPerRepository: tags,
    manifests: tags,
    manifestsPerBase: tags,
    layersPerManifest: 2
  }
  const inventory = yield* GeneratedRegistry.crawl(options, true)
  const bytes = yield* Snapshot.encode({
    takenAt: yield* DateTime.now,
    duration: 1,
    stale: false,
    usage: Usage.measure(inventory)
  })
  yield* Effect.promise(() => Fs.writeFile(path, bytes))
})

const notSent = new Set(["date", "connection", "keep-alive", "x-request-id"])

/** The responses of our server, which the bare server sends as well. */
const recorded = Effect.fnUntraced(function* (server: ServerProcess.ServerProcess) {
  const authorization = `Bearer ${server.token}`
  const bytes: Record<string, { headers: Array<string>; notModified: Array<string>; body: string }> = {}
  const etags: Record<string, string> = {}
  const ask = (path: string, headers: Record<string, string> = {}) =>
    Effect.promise(() =>
      fetch(`${server.url}${path}`, { headers: { authorization, "accept-encoding": "identity", ...headers } })
    )
  const flat = (headers: Headers) =>
    [...headers]
      .filter(([name]) => !notSent.has(name))
      .concat([["x-request-id", crypto.randomUUID()]])
      .flat()
  for (const { path } of cases) {
    const answer = yield* ask(path)
    const body = Buffer.from(yield* Effect.promise(() => answer.arrayBuffer()))
    etags[path] = answer.headers.get("etag")!
    const again = yield* ask(path, { "if-none-match": etags[path] })
    bytes[path] = { headers: flat(answer.headers), notModified: flat(again.headers), body: body.toString("base64") }
  }
  return { bytes, etags, authorization }
})

interface Round {
  readonly rate: number
  readonly p99: number
  /** Processor time for each request, in microseconds. */
  readonly cpu: number
}

const measured = Effect.fnUntraced(function* (
  server: ServerProcess.ServerProcess,
  path: string,
  headers: Record<string, string>,
  seconds: number
) {
  const before = yield* server.usage
  const options = { connections: 16, seconds }
  const { p99, rate, requests } = yield* ServerProcess.load(`${server.url}${path}`, headers, options)
  const after = yield* server.usage
  return { rate, p99, cpu: ((after.processor - before.processor) * 1000) / requests } satisfies Round
})

/** Milliseconds from the start of a process, which logs its URL to stderr, to its first response. */
const firstResponse = (args: ReadonlyArray<string>, path: string) =>
  Effect.acquireUseRelease(
    Effect.sync(() => spawn(process.execPath, args, { stdio: ["ignore", "ignore", "pipe"] })),
    (child) =>
      Effect.promise(async () => {
        const begin = performance.now()
        for await (const line of createInterface(child.stderr)) {
          const [, url] = /listening on (http:[\w/.:]+)/.exec(line) ?? []
          if (url === undefined) continue
          const { status } = await fetch(url + path)
          if (status >= 500) throw new Error(`the first response was ${status}`)
          return performance.now() - begin
        }
        throw new Error(`the server did not start: ${args.join(" ")}`)
      }),
    (child) => Effect.sync(() => child.kill("SIGKILL"))
  )

const bin = decodeURIComponent(new URL("../../../server/dist/bin.js", import.meta.url).pathname)

const configuration = (snapshot: string) => `
[general]
socket_port = 0
snapshot_file = ${snapshot}
[ldap]
host = ldap.example.org
base_dn = dc=example,dc=org
group_rule = none
[jwt]
secret_key = of no use but for measuring: 32 bytes
[registry]
gitlab_base_url = http://127.0.0.1:9/
registry_base_url = http://127.0.0.1:9/
access_token = none
`

const bareProgram = `require("node:http").createServer((_, r) => r.end("ok")).listen(0, "127.0.0.1", function () { console.error("listening on http://127.0.0.1:" + this.address().port) })`

const mebibytes = ({ resident }: Program.Usage) => resident / 2 ** 20

const run = Effect.fnUntraced(function* (extent: Extent) {
  const { rounds, seconds, starts, ...size } = extents[extent]
  const directory = yield* Servers.temporaryDirectory
  const file = Path.join(directory, "snapshot")
  yield* snapshotFile(file, size)
  const ours = yield* ServerProcess.start("ours", file)
  const idle = mebibytes(yield* ours.usage)
  const { authorization, bytes, etags } = yield* recorded(ours)
  yield* Effect.promise(() => Fs.writeFile(Path.join(directory, "bytes"), JSON.stringify(bytes)))
  const bare = yield* ServerProcess.start("bare", Path.join(directory, "bytes"))

  const results: Array<{ what: string; bytes: number } & Record<"ours" | "bare", Array<Round>>> = []
  for (const { known, path, what } of cases) {
    yield* Console.log(`  ${what}`)
    const headers = { authorization, ...(known ? { "if-none-match": etags[path]! } : {}) }
    const taken = yield* inTurns(
      { ours: measured(ours, path, headers, seconds), bare: measured(bare, path, headers, seconds) },
      { rounds }
    )
    results.push({ what, bytes: known ? 0 : Buffer.byteLength(bytes[path]!.body, "base64"), ...taken })
  }
  const resident = mebibytes(yield* ours.usage)

  yield* Console.log("  start")
  const config = Path.join(directory, "server.conf")
  yield* Effect.promise(() => Fs.writeFile(config, configuration(file)))
  const started = yield* inTurns(
    {
      ours: firstResponse([bin, "-c", config], "/health/ready"),
      bare: firstResponse(["-e", bareProgram], "/")
    },
    { rounds: starts }
  )

  const middle = (values: ReadonlyArray<Round>, key: keyof Round) => median(values.map((value) => value[key]))
  // In each round, both servers are measured one right after the other.
  const share = ({ bare, ours }: (typeof results)[number]) => median(ours.map(({ rate }, i) => bare[i]!.rate / rate))
  return {
    targets: [
      ...results.map((result): Target => [
        `${result.what}: how much faster the bare server is`,
        share(result),
        1 / leastShare,
        " ×"
      ]),
      ...results.map((result): Target => [
        `${result.what}: p99 beside the bare server's`,
        median(result.ours.map(({ p99 }, i) => p99 / result.bare[i]!.p99)),
        2,
        " ×"
      ])
    ],
    tables: [
      {
        title: `${count(size.repositories)} images of ${size.tags} tags`,
        columns: ["Document", "Bytes", "Requests/s", "bare", "p99", "bare", "Processor time", "bare"],
        rows: results.map(({ bare, bytes, ours, what }) => [
          what,
          count(bytes),
          ...[ours, bare].map((rounds) => count(middle(rounds, "rate"))),
          ...[ours, bare].map((rounds) => `${figure(middle(rounds, "p99"))} ms`),
          ...[ours, bare].map((rounds) => `${figure(middle(rounds, "cpu"))} µs`)
        ])
      },
      {
        title: "Starting, and memory",
        columns: ["", "Ours", "Bare Node"],
        rows: [
          [
            "From the start of the process to the first response",
            `${count(median(started.ours))} ms`,
            `${count(median(started.bare))} ms`
          ],
          ["Resident memory before the first request", `${count(idle)} MiB`, ""],
          ["Resident memory after all of them", `${count(resident)} MiB`, `${count(mebibytes(yield* bare.usage))} MiB`]
        ]
      }
    ],
    method: [
      "Both servers run in their own processes with one thread. Ours loads its snapshot from a file; the bare one is `node:http` without router, token or log, and sends the same status, headers and bytes from memory. `wrk` (Debian) sends requests on 16 connections with a token. The servers are measured in turns, and each round compares two successive measurements; the figures are medians. Processor time is that of the server's process for each request, system calls included.",
      "The API runs on effect's server for Node. Before that server starts a fiber, a function of `packages/server/src/http/wire/Handler.ts` looks in the cache: it finds the token by its hash and the document by its path, and writes the response at once. All other requests, and all requests when traces are exported or requests are logged, run as fibers. With a fiber for cached requests as well, one run on a busy machine took 1.5 to 2 times the processor time of the bare server.",
      "The start of the built command with a configuration file and that snapshot is compared with `node -e` and a server of one line. The first response of ours is `/health/ready`, after the snapshot is loaded and measured."
    ].join("\n\n"),
    data: { results, started, idle, resident }
  } satisfies Report
})

const suite: Suite = { title: "Serving", run }
export default suite
