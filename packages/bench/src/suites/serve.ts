/**
 * Serving, beside a bare server of Node that sends the same bytes.
 */
import * as Fs from "node:fs/promises"
import * as Path from "node:path"
import { spawn } from "node:child_process"
import { Crawl, Names, Snapshot, Usage } from "@gitlab-registry-usage/core"
import { Images, RegistryMemory } from "@gitlab-registry-usage/core/testing"
import { Servers } from "@gitlab-registry-usage/test-servers"
import { Console, DateTime, Effect } from "effect"
import { count, figure } from "../Format.ts"
import { inTurns, median } from "../Measurement.ts"
import * as ServerProcess from "../serve/ServerProcess.ts"
import type { Extent, Suite } from "../Suite.ts"

const extents = {
  full: { repositories: 1000, tags: 20, rounds: 5, seconds: 2, starts: 5 },
  smoke: { repositories: 10, tags: 2, rounds: 1, seconds: 1, starts: 1 }
} as const

/** What is asked for; `known` asks with the entity tag, so that the answer is 304. */
const cases = [
  { what: "One tag", path: "/images/group0%2Fproject0%2Fimage/tags/1.0.1", known: false, least: 0.5 },
  { what: "One image with its tags", path: "/images/group0%2Fproject0%2Fimage?embed=true", known: false, least: 0.5 },
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
  const base = yield* Images.layer("base", 1000)
  const images = yield* Effect.forEach(
    Array.from({ length: tags }, (_, i) => i),
    (i) =>
      Effect.flatMap(Images.layer(`layer ${i}`, 500 + i), (own) =>
        Effect.map(Images.image({ layers: [base, own] }), (image) => ({ name: Names.TagName.make(`1.0.${i}`), image }))
      )
  )
  const registry = Array.from({ length: repositories }, (_, r) => ({
    name: Names.RepositoryName.make(`group${r % 17}/project${r}/image`),
    tags: images
  }))
  const inventory = yield* Effect.provide(Crawl.crawl(), RegistryMemory.layer({ repositories: registry }))
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
): Effect.fn.Return<Round, ServerProcess.ServeError | Servers.ServerError> {
  const before = yield* server.usage
  const { p99, rate, requests } = yield* ServerProcess.load(`${server.url}${path}`, headers, {
    connections: 16,
    seconds
  })
  const after = yield* server.usage
  return { rate, p99, cpu: ((after.cpu - before.cpu) * 1000) / requests }
})

/** From the start of a process to its first answer, in milliseconds. */
const firstAnswer = (args: ReadonlyArray<string>, port: RegExp, path: string) =>
  Effect.callback<number, ServerProcess.ServeError>((resume) => {
    const begin = performance.now()
    const child = spawn(process.execPath, args, { stdio: ["pipe", "pipe", "pipe"] })
    let said = ""
    let asked = false
    const listen = (text: Buffer) => {
      said += text.toString()
      const found = port.exec(said)
      if (found === null || asked) return
      asked = true
      void fetch(`http://127.0.0.1:${found[1]}${path}`).then(({ status }) => {
        child.kill("SIGKILL")
        resume(
          status < 500
            ? Effect.succeed(performance.now() - begin)
            : Effect.fail(new ServerProcess.ServeError({ detail: `the first answer was ${status}` }))
        )
      })
    }
    child.stdout.on("data", listen)
    child.stderr.on("data", listen)
    child.once("exit", () =>
      resume(Effect.fail(new ServerProcess.ServeError({ detail: `the server did not start: ${said.slice(-500)}` })))
    )
    return Effect.sync(() => child.kill("SIGKILL"))
  })

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

const bareProgram = `require("node:http").createServer((_, r) => r.end("ok")).listen(0, "127.0.0.1", function () { console.log("listening on http://127.0.0.1:" + this.address().port) })`

const run = Effect.fnUntraced(function* (extent: Extent) {
  const { rounds, seconds, starts, ...size } = extents[extent]
  const directory = yield* Servers.temporaryDirectory
  const file = Path.join(directory, "snapshot")
  yield* snapshotFile(file, size)
  const ours = yield* ServerProcess.start("ours", file)
  const idle = (yield* ours.usage).resident
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
    results.push({
      what,
      least,
      bytes: known ? 0 : Buffer.byteLength(bytes[path]!.body, "base64"),
      ours: taken.map(({ ours }) => ours),
      bare: taken.map(({ bare }) => bare)
    })
  }
  const resident = (yield* ours.usage).resident

  yield* Console.log("  start")
  const config = Path.join(directory, "server.conf")
  yield* Effect.promise(() => Fs.writeFile(config, configuration(file)))
  const listening = /listening on http:\/\/127\.0\.0\.1:(\d+)/
  const starting = yield* inTurns(
    {
      ours: firstAnswer([bin, "-c", config], listening, "/health/ready"),
      bare: firstAnswer(["-e", bareProgram], listening, "/")
    },
    { rounds: starts }
  )
  const started = { ours: starting.map(({ ours }) => ours), bare: starting.map(({ bare }) => bare) }

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
          ["Resident memory after all of them", `${count(resident)} MiB`, `${count((yield* bare.usage).resident)} MiB`]
        ]
      }
    ],
    method: [
      "Both servers are processes of their own with one thread: ours reads its snapshot from a file; the bare one is `node:http` without a router, a token or a log, and sends the same status, headers and bytes from memory. `wrk` (Debian) asks with 16 connections and a token. The servers take turns within one run, and each round compares the pair that was measured one right after the other; shown are medians. Processor time is that of the server's process for each request, system calls included.",
      "The API runs on effect's server for Node. A response that the cache has is found by one middleware right under that server: the token by its hash, the document by its address, and both are sent without a further step. Every other request runs through the whole app.",
      "Starting is the built command with a configuration file and that snapshot, beside `node -e` with a server of one line; the first answer of ours is `/health/ready`, so the snapshot is read and measured by then."
    ].join("\n\n"),
    data: { results, started, idle, resident }
  }
})

const suite: Suite = { title: "Serving", run }
export default suite
