/** The built server for a long time: crawls of a registry that fails now and then, and steady reading. */
import { NodeServices } from "@effect/platform-node"
import { type DemoRegistry, Fault } from "@gitlab-registry-usage/demo"
import { Effect, FileSystem, Schedule } from "effect"
import { ask, demoRegistryWith, percentile, type ServerProcess, startServer, token } from "../process.ts"

export interface Options {
  readonly seconds: number
  /** Seconds between two samples. */
  readonly every: number
  /** Reads in a second. */
  readonly rate: number
  /** The share of the registry's answers that are faults, 0 to 1. */
  readonly faults: number
  readonly onSample?: (sample: Sample) => void
}

/** Bytes of memory, and counts since the begin but for the descriptors, which are those of the moment. */
export interface Sample {
  readonly seconds: number
  readonly resident: number
  /** The heap after a garbage collection. */
  readonly heap: number
  readonly descriptors: number
  readonly reads: number
  readonly serverErrors: number
  readonly crawls: number
  readonly failedCrawls: number
}

export interface Report {
  readonly samples: ReadonlyArray<Sample>
  /** Reads by status; `none` where there was no answer. */
  readonly statuses: Readonly<Record<string, number>>
  readonly injected: number
  /** Milliseconds. */
  readonly latency: { readonly median: number; readonly p99: number }
}

/** One in so many answers of the registry is one of these, in turn. */
const injectFaults = Effect.fnUntraced(function* (registry: DemoRegistry.DemoRegistry["Service"], share: number) {
  const kinds = [
    Fault.status(503),
    Fault.status(500),
    Fault.status(429, { headers: { "retry-after": "1" } }),
    Fault.status(502, { body: "<html>Bad Gateway</html>", headers: { "content-type": "text/html" } }),
    Fault.garbage('{"truncated": '),
    Fault.garbage("<html>Please sign in</html>"),
    Fault.delay("400 millis")
  ]
  const each = Math.round(1 / share)
  const seen = { requests: 0, injected: 0 }
  yield* registry.inject({
    on: () => ++seen.requests % each === 0,
    answer: (answer, request) => kinds[seen.injected++ % kinds.length]!(answer, request)
  })
  return seen
})

const paths = [
  "/images",
  "/images?embed=1&links=true",
  "/images?embed=true&links=true",
  "/images/acme%2Fshop%2Fapi?embed=true",
  "/images/acme/shop/web/tags/latest",
  "/images/acme%2Fshop%2Fweb%2Fnightly/tags?embed=1",
  "/namespaces",
  "/status",
  "/metrics",
  "/health/ready"
]

const sampleOf = Effect.fnUntraced(function* (server: ServerProcess) {
  const asked = server.output().length
  yield* server.signal("SIGUSR2")
  const heap = yield* Effect.suspend(() => {
    const told = /heap (\d+)\n/.exec(server.output().slice(asked))
    return told === null ? Effect.fail("not yet") : Effect.succeed(Number(told[1]))
  }).pipe(Effect.retry({ schedule: Schedule.spaced("20 millis"), times: 250 }), Effect.orDie)
  const occurrences = (text: string) => server.output().split(text).length - 1
  return {
    ...(yield* server.usage),
    heap,
    crawls: occurrences("crawled the registry"),
    failedCrawls: occurrences("the crawl failed")
  }
})

/** Runs the soak. The server must be built. */
export const run = Effect.fnUntraced(
  function* (options: Options) {
    // Without the database each tag is asked for, so that a crawl is many requests.
    const { credentials, registry } = yield* demoRegistryWith({ metadataDatabase: false })
    const fs = yield* FileSystem.FileSystem
    const home = yield* fs.makeTempDirectoryScoped()
    const server = yield* startServer(
      registry.url,
      {
        general: { snapshot_file: `${home}/snapshot` },
        registry: { ...credentials, refresh_interval: "1 second", request_timeout: "5 seconds" }
      },
      ["--expose-gc", "--import", `${import.meta.dirname}/heap.mjs`]
    )
    yield* server.says(/crawled the registry/)
    const seen = yield* injectFaults(registry, options.faults)
    const headers = { authorization: `Bearer ${yield* token}` }

    const statuses: Record<string, number> = {}
    const took: Array<number> = []
    const counts = { reads: 0, serverErrors: 0 }
    const read = Effect.suspend(() => ask(`${server.url}${paths[counts.reads++ % paths.length]}`, headers)).pipe(
      Effect.match({
        onFailure: () => {
          statuses["none"] = (statuses["none"] ?? 0) + 1
          counts.serverErrors++
        },
        onSuccess: (answer) => {
          statuses[answer.status] = (statuses[answer.status] ?? 0) + 1
          if (answer.status >= 500) counts.serverErrors++
          // A window is enough, and does not grow.
          took[counts.reads % 100_000] = answer.took
        }
      })
    )
    yield* Effect.forkScoped(Effect.repeat(Effect.forkScoped(read), Schedule.fixed(`${1000 / options.rate} millis`)))

    const samples: Array<Sample> = []
    const begin = performance.now()
    while (performance.now() - begin < options.seconds * 1000) {
      yield* Effect.sleep(options.every * 1000)
      const sample = {
        seconds: Math.round((performance.now() - begin) / 1000),
        ...(yield* sampleOf(server)),
        ...counts
      }
      samples.push(sample)
      options.onSample?.(sample)
    }
    const times = took.filter((time) => time !== undefined)
    const report: Report = {
      samples,
      statuses,
      injected: seen.injected,
      latency: { median: percentile(times, 0.5), p99: percentile(times, 0.99) }
    }
    return report
  },
  Effect.scoped,
  Effect.provide(NodeServices.layer)
)

const mean = (values: ReadonlyArray<number>) => values.reduce((sum, value) => sum + value, 0) / values.length

/** The samples of the first third, which is for warming up, and those of the last. */
const thirds = (samples: ReadonlyArray<Sample>) => {
  const third = Math.ceil(samples.length / 3)
  return [samples.slice(0, third), samples.slice(-third)] as const
}

/** What is wrong, in words; nothing where reads had no errors, and memory and descriptors do not grow. */
export const problems = ({ samples, statuses }: Report): ReadonlyArray<string> => {
  const [first, last] = thirds(samples)
  const grown = (of: (sample: Sample) => number) => mean(last.map(of)) - mean(first.map(of))
  const mebibytes = (bytes: number) => Math.round(bytes / 2 ** 20)
  const found: Array<string> = []
  const other = Object.entries(statuses).filter(([status]) => status !== "200")
  if (other.length > 0)
    found.push(`reads that were not answered with 200: ${JSON.stringify(Object.fromEntries(other))}`)
  if (samples.at(-1)!.crawls < 2) found.push("there was no second crawl")
  const heap = grown(({ heap }) => heap)
  const allowed = Math.max(10 * 2 ** 20, 0.2 * mean(first.map(({ heap }) => heap)))
  if (heap > allowed) found.push(`the heap grew by ${mebibytes(heap)} MiB`)
  const resident = grown(({ resident }) => resident)
  if (resident > 120 * 2 ** 20) found.push(`the memory grew by ${mebibytes(resident)} MiB`)
  const descriptors = grown(({ descriptors }) => descriptors)
  if (descriptors > 15) found.push(`there are ${Math.round(descriptors)} more descriptors`)
  return found
}

/** The figures of a soak for the record, in bytes and milliseconds: of the first third of the samples, and of the last. */
export const summary = (report: Report) => {
  const { injected, latency, samples } = report
  const { crawls, failedCrawls, reads, seconds, serverErrors } = samples.at(-1)!
  const [first, last] = thirds(samples)
  const means = (of: (sample: Sample) => number) => [first, last].map((third) => Math.round(mean(third.map(of))))
  return {
    minutes: Math.round(seconds / 60),
    injected,
    crawls,
    failedCrawls,
    reads,
    serverErrors,
    median: Math.round(latency.median * 10) / 10,
    p99: Math.round(latency.p99 * 10) / 10,
    resident: means(({ resident }) => resident),
    heap: means(({ heap }) => heap),
    descriptors: means(({ descriptors }) => descriptors),
    problems: problems(report)
  }
}
