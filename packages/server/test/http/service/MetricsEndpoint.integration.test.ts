/** The formats of the metrics, for the scrapers that there are. */
import { Names, OpenMetrics } from "@gitlab-registry-usage/core"
import { Images } from "@gitlab-registry-usage/core/testing"
import { Prometheus, Servers } from "@gitlab-registry-usage/test-servers"
import { describe, expect, it } from "@effect/vitest"
import { Effect, Layer } from "effect"
import { appLayer, get } from "../../app.ts"
import { parse } from "../../openmetrics.ts"

const openMetrics = "application/openmetrics-text; version=1.0.0; charset=utf-8"
const older = "text/plain; version=0.0.4; charset=utf-8"

const protobuf = "application/vnd.google.protobuf;proto=io.prometheus.client.MetricFamily;encoding=delimited"

/** What scrapers send, and the format that they get. */
const accepted: ReadonlyArray<readonly [accept: string, contentType: string]> = [
  ["*/*", openMetrics],
  ["undefined", openMetrics],
  ["text/html,application/xhtml+xml,application/xml;q=0.9,*/*;q=0.8", openMetrics],
  ["application/openmetrics-text", openMetrics],
  ["text/plain", older],
  ["text/plain;version=0.0.4", older],
  ["text/plain; version=0.0.4; charset=utf-8", older],
  ["text/*", older],
  ["text/plain;version=0.0.4;q=1,*/*;q=0.1", older],
  ["text/plain;version=0.0.4,application/openmetrics-text;version=1.0.0;q=0", older],
  ["application/openmetrics-text;version=1.0.0;q=0.2,text/plain;version=0.0.4;q=0.7", older],
  ["application/openmetrics-text;version=1.0.0;q=0.7,text/plain;version=0.0.4;q=0.2", openMetrics],
  ["text/plain;q=0,*/*", openMetrics],
  // A version that this server does not write.
  ["application/openmetrics-text;version=2.0.0,text/plain;version=0.0.4;q=0.1", older],
  // Telegraf and categraf.
  [`${protobuf};q=0.7,text/plain;version=0.0.4;q=0.3`, older],
  [`${protobuf};q=0.7,text/plain;version=0.0.4;q=0.3,*/*;q=0.1`, older],
  // Prometheus 2.
  [
    "application/openmetrics-text;version=1.0.0;q=0.8,application/openmetrics-text;version=0.0.1;q=0.75,text/plain;version=0.0.4;q=0.5,*/*;q=0.1",
    openMetrics
  ],
  // Prometheus 3, which names how it wants names escaped, and VictoriaMetrics' agent.
  [
    "application/openmetrics-text;version=1.0.0;escaping=allow-utf-8;q=0.6,application/openmetrics-text;version=0.0.1;q=0.5,text/plain;version=1.0.0;escaping=allow-utf-8;q=0.4,text/plain;version=0.0.4;q=0.3,*/*;q=0.2",
    openMetrics
  ],
  [
    "text/plain;version=1.0.0;escaping=allow-utf-8;q=0.6,text/plain;version=0.0.4;q=0.5,application/openmetrics-text;version=1.0.0;q=0.4",
    older
  ],
  ["text/plain;version=0.0.4;q=1,*/*;q=0.1", older]
]

const app = Layer.unwrap(
  Effect.gen(function* () {
    const image = yield* Images.image({ layers: [yield* Images.layer("one", 1000)] })
    const tags = [{ name: Names.TagName.make("latest"), image }]
    return appLayer(
      { repositories: [{ name: Names.RepositoryName.make("group/app"), tags }] },
      { metrics: { tags: true } }
    )
  })
)

describe("the format of /metrics", () => {
  it.live("is the one that Accept prefers", () =>
    Effect.gen(function* () {
      for (const [accept, contentType] of accepted) {
        const { body, headers, status } = yield* get("/metrics", { accept })
        expect([status, headers["content-type"]], accept).toEqual([200, contentType])
        expect(headers["vary"], accept).toContain("Accept")
        expect(body.endsWith("# EOF\n"), accept).toBe(contentType === openMetrics)
      }
    }).pipe(Effect.provide(app))
  )

  it.live("has the same samples in both", () =>
    Effect.gen(function* () {
      const samples = (text: string) => text.split("\n").filter((line) => line !== "" && !line.startsWith("#"))
      const [one, other] = [yield* get("/metrics"), yield* get("/metrics", { accept: "text/plain" })]
      expect(parse(one.body).size).toBeGreaterThan(20)
      const steady = (line: string) => !/http_requests|auth_attempts/.test(line)
      expect(samples(other.body).filter(steady)).toEqual(samples(one.body).filter(steady))
      expect(other.body).toContain("# TYPE gitlab_registry_usage_collections_total counter\n")
      expect(one.body).toContain("# TYPE gitlab_registry_usage_collections counter\n")
      expect(other.body).toContain("# TYPE gitlab_registry_usage_build_info gauge\n")
    }).pipe(Effect.provide(app))
  )
})

describe.skipIf(Servers.leftOut("promtool"))("promtool check metrics", () => {
  it.live("finds nothing in the text format", () =>
    Effect.gen(function* () {
      const { body } = yield* get("/metrics", { accept: "text/plain" })
      expect(yield* Prometheus.checkMetrics(body)).toBe("")
    }).pipe(Effect.scoped, Effect.provide(app))
  )

  it.live("reads labels and help with every character that is escaped", () =>
    Effect.gen(function* () {
      const text = OpenMetrics.renderOlder([
        { name: "odd", type: "gauge", help: 'a "b" \\ c\nd', samples: [{ labels: { l: 'x\\y"z\n' }, value: 1 }] },
        { name: "none", type: "gauge", help: "No samples.", samples: [] }
      ])
      expect(text).toBe(
        [
          '# HELP gitlab_registry_usage_odd a "b" \\\\ c\\nd',
          "# TYPE gitlab_registry_usage_odd gauge",
          'gitlab_registry_usage_odd{l="x\\\\y\\"z\\n"} 1\n'
        ].join("\n")
      )
      expect(yield* Prometheus.checkMetrics(text)).toBe("")
      expect(yield* Effect.flip(Prometheus.checkMetrics("# HELP a \\x\na 1 x\n"))).toBeInstanceOf(Servers.ServerError)
    }).pipe(Effect.scoped)
  )
})
