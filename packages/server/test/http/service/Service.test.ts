import { Collector, Names, Registry } from "@gitlab-registry-usage/core"
import { Images } from "@gitlab-registry-usage/core/testing"
import { KeySet } from "@gitlab-registry-usage/adapter-jwt"
import { describe, expect, it } from "@effect/vitest"
import { Effect, Layer, Metric, Redacted } from "effect"
import { generateKeyPairSync } from "node:crypto"
import { readFileSync } from "node:fs"
import * as DashboardFiles from "../../../src/http/service/DashboardFiles.ts"
import { appLayer, basic, get, send, signedIn, tokensWith } from "../../app.ts"
import { parse } from "../../openmetrics.ts"

const repositories = Effect.gen(function* () {
  const image = yield* Images.image({ layers: [yield* Images.layer("one", 1000)] })
  const other = yield* Images.image({ layers: [yield* Images.layer("two", 500)] })
  return ["large", "small", "tiny"].map((name, i) => ({
    name: Names.RepositoryName.make(name),
    tags: [{ name: Names.TagName.make("latest"), image: i === 0 ? image : other }]
  }))
})

describe("/metrics", () => {
  it.live("are OpenMetrics with every expected name, for a request with a token", () =>
    Effect.gen(function* () {
      const app = appLayer(
        {
          repositories: [
            ...(yield* repositories),
            { name: Names.RepositoryName.make("gone"), tags: [], unreadable: new Registry.NotFound({ detail: "gone" }) }
          ]
        },
        { metricsToken: Redacted.make("scraping-secret") }
      )
      yield* Effect.gen(function* () {
        expect((yield* send("/metrics")).status).toBe(401)
        const wrong = yield* send("/metrics", { headers: { authorization: "Bearer scraping-secreT" } })
        expect(wrong.status).toBe(401)
        yield* signedIn
        const { body, headers, status } = yield* send("/metrics", {
          headers: { authorization: "Bearer scraping-secret" }
        })
        expect(status).toBe(200)
        expect(headers["content-type"]).toBe("application/openmetrics-text; version=1.0.0; charset=utf-8")
        expect((yield* get("/metrics")).status).toBe(200)
        // It reads the metrics and nothing else.
        expect((yield* send("/images", { headers: { authorization: "Bearer scraping-secret" } })).status).toBe(401)
        const samples = parse(body)
        const value = (name: string) => samples.get(`gitlab_registry_usage_${name}`)
        expect(value("repositories")).toBe(4)
        expect(value("repositories_unreadable")).toBe(1)
        expect(value("tags")).toBe(3)
        expect(value("gaps")).toBe(1)
        expect(value("stale")).toBe(0)
        expect(value('collections_total{result="success"}')).toBe(1)
        expect(value('auth_attempts_total{result="accepted"}')).toBeGreaterThanOrEqual(1)
        for (const name of ["size_bytes", "disk_bytes", "repository_disk_bytes", "repository_unique_bytes"]) {
          expect(
            [...samples.keys()].some((key) => key.startsWith(`gitlab_registry_usage_${name}`)),
            name
          ).toBe(true)
        }
        for (const name of ["last_collection_timestamp_seconds", "last_success_timestamp_seconds"]) {
          expect(value(name), name).toBeGreaterThan(1.7e9)
        }
        expect(value("collection_duration_seconds")).toBeGreaterThanOrEqual(0)
        // A size that is not known is no 0.
        expect(value('repository_disk_bytes{repository="gone"}')).toBeUndefined()
        const disk = [...samples].filter(([key]) => key.includes("_repository_disk_bytes{"))
        expect(disk.reduce((sum, [, bytes]) => sum + bytes, 0)).toBe(value("disk_bytes"))
      }).pipe(Effect.provide(app))
    })
  )

  it.live("have every name of the alerts and the Grafana dashboard", () =>
    Effect.gen(function* () {
      const { body } = yield* get("/metrics")
      const suffixes: Record<string, string> = { gauge: "", counter: "_total", info: "_info" }
      const told = new Set(
        Array.from(body.matchAll(/^# TYPE (\S+) (\S+)$/gm), ([, name, type]) => name! + suffixes[type!])
      )
      for (const file of ["prometheus/alerts.yml", "grafana/registry-usage.json"]) {
        const text = readFileSync(new URL(`../../../../../deploy/${file}`, import.meta.url), "utf8")
        const asked = text.match(/gitlab_registry_usage_\w+/g)!
        expect(asked.length).toBeGreaterThan(8)
        for (const name of asked) expect(told.has(name), `${file}: ${name}`).toBe(true)
      }
    }).pipe(Effect.provide(Layer.unwrap(Effect.map(repositories, (repositories) => appLayer({ repositories })))))
  )

  it.live("sum the repositories beyond the limit, so that the totals stay the same", () =>
    Effect.gen(function* () {
      const app = appLayer({ repositories: yield* repositories }, { metrics: { maxRepositories: 1 } })
      yield* Effect.gen(function* () {
        const samples = parse((yield* get("/metrics")).body)
        const disk = [...samples].filter(([key]) => key.includes("_repository_disk_bytes{"))
        expect(disk.map(([key]) => /repository="(.*)"/.exec(key)![1])).toEqual(["large", "_other"])
        expect(disk.reduce((sum, [, bytes]) => sum + bytes, 0)).toBe(samples.get("gitlab_registry_usage_disk_bytes"))
      }).pipe(Effect.provide(app))
    })
  )

  it.live("exist before the end of the first crawl, without sizes", () =>
    Effect.gen(function* () {
      const { body } = yield* send("/metrics", { headers: { authorization: "Bearer scraping-secret" } })
      const samples = parse(body)
      expect(samples.get("gitlab_registry_usage_disk_bytes")).toBeUndefined()
      expect(samples.get('gitlab_registry_usage_collections_total{result="success"}')).toBe(0)
    }).pipe(
      Effect.provide(
        appLayer({ repositories: [], before: () => Effect.never }, { metricsToken: Redacted.make("scraping-secret") })
      )
    )
  )

  it.live("start the series of the alerts with 0, so that the first event is an increase", () =>
    Effect.gen(function* () {
      const counters = Effect.gen(function* () {
        const { body } = yield* send("/metrics", { headers: { authorization: "Bearer scraping-secret" } })
        return new Map([...parse(body)].map(([name, value]) => [name.replace("gitlab_registry_usage_", ""), value]))
      })
      // One crawl at least has failed.
      yield* Effect.exit((yield* Collector.Collector).refresh)
      const first = yield* counters
      expect(first.get("http_defects_total")).toBe(0)
      expect(first.get("save_errors_total")).toBe(0)
      for (const result of ["accepted", "refused", "limited", "unavailable"]) {
        expect(first.get(`auth_attempts_total{result="${result}"}`), result).toBe(0)
      }
      for (const reason of Collector.failureReasons) {
        const count = first.get(`collection_errors_total{reason="${reason}"}`)
        if (reason === "Unauthorized") expect(count, reason).toBeGreaterThanOrEqual(1)
        else expect(count, reason).toBe(0)
      }
      yield* send("/auth_token", { headers: basic("alice", "wrong") })
      const second = yield* counters
      expect(second.get('auth_attempts_total{result="refused"}')).toBe(1)
      expect([...second.keys()].filter((name) => name.startsWith("auth_attempts")).length).toBe(4)
    }).pipe(
      Effect.provide(
        appLayer(
          { repositories: [], before: () => Effect.fail(new Registry.Unauthorized({ detail: "revoked" })) },
          { metricsToken: Redacted.make("scraping-secret") }
        )
      ),
      Effect.provideService(Metric.MetricRegistry, new Map())
    )
  )
})

describe("the description of the API", () => {
  it.live("has every route, under the prefix, and needs no token", () =>
    Effect.gen(function* () {
      const { json, status } = yield* send("/registry/openapi.json")
      expect(status).toBe(200)
      const document = json as { openapi: string; servers: unknown; paths: Record<string, Record<string, unknown>> }
      expect(document.openapi).toMatch(/^3\.1/)
      expect(document.servers).toEqual([{ url: "/registry" }])
      expect(document.paths["/images/{image}/tags/{tag}"]).toHaveProperty("get")
      // What is described is there: no path of it is unknown to the router.
      for (const [path, methods] of Object.entries(document.paths)) {
        if (path === "/events") continue
        const { headers, status } = yield* send(path.replaceAll(/\{\w+\}/g, "x"), { method: "OPTIONS" })
        expect(status, path).toBe(204)
        for (const method of Object.keys(methods)) expect(headers["allow"], path).toContain(method.toUpperCase())
      }
    }).pipe(Effect.provide(appLayer({ repositories: [] }, { prefix: "/registry" })))
  )

  it.live("is a page that loads nothing and runs only its own scripts", () =>
    Effect.gen(function* () {
      const { body, headers, status } = yield* send("/docs")
      expect(status).toBe(200)
      expect(headers["content-type"]).toBe("text/html; charset=utf-8")
      expect(body).not.toMatch(/<(?:script|link|img)[^>]+(?:src|href)=/)
      const policy = String(headers["content-security-policy"])
      expect(policy).toMatch(/default-src 'none'; script-src 'sha256-/)
      expect(policy).not.toContain("unsafe-eval")
      expect(body).toContain("/images/{image}/tags/{tag}")
    }).pipe(Effect.provide(appLayer({ repositories: [] })))
  )
})

describe("the files of the dashboard", () => {
  const page = Buffer.from("<!doctype html><title>Usage</title>")
  const files: DashboardFiles.Files = new Map([
    ["index.html", DashboardFiles.fileAnswer("index.html", page)],
    ["assets/index-1a2B3c4D.js", DashboardFiles.fileAnswer("assets/index-1a2B3c4D.js", Buffer.from("export {}"))]
  ])

  const withPage = Layer.succeed(DashboardFiles.Current, files)

  it.live("are served without a token, from the list only", () =>
    Effect.gen(function* () {
      const index = yield* send("/ui/")
      expect([index.status, index.body]).toEqual([200, page.toString()])
      expect(index.headers["cache-control"]).toBe("no-cache")
      expect(index.headers["content-security-policy"]).toContain("script-src 'self'")
      expect((yield* send("/ui/", { headers: { "if-none-match": index.headers.etag! } })).status).toBe(304)
      const script = yield* send("/ui/assets/index-1a2B3c4D.js")
      expect(script.headers["content-type"]).toMatch(/javascript/)
      expect(script.headers["cache-control"]).toContain("immutable")
      for (const path of [
        "/ui/../images",
        "/ui/..%2f..%2fetc%2fpasswd",
        "/ui/x",
        "/ui//",
        "/ui/assets/",
        "/ui/constructor"
      ]) {
        expect((yield* send(path)).status, path).toBe(404)
      }
      const bare = yield* send("/ui")
      expect([bare.status, bare.headers.location]).toEqual([307, "/p/ui/"])
    }).pipe(Effect.provide(appLayer({ repositories: [] }, { prefix: "/p" }).pipe(Layer.provide(withPage))))
  )

  it.live("are the target of a redirect from the root, for browsers only", () =>
    Effect.gen(function* () {
      const browser = yield* send("/", { headers: { accept: "text/html,application/xhtml+xml,*/*;q=0.8" } })
      expect([browser.status, browser.headers.location]).toEqual([307, "/p/ui/"])
      const { json, status } = yield* send("/?links=true")
      expect(status).toBe(200)
      expect(json).toMatchObject({ _links: { ui: { href: "/p/ui/" } } })
    }).pipe(Effect.provide(appLayer({ repositories: [] }, { prefix: "/p" }).pipe(Layer.provide(withPage))))
  )
})

describe("/.well-known/jwks.json", () => {
  it.live("has the public keys, and is 404 with a shared secret", () =>
    Effect.gen(function* () {
      const { privateKey } = generateKeyPairSync("ed25519")
      const pem = privateKey.export({ type: "pkcs8", format: "pem" }).toString()
      const tokens = tokensWith({ current: KeySet.privateKey(Redacted.make(pem)) })
      const answer = yield* Effect.provide(send("/.well-known/jwks.json"), appLayer({ repositories: [] }, { tokens }))
      expect(answer.headers["content-type"]).toBe("application/jwk-set+json")
      expect(answer.json).toMatchObject({ keys: [{ kty: "OKP", crv: "Ed25519", use: "sig" }] })
      expect(answer.body).not.toContain('"d"')
      const none = yield* Effect.provide(send("/.well-known/jwks.json"), appLayer({ repositories: [] }))
      expect(none.status).toBe(404)
    })
  )
})

describe("pages of other origins", () => {
  it.live("read the API only if they are allowed to", () =>
    Effect.gen(function* () {
      const preflight = (origin: string) =>
        send("/images", {
          method: "OPTIONS",
          headers: { origin, "access-control-request-method": "GET", "access-control-request-headers": "authorization" }
        })
      const [ours, other] = [yield* preflight("https://ours.example"), yield* preflight("https://other.example")]
      expect(ours.headers["access-control-allow-origin"]).toBe("https://ours.example")
      expect(ours.headers["access-control-allow-headers"]).toContain("Authorization")
      expect(other.headers["access-control-allow-origin"]).toBeUndefined()
      expect(other.headers["vary"]).toBe("Origin")
      const read = yield* get("/images", { origin: "https://ours.example" })
      expect(read.headers["vary"]).toContain("Origin")
      expect(read.headers["access-control-expose-headers"]).toContain("ETag")
    }).pipe(Effect.provide(appLayer({ repositories: [] }, { corsOrigins: ["https://ours.example"] })))
  )

  it.live("sign in only if the setting of the sign-in allows them", () =>
    Effect.gen(function* () {
      const allowed = (path: string, origin: string) =>
        Effect.all(
          ["OPTIONS", "GET"].map((method) =>
            Effect.map(
              send(path, {
                method,
                headers: { origin, ...(method === "OPTIONS" ? { "access-control-request-method": "GET" } : {}) }
              }),
              ({ headers }) => headers["access-control-allow-origin"]
            )
          )
        )
      const [ours, other] = ["https://ours.example", "https://other.example"]
      expect(yield* allowed("/auth_token", ours)).toEqual([ours, ours])
      expect(yield* allowed("/auth_token", other)).toEqual([undefined, undefined])
      expect(yield* allowed("/images", other)).toEqual(["*", "*"])
    }).pipe(Effect.provide(appLayer({ repositories: [] }, { signInOrigins: ["https://ours.example"] })))
  )
})

describe("request ids", () => {
  it.live("are taken from a proxy if they are valid, and generated otherwise", () =>
    Effect.gen(function* () {
      const idOf = (id: string) =>
        Effect.map(send("/health/live", { headers: { "x-request-id": id } }), ({ headers }) => headers["x-request-id"])
      expect(yield* idOf("req-42")).toBe("req-42")
      for (const bad of ["a b", "<x>", "x".repeat(200), "ü"]) {
        expect(yield* idOf(encodeURI(bad) === bad ? bad : "a b")).toMatch(/^[\da-f]{16}-[\da-z]+$/)
      }
      const answer = yield* send("/auth_token", { headers: basic("alice", "wrong") })
      expect(answer.headers["x-request-id"]).toMatch(/^[\da-f]{16}-[\da-z]+$/)
    }).pipe(Effect.provide(appLayer({ repositories: [] })))
  )
})
