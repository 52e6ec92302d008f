/** The server's counters and the metrics of the snapshot. */
import { type Context, DateTime, Effect, Metric, Option } from "effect"
import { Collector, Inventory, OpenMetrics } from "@gitlab-registry-usage/core"
import { version } from "./Version.ts"

type Labels = Readonly<Record<string, string>>

/** A counter with a series for each set of labels. */
interface Counted {
  readonly name: string
  readonly help: string
  /**
   * The sets of labels whose series start with 0, if they are few. Prometheus takes the first value of a series as its
   * base, so without a 0 `increase` misses the first event.
   */
  readonly known: ReadonlyArray<Labels>
}

const counted = (name: string, help: string, known: ReadonlyArray<Labels> = []): Counted => ({ name, help, known })

export type AuthResult = "accepted" | "refused" | "limited" | "unavailable"

const authResults: ReadonlyArray<AuthResult> = ["accepted", "refused", "limited", "unavailable"]

export const authAttempts = counted(
  "auth_attempts",
  "Sign-ins, by outcome.",
  authResults.map((result) => ({ result }))
)
export const authPauses = counted(
  "auth_pauses",
  "Pauses that began because too many sign-ins were refused, by what has the pause.",
  [{ of: "user" }, { of: "address" }]
)
export const requests = counted("http_requests", "Requests that were answered, by route, method and status.")
export const defects = counted("http_defects", "Requests that failed unexpectedly.", [{}])
export const upstreamRequests = counted("upstream_requests", "Requests to the registry and GitLab, by kind and status.")
/** Counted by the collector itself. */
const collectionErrors = counted(
  "collection_errors",
  "Crawls that failed, by reason.",
  Collector.failureReasons.map((reason) => ({ reason }))
)

const saveErrors = counted("save_errors", "Snapshots that are served, but could not be saved.", [{}])

export const refusedConnections = counted(
  "refused_connections",
  "Connections that were closed at once, by the limit that was reached.",
  [{ limit: "all" }, { limit: "address" }]
)

const all = [
  authAttempts,
  authPauses,
  requests,
  defects,
  refusedConnections,
  upstreamRequests,
  collectionErrors,
  saveErrors
]

const instances = new Map<string, Metric.Counter<number>>()

const instance = ({ help, name }: Counted, labels: Labels): Metric.Counter<number> => {
  const key = `${name} ${Object.values(labels).join(" ")}`
  let metric = instances.get(key)
  if (metric === undefined) {
    metric = Metric.counter(`${OpenMetrics.prefix}${name}`, {
      description: help,
      incremental: true,
      attributes: labels
    })
    instances.set(key, metric)
  }
  return metric
}

/** Adds one. The labels have few values, and none that a client chooses. */
export const count = (counter: Counted, labels: Labels = {}): Effect.Effect<void> =>
  Metric.update(instance(counter, labels), 1)

/** Adds one, outside of an effect. */
export const countUnsafe = (counter: Counted, labels: Labels, context: Context.Context<never>): void =>
  instance(counter, labels).updateUnsafe(1, context)

const requestCounters = new Map<string, Metric.Counter<number>>()

/** Counts a request that got its response without an effect. */
export const countRequest = (route: string, method: string, status: number, context: Context.Context<never>): void => {
  const key = `${route} ${method} ${status}`
  let counter = requestCounters.get(key)
  if (counter === undefined) {
    counter = instance(requests, { route, method, status: String(status) })
    requestCounters.set(key, counter)
  }
  counter.updateUnsafe(1, context)
}

const counters = (snapshots: ReadonlyArray<Metric.Metric.Snapshot>): ReadonlyArray<OpenMetrics.Family> =>
  all.map(({ help, known, name }) => {
    const happened = snapshots.flatMap((snapshot) =>
      snapshot.type === "Counter" && snapshot.id === `${OpenMetrics.prefix}${name}`
        ? [{ labels: { ...snapshot.attributes } as Labels, value: Number(snapshot.state.count) }]
        : []
    )
    const isNew = (set: Labels) =>
      !happened.some(({ labels }) => Object.entries(set).every(([label, value]) => labels[label] === value))
    const first = known.filter(isNew).map((labels) => ({ labels, value: 0 }))
    return { name, type: "counter", help, samples: [...first, ...happened] }
  })

const collecting = (status: Collector.Status): ReadonlyArray<OpenMetrics.Family> => [
  ...(status.lastAttempt === undefined
    ? []
    : [
        {
          name: "last_collection_timestamp_seconds",
          type: "gauge",
          unit: "seconds",
          help: "When the last crawl began, whether it succeeded or not.",
          samples: [{ value: DateTime.toEpochMillis(status.lastAttempt) / 1000 }]
        } as const
      ]),
  {
    name: "leadership",
    type: "gauge",
    help: "1 for the state of this server among its replicas: leading, following another one, or no leader is known.",
    samples: (["leading", "following", "vacant"] as const).map((state) => ({
      labels: { state },
      value: status.leadership === state ? 1 : 0
    }))
  },
  {
    name: "collections",
    type: "counter",
    help: "Crawls, by outcome.",
    samples: [
      { labels: { result: "success" }, value: status.attempts.succeeded },
      { labels: { result: "failure" }, value: status.attempts.failed }
    ]
  }
]

export type Options = OpenMetrics.Options

/** The default number of repositories with series of their own. */
const maximumRepositories = 1000

const blobSizes = ({ blobs, measured }: Inventory.SizeCoverage) =>
  ({
    name: "blob_sizes",
    type: "gauge",
    help: "Blobs by how their size is known: measured, or only stated by manifests.",
    samples: [
      { labels: { source: "measured" }, value: measured },
      { labels: { source: "stated" }, value: blobs - measured }
    ]
  }) as const

/** The families of all metrics. Reads the current snapshot and never crawls. */
export const families = Effect.fnUntraced(function* (options: Options = {}) {
  const collector = yield* Collector.Collector
  const snapshot = yield* collector.current
  const ofSnapshot = Option.match(snapshot, {
    onNone: () => [],
    onSome: (snapshot) => [
      ...OpenMetrics.families(snapshot, { maxRepositories: maximumRepositories, ...options }),
      {
        name: "stale",
        type: "gauge",
        help: "1 if the snapshot is older than it should be.",
        samples: [{ value: snapshot.stale ? 1 : 0 }]
      } as const,
      blobSizes(Inventory.sizeCoverage(snapshot.usage.inventory))
    ]
  })
  const build = { labels: { version }, value: 1 }
  return [
    { name: "build", type: "info", help: "The version of the server.", samples: [build] },
    ...ofSnapshot,
    ...collecting(yield* collector.status),
    ...counters(yield* Metric.snapshot)
  ] satisfies ReadonlyArray<OpenMetrics.Family>
})
