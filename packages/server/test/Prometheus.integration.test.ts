/** What is deployed for Prometheus and Grafana, read by a real Prometheus, which scrapes the built server. */
import { NodeServices } from "@effect/platform-node"
import { Prometheus, Servers } from "@gitlab-registry-usage/test-servers"
import { describe, expect, it, layer } from "@effect/vitest"
import { Context, Effect, FileSystem, Layer, Schedule, Schema } from "effect"
import { readFile } from "node:fs/promises"
import { ask, demoRegistry, type ServerProcess, startServer, token } from "./process.ts"

const deployed = (file: string) => new URL(`../../../deploy/${file}`, import.meta.url).pathname
const read = (file: string) => Effect.promise(() => readFile(deployed(file), "utf8"))

const targetsOf = Schema.decodeUnknownEffect(
  Schema.Struct({
    activeTargets: Schema.Array(
      Schema.Struct({ scrapePool: Schema.String, health: Schema.String, lastError: Schema.String })
    )
  })
)
const rulesOf = Schema.decodeUnknownEffect(
  Schema.Struct({
    groups: Schema.Array(
      Schema.Struct({
        file: Schema.String,
        rules: Schema.Array(
          Schema.Struct({ name: Schema.String, health: Schema.String, lastError: Schema.optionalKey(Schema.String) })
        )
      })
    )
  })
)
const vectorOf = Schema.decodeUnknownEffect(
  Schema.Struct({
    resultType: Schema.Literal("vector"),
    result: Schema.Array(
      Schema.Struct({
        metric: Schema.Record(Schema.String, Schema.String),
        value: Schema.Tuple([Schema.Finite, Schema.String])
      })
    )
  })
)
const metadataOf = Schema.decodeUnknownEffect(
  Schema.Array(Schema.Struct({ metric: Schema.String, type: Schema.String, unit: Schema.String }))
)
const namesOf = Schema.decodeUnknownEffect(Schema.Array(Schema.String))
const imagesOf = Schema.decodeUnknownEffect(
  Schema.fromJsonString(
    Schema.Struct({
      size: Schema.Int,
      disk_size: Schema.Int,
      images: Schema.Int,
      tags: Schema.Int,
      gaps: Schema.Int,
      _embedded: Schema.Struct({
        items: Schema.Array(
          Schema.Struct({
            name: Schema.String,
            size: Schema.NullOr(Schema.Int),
            disk_size: Schema.NullOr(Schema.Int),
            unique_size: Schema.NullOr(Schema.Int),
            tags: Schema.NullOr(Schema.Int)
          })
        )
      })
    })
  )
)
const dashboardOf = Schema.decodeUnknownEffect(
  Schema.fromJsonString(
    Schema.Struct({
      panels: Schema.Array(
        Schema.Struct({ targets: Schema.optionalKey(Schema.Array(Schema.Struct({ expr: Schema.String }))) })
      )
    })
  )
)

const activeTargets = (prometheus: Prometheus.Prometheus) =>
  Effect.map(Effect.flatMap(prometheus.ask("targets"), targetsOf), ({ activeTargets }) => activeTargets)

/** The same text with another part instead of one that has to be there. */
const replaced = (text: string, part: string, other: string): string => {
  expect(text).toContain(part)
  return text.replace(part, other)
}

const metricsToken = "scraping-secret-of-prometheus"
const job = "gitlab-registry-usage"
const jobWithToken = `${job}-with-token`
const jobs = [job, jobWithToken]

/**
 * The deployed configuration with these addresses in it, more often; beside its job the one that its comment shows, under
 * another name and without TLS.
 */
const configuration = Effect.fnUntraced(function* (metricsPort: number, port: number) {
  const fs = yield* FileSystem.FileSystem
  const tokenFile = `${yield* fs.makeTempDirectoryScoped()}/token`
  yield* fs.writeFileString(tokenFile, metricsToken)
  const text = yield* read("prometheus/prometheus.yml")
  const shown = Array.from(text.matchAll(/^# (  .*)$/gm), ([, line]) => line!).join("\n")
  const withToken = [
    [`job_name: ${job}`, `job_name: ${jobWithToken}`],
    ["scheme: https", "scheme: http"],
    ["/etc/prometheus/registry-usage-token", tokenFile],
    ["usage.example.com", `127.0.0.1:${port}`]
  ].reduce((shown, [part, other]) => replaced(shown, part!, other!), shown)
  const own = [
    ["scrape_interval: 30s", "scrape_interval: 1s\n  evaluation_interval: 1s"],
    ["[alerts.yml]", `[${deployed("prometheus/alerts.yml")}]`],
    ["server:9100", `127.0.0.1:${metricsPort}`]
  ].reduce((text, [part, other]) => replaced(text, part!, other!), text)
  return `${own}\n${withToken}\n`
})

/** Asks again until it is as expected, at most 15 seconds. */
const soon = Effect.retry({ schedule: Schedule.spaced("200 millis"), times: 75 })
const check = <A>(what: A, isSo: (what: A) => boolean) =>
  isSo(what) ? Effect.succeed(what) : Effect.fail(new Error(JSON.stringify(what)))

/** The built server, over the embedded registry, and the Prometheus that scrapes it. */
class Scraping extends Context.Service<
  Scraping,
  { readonly server: ServerProcess; readonly prometheus: Prometheus.Prometheus }
>()("Scraping") {}

const scraping = Layer.effect(
  Scraping,
  Effect.gen(function* () {
    const { credentials, registry } = yield* demoRegistry
    const metricsPort = yield* Servers.freePort
    const server = yield* startServer(registry.url, {
      registry: credentials,
      general: { metrics_token: metricsToken, metrics_port: String(metricsPort) }
    })
    yield* server.says(/crawled the registry/)
    const prometheus = yield* Prometheus.start(yield* configuration(metricsPort, server.port))
    yield* soon(
      Effect.flatMap(activeTargets(prometheus), (targets) =>
        check(targets, (targets) => targets.length === 2 && targets.every(({ health }) => health !== "unknown"))
      )
    )
    return { server, prometheus }
  })
).pipe(Layer.provideMerge(NodeServices.layer))

const vector = Effect.fnUntraced(function* (query: string) {
  const { prometheus } = yield* Scraping
  const { result } = yield* vectorOf(yield* prometheus.ask("query", { query }))
  return result.map(({ metric, value: [, value] }) => ({ metric, value: Number(value) }))
})

const alertConditions = Effect.map(read("prometheus/alerts.yml"), (text) =>
  Array.from(text.matchAll(/^ +expr: (.+)$/gm), ([, condition]) => condition!)
)
const dashboardQueries = Effect.map(Effect.flatMap(read("grafana/registry-usage.json"), dashboardOf), ({ panels }) =>
  panels.flatMap(({ targets = [] }) => targets.map(({ expr }) => expr))
)

describe.skipIf(Servers.leftOut("Prometheus"))("Prometheus", () => {
  layer(scraping, { excludeTestServices: true, timeout: 60_000 })("as it is deployed", (it) => {
    it.effect("scrapes the port for metrics without a token, and the API with it", () =>
      Effect.gen(function* () {
        const { prometheus } = yield* Scraping
        const targets = yield* activeTargets(prometheus)
        expect(targets.toSorted((a, b) => a.scrapePool.localeCompare(b.scrapePool))).toEqual(
          jobs.map((scrapePool) => ({ scrapePool, health: "up", lastError: "" }))
        )
      })
    )

    it.effect("reads OpenMetrics: the older format has neither units nor infos", () =>
      Effect.gen(function* () {
        const { prometheus } = yield* Scraping
        const metadata = yield* metadataOf(yield* prometheus.ask("targets/metadata"))
        for (const [name, type, unit] of [
          ["disk_bytes", "gauge", "bytes"],
          ["last_success_timestamp_seconds", "gauge", "seconds"],
          ["http_requests", "counter", ""],
          ["build", "info", ""]
        ]) {
          const told = metadata.filter(({ metric }) => metric === `gitlab_registry_usage_${name}`)
          expect(
            told.map(({ type, unit }) => ({ type, unit })),
            name
          ).toEqual(jobs.map(() => ({ type, unit })))
        }
      })
    )

    it.effect("has the numbers of the API", () =>
      Effect.gen(function* () {
        const { server } = yield* Scraping
        const { body } = yield* ask(`${server.url}/images?embed=true`, { authorization: `Bearer ${yield* token}` })
        const images = yield* imagesOf(body)
        const { items } = images._embedded
        const readable = items.filter(({ size }) => size !== null)
        expect(readable.length).toBeGreaterThan(3)
        for (const job of jobs) {
          for (const [name, value] of [
            ["size_bytes", images.size],
            ["disk_bytes", images.disk_size],
            ["repositories", images.images],
            ["repositories_unreadable", items.length - readable.length],
            ["tags", images.tags],
            ["gaps", images.gaps],
            ["stale", 0],
            ["build_info", 1],
            ['collections_total{result="success"}', 1]
          ] as const) {
            const told = yield* vector(`gitlab_registry_usage_${name} and on (job) up{job="${job}"}`)
            expect(
              told.map(({ value }) => value),
              name
            ).toEqual([value])
          }
          for (const [name, key] of [
            ["repository_size_bytes", "size"],
            ["repository_disk_bytes", "disk_size"],
            ["repository_unique_bytes", "unique_size"],
            ["repository_tags", "tags"]
          ] as const) {
            const told = yield* vector(`gitlab_registry_usage_${name}{job="${job}"}`)
            expect(Object.fromEntries(told.map(({ metric, value }) => [metric["repository"], value])), name).toEqual(
              Object.fromEntries(readable.map((item) => [item.name, item[key]]))
            )
          }
        }
      })
    )

    it.effect("loads every alert", () =>
      Effect.gen(function* () {
        const { prometheus } = yield* Scraping
        const groups = yield* soon(
          Effect.gen(function* () {
            const { groups } = yield* rulesOf(yield* prometheus.ask("rules"))
            return yield* check(groups, (groups) =>
              groups.every(({ rules }) => rules.every(({ health }) => health !== "unknown"))
            )
          })
        )
        const names = (yield* read("prometheus/alerts.yml")).matchAll(/- alert: (\w+)/g)
        expect(groups).toEqual([
          {
            file: deployed("prometheus/alerts.yml"),
            rules: Array.from(names, ([, name]) => ({ name, health: "ok" }))
          }
        ])
      })
    )

    it.effect("has every series of the alerts and the dashboard, also before the first event", () =>
      Effect.gen(function* () {
        const { prometheus } = yield* Scraping
        const names = yield* namesOf(yield* prometheus.ask("label/__name__/values"))
        const queries = [...(yield* alertConditions), ...(yield* dashboardQueries)]
        expect(queries.length).toBeGreaterThan(24)
        for (const query of queries) {
          // Prometheus answers it: there is no mistake in it.
          yield* vector(query)
          expect(names, query).toEqual(expect.arrayContaining(query.match(/gitlab_registry_usage_\w+/g) ?? ["up"]))
        }
      })
    )

    it.effect("sees an increase at the first event", () =>
      Effect.gen(function* () {
        const { server } = yield* Scraping
        const increase = vector('increase(gitlab_registry_usage_auth_attempts_total{result="unavailable"}[5m]) > 0')
        expect(yield* increase).toEqual([])
        // The directory of this server is nowhere.
        const authorization = `Basic ${Buffer.from("alice:secret").toString("base64")}`
        expect((yield* ask(`${server.url}/auth_token`, { authorization })).status).toBe(503)
        const seen = yield* soon(Effect.flatMap(increase, (seen) => check(seen, ({ length }) => length === 2)))
        expect(seen.map(({ metric }) => metric["job"]).toSorted()).toEqual(jobs)
      })
    )
  })

  describe("promtool", () => {
    it.effect("accepts the files", () =>
      Effect.gen(function* () {
        const valid = yield* Prometheus.tool("check", "config", deployed("prometheus/prometheus.yml"))
        expect(valid).toContain("prometheus.yml is valid")
        expect(yield* Prometheus.tool("check", "rules", deployed("prometheus/alerts.yml"))).toContain("10 rules found")
      })
    )

    it.effect("fires each alert when it should, and only then", () =>
      Effect.gen(function* () {
        const cases = `${import.meta.dirname}/alerts.test.yml`
        expect(yield* Prometheus.tool("test", "rules", cases)).toContain("SUCCESS")
        // No alert is without a case.
        const text = yield* Effect.promise(() => readFile(cases, "utf8"))
        const names = (yield* read("prometheus/alerts.yml")).matchAll(/- alert: (\w+)/g)
        expect(Array.from(text.matchAll(/- name: (\w+)/g), ([, name]) => name)).toEqual(
          Array.from(names, ([, name]) => name)
        )
      })
    )
  })
})
