/**
 * Serving, beside a bare server of Node that sends the same bytes.
 */
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
import type { Extent, Suite } from "../Suite.ts"

const extents = {
  full: { repositories: 1000, tags: 20, rounds: 5, seconds: 2, starts: 5 },
  smoke: { repositories: 10, tags: 2, rounds: 1, seconds: 1, starts: 1 }
} as const

/** What is asked for; `known` asks with the entity tag, so that the answer is 304. */
const cases = [
  { what: "One tag", path: "/images/group-0%2Fproject-0%2Fimage-0/tags/v1.1.0", known: false, least: 0.5 },
  {
    what: "One image with its tags",
    path: "/images/group-0%2Fproject-0%2Fimage-0?embed=true",
    known: false,
    least: 0.5
  },
  {
    what: "The first page, sorted",
    path: "/images?embed=1&sort=-disk_size&page_size=50",
    known: false,
    least: 0.5
  },
  { what: "All images and tags", path: "/images?embed=true", known: false, least: 0.8 },
  { what: "All images and tags, 304", path: "/images?embed=true", known: true, least: 0.8 }
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

/** All that ours sends, for the bare server to send the same. */
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

  const results: Array<{ what: string; least: number; bytes: number } & Record<"ours" | "bare", Array<Round>>> = []
  for (const { known, least, path, what } of cases) {
    yield* Console.log(`  ${what}`)
    const headers = { authorization, ...(known ? { "if-none-match": etags[path]! } : {}) }
    const taken = yield* inTurns(
      { ours: measured(ours, path, headers, seconds), bare: measured(bare, path, headers, seconds) },
      { rounds }
    )
    results.push({ what, least, bytes: known ? 0 : Buffer.byteLength(bytes[path]!.body, "base64"), ...taken })
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
  // Each round has a pair that was measured one right after the other.
  const share = ({ bare, ours }: (typeof results)[number]) => median(ours.map(({ rate }, i) => bare[i]!.rate / rate))
  return {
    targets: [
      ...results.map((result) => ({
        what: `${result.what}: how much faster the bare server is`,
        value: share(result),
        limit: 1 / result.least,
        unit: " ×"
      })),
      ...results.map((result) => ({
        what: `${result.what}: p99 beside the bare server's`,
        value: median(result.ours.map(({ p99 }, i) => p99 / result.bare[i]!.p99)),
        limit: 2,
        unit: " ×"
      }))
    ],
    tables: [
      {
        title: `${count(size.repositories)} images of ${size.tags} tags`,
        columns: ["Asked for", "Bytes", "Requests/s", "bare", "p99", "bare", "Processor time", "bare"],
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
            "From the start of the process to the first answer",
            `${count(median(started.ours))} ms`,
            `${count(median(started.bare))} ms`
          ],
          ["Resident memory before the first request", `${count(idle)} MiB`, ""],
          ["Resident memory after all of them", `${count(resident)} MiB`, `${count(mebibytes(yield* bare.usage))} MiB`]
        ]
      }
    ],
    method: [
      "Both servers are processes of their own with one thread: ours reads its snapshot from a file; the bare one is `node:http` without a router, a token or a log, and sends the same status, headers and bytes from memory. `wrk` (Debian) asks with 16 connections and a token. The servers take turns within one run, and each round compares the pair that was measured one right after the other; shown are medians. Processor time is that of the server's process for each request, system calls included.",
      "What is kept is answered by a function without effects: the token is found by its hash, the document by its address, and both are written in one piece. Everything else, and everything when traces are exported, runs as a fiber for each request. When all requests ran as fibers of this listener, a small answer took 47 µs of processor time beside 20 µs of the bare server (one run on a busy machine). effect's own server was not measured here. The price is a listener of 200 lines of our own (`packages/server/src/http/wire/Listener.ts`), which writes what effect's would: the API itself stays an `HttpApi`, from which the routes, the description and the page at `/docs` are made.",
      "A process that has collected garbage serves more slowly from then on: with no tick object of Node alive at that moment, V8 forgets their shape and the code it had compiled for them. The bare server took 16 µs of processor time for a 304, 21 µs with a major collection between two rounds, and 16 µs with that and one such object kept, which is what our listener does (one run each, median of five rounds). The bare server of this table collects nothing.",
      "Starting is the built command with a configuration file and that snapshot, beside `node -e` with a server of one line; the first answer of ours is `/health/ready`, so the snapshot is read and measured by then."
    ].join("\n\n"),
    data: { results, started, idle, resident }
  }
})

const suite: Suite = { title: "Serving", run }
export default suite
