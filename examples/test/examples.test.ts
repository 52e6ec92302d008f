import { NodeHttpClient, NodeHttpServer } from "@effect/platform-node"
import { JwtTokens, KeySet } from "@gitlab-registry-usage/adapter-jwt"
import { RegistryHttp } from "@gitlab-registry-usage/adapter-http"
import { Bytes, Collector, SnapshotStore } from "@gitlab-registry-usage/core"
import { Demo, DemoDirectory, DemoRegistry, Expected } from "@gitlab-registry-usage/demo"
import { Adapters, Server } from "@gitlab-registry-usage/server"
import { expect, layer } from "@effect/vitest"
import { hashSync } from "bcryptjs"
import { Effect, Layer, Redacted, Schedule } from "effect"
import { HttpServer } from "effect/http"
import { execFile, spawn } from "node:child_process"
import { randomBytes } from "node:crypto"
import { mkdtempSync, rmSync, writeFileSync } from "node:fs"
import { createServer, type RequestListener, type Server as HttpServerOfNode } from "node:http"
import { type AddressInfo, createServer as createNetServer } from "node:net"
import { tmpdir } from "node:os"
import { join } from "node:path"
import { fileURLToPath } from "node:url"

const registry = Layer.unwrap(
  Effect.map(Demo.repositories, (repositories) => DemoRegistry.layer({ repositories }))
).pipe(Layer.provide(NodeHttpServer.layer(createServer, { host: "127.0.0.1", port: 0 })))

interface Run {
  readonly status: number
  readonly lines: ReadonlyArray<string>
  readonly errors: string
}

const programOf = (example: string) => fileURLToPath(new URL(`../${example}`, import.meta.url))

/** The environment variables of the examples, for the embedded registry. */
const environmentOf = (more: Record<string, string>) =>
  Effect.map(DemoRegistry.DemoRegistry, ({ credentials, url }) => ({
    ...process.env,
    REGISTRY_URL: url,
    REGISTRY_USER: credentials.username,
    REGISTRY_TOKEN: Redacted.value(credentials.password),
    ...more
  }))

/** Runs an example on the embedded registry and returns its status and output. */
const run = (example: string, args: ReadonlyArray<string> = [], more: Record<string, string> = {}) =>
  Effect.flatMap(environmentOf(more), (env) =>
    Effect.callback<Run>((resume) => {
      const child = execFile(process.execPath, [programOf(example), ...args], { env }, (_, stdout, stderr) =>
        resume(Effect.succeed({ status: child.exitCode ?? -1, lines: stdout.trimEnd().split("\n"), errors: stderr }))
      )
      return Effect.sync(() => child.kill())
    })
  )

/** A free port of loopback. */
const freePort = Effect.callback<number>((resume) => {
  const server = createNetServer().listen(0, "127.0.0.1", () => {
    const { port } = server.address() as AddressInfo
    server.close(() => resume(Effect.succeed(port)))
  })
})

/** Starts an example that runs until the scope closes. */
const start = Effect.fnUntraced(function* (
  example: string,
  args: ReadonlyArray<string> = [],
  more: Record<string, string> = {}
) {
  const env = yield* environmentOf(more)
  const child = yield* Effect.acquireRelease(
    Effect.sync(() => spawn(process.execPath, [programOf(example), ...args], { env })),
    (child) =>
      Effect.callback<void>((resume) => {
        if (child.exitCode !== null || child.signalCode !== null) return resume(Effect.void)
        child.once("exit", () => resume(Effect.void))
        child.kill("SIGKILL")
      })
  )
  expect(child.pid).toBeDefined()
  let text = ""
  for (const stream of [child.stdout, child.stderr]) stream.on("data", (data: Buffer) => (text += data.toString()))
  /** What it has written so far. */
  const output = Effect.sync(() => text)
  /** Its status after the signal of a service manager. */
  const stopped = Effect.callback<number | null>((resume) => {
    child.once("exit", (status) => resume(Effect.succeed(status)))
    child.kill("SIGTERM")
  }).pipe(Effect.timeout("20 seconds"), Effect.orDie)
  return { output, stopped }
})

/** Starts an example that serves at a free port until the scope closes. */
const serve = Effect.fnUntraced(function* (example: string, more: Record<string, string> = {}) {
  const port = yield* freePort
  const { stopped } = yield* start(example, [], { ...more, PORT: `${port}` })
  return { url: `http://127.0.0.1:${port}`, stopped }
})

/** Repeats a request until the response is 200, for at most 20 seconds. */
const ask = (url: string, headers: Record<string, string> = {}) =>
  Effect.tryPromise(() => fetch(url, { headers })).pipe(
    Effect.filterOrFail((answer) => answer.status === 200),
    Effect.retry(Schedule.max([Schedule.spaced("200 millis"), Schedule.recurs(100)])),
    Effect.orDie
  )

const [user] = DemoDirectory.users
const basic = `Basic ${btoa(`${user.username}:${user.password}`)}`
const secret = randomBytes(32).toString("base64url")

/** The whole server on the embedded registry. */
const server = Layer.unwrap(
  Effect.map(DemoRegistry.DemoRegistry, ({ credentials, url }) => {
    const reader = { username: credentials.username, token: credentials.password }
    return Layer.fresh(Server.layer({ http: { host: "127.0.0.1", port: 0 } })).pipe(
      Layer.provide([SnapshotStore.layerMemory, Adapters.layerAlone()]),
      Layer.provide(RegistryHttp.layer({ url: new URL(url), credentials: reader })),
      Layer.provide([
        NodeHttpClient.layerUndici,
        DemoDirectory.layer,
        JwtTokens.layer({ current: KeySet.sharedSecret(Redacted.make(secret)), issuer: "test", audience: "test" })
      ])
    )
  })
)

const eventsToken = "an events token of the registry"

/** The files of a server on the embedded registry: its configuration, and the users. */
const configured = Effect.fnUntraced(function* (port = 0) {
  const { credentials, url } = yield* DemoRegistry.DemoRegistry
  const directory = yield* Effect.acquireRelease(
    Effect.sync(() => mkdtempSync(join(tmpdir(), "usage-"))),
    (directory) => Effect.sync(() => rmSync(directory, { recursive: true }))
  )
  const [USAGE_CONF, HTPASSWD] = [join(directory, "usage.conf"), join(directory, "users")]
  writeFileSync(
    USAGE_CONF,
    `[general]
socket_host = 127.0.0.1
socket_port = ${port}
[jwt]
secret_key = ${secret}
[registry]
gitlab_base_url = ${url}
registry_base_url = ${url}
username = ${credentials.username}
access_token = ${Redacted.value(credentials.password)}
events_token = ${eventsToken}
`
  )
  writeFileSync(HTPASSWD, `${user.username}:${hashSync(user.password, 5)}\n`)
  return { USAGE_CONF, HTPASSWD }
})

const tokenOf = (url: string) =>
  Effect.gen(function* () {
    const signedIn = yield* ask(`${url}/auth_token`, { authorization: basic })
    return ((yield* Effect.promise(() => signedIn.json())) as { readonly auth_token: string }).auth_token
  })

/** Waits, for at most 20 seconds, until the text is as expected. */
const eventually = (text: Effect.Effect<string>, isExpected: (text: string) => boolean) =>
  text.pipe(
    Effect.filterOrFail(isExpected),
    Effect.retry(Schedule.max([Schedule.spaced("200 millis"), Schedule.recurs(100)]))
  )

/** The URL of an HTTP server that runs until the scope closes. */
const listening = (listener: RequestListener) =>
  Effect.acquireRelease(
    Effect.callback<HttpServerOfNode>((resume) => {
      const server = createServer(listener).listen(0, "127.0.0.1", () => resume(Effect.succeed(server)))
    }),
    (server) => Effect.sync(() => (server.closeAllConnections(), server.close()))
  ).pipe(Effect.map((server) => `http://127.0.0.1:${(server.address() as AddressInfo).port}`))

layer(registry, { excludeTestServices: true })("examples", (it) => {
  it.effect("largest.ts lists the repositories by disk size", () =>
    Effect.gen(function* () {
      const { lines, status } = yield* run("largest.ts")
      expect(status).toBe(0)
      const known = Object.values(Expected.all.repositories).filter((sizes) => sizes !== null)
      const largest = Math.max(...known.map(({ diskSize }) => diskSize))
      expect(lines).toHaveLength(Object.keys(Expected.all.repositories).length + 1)
      expect(lines[0]).toBe(`${Bytes.format(Bytes.make(largest))}\tlibrary/base/node`)
      expect(lines).toContain("unknown\tacme/vault/secrets")
      expect(lines.at(-1)).toBe(`${Bytes.format(Bytes.make(Expected.all.total.diskSize))}\tall`)
    })
  )

  it.effect(
    "budget.ts fails closed: over budget, gaps, no budget, no access and no answer have statuses of their own",
    () =>
      Effect.gen(function* () {
        const { url } = yield* DemoRegistry.DemoRegistry
        const { host } = new URL(url)
        const job = {
          CI_REGISTRY: host,
          CI_REGISTRY_IMAGE: `${host}/acme/shop`,
          CI_SERVER_URL: url,
          CI_JOB_TOKEN: "demo-job-token"
        }
        const within = yield* run("budget.ts", ["3MB"], job)
        expect(within).toEqual({ status: 0, lines: ["2.03 MB on disk, within the budget of 3.00 MB"], errors: "" })
        const over = yield* run("budget.ts", ["1MB"], job)
        expect(over).toMatchObject({
          status: 10,
          lines: [expect.stringMatching(/which is 1\.0\d MB over the budget of 1\.00 MB$/)]
        })

        const everything = { ...job, GITLAB_REGISTRY_USAGE_USER: "registry-usage" }
        const gaps = yield* run("budget.ts", ["1GB"], {
          ...everything,
          GITLAB_REGISTRY_USAGE_TOKEN: "demo-access-token"
        })
        expect(gaps).toMatchObject({
          status: 4,
          errors: expect.stringContaining("not read: acme/vault/secrets Denied")
        })

        for (const args of [[], [""], ["50"], ["50 apples"], ["-1GB"]]) {
          const refused = yield* run("budget.ts", args, job)
          expect(refused, args[0]).toMatchObject({ status: 2, errors: expect.stringMatching(/^ERR_OPTION_INVALID: /) })
        }
        expect((yield* run("budget.ts", ["3MB"], { ...job, CI_REGISTRY: "" })).status).toBe(2)

        const denied = yield* run("budget.ts", ["3MB"], { ...everything, GITLAB_REGISTRY_USAGE_TOKEN: "canary-wrong" })
        expect(denied).toMatchObject({ status: 3, errors: expect.stringContaining("ERR_REGISTRY_UNAUTHORIZED") })
        expect(denied.errors).not.toContain("canary")

        const closed = `127.0.0.1:${yield* freePort}`
        const unreachable = yield* run("budget.ts", ["3MB"], {
          ...job,
          CI_REGISTRY: closed,
          CI_REGISTRY_IMAGE: `${closed}/acme/shop`,
          CI_SERVER_URL: `http://${closed}`
        })
        expect(unreachable).toMatchObject({ status: 5, errors: expect.stringContaining("ERR_REGISTRY_UNREACHABLE") })
      })
  )

  it.effect("hal-client.ts finds every image and its tags by links", () =>
    Effect.gen(function* () {
      yield* Effect.flatMap(Collector.Collector, ({ refresh }) => refresh)
      const { address } = yield* HttpServer.HttpServer
      const { errors, lines } = yield* run("hal-client.ts", [], {
        USAGE_URL: HttpServer.formatAddress(address).replace(/\/$/, ""),
        USAGE_USER: user.username,
        USAGE_PASSWORD: user.password
      })
      expect(errors).toBe("")
      const expected = Object.entries(Expected.all.repositories).map(
        ([name, sizes]) => `${name}\t${sizes === null ? "unknown" : sizes.diskSize}`
      )
      expect(lines.map((line) => line.replace(/\t\d+ tags$/, "")).toSorted()).toEqual(expected.toSorted())
    }).pipe(Effect.provide(server))
  )

  it.effect("prometheus.ts serves the figures as OpenMetrics", () =>
    Effect.gen(function* () {
      const { url } = yield* serve("prometheus.ts")
      const answer = yield* ask(`${url}/metrics`)
      expect(answer.headers.get("content-type")).toContain("application/openmetrics-text")
      const text = yield* Effect.promise(() => answer.text())
      const { diskSize } = Expected.all.repositories["library/base/node"]!
      expect(text).toMatch(
        new RegExp(`^gitlab_registry_usage_\\w*disk\\w*\\{.*library/base/node.*\\} ${diskSize}$`, "m")
      )
      expect(text.endsWith("# EOF\n")).toBe(true)
    })
  )

  for (const host of ["embedded.ts", "express.ts", "fastify.ts"]) {
    it.effect(`${host} serves the API below a path of its own server`, () =>
      Effect.gen(function* () {
        const files = yield* configured()
        const { stopped, url } = yield* serve(host, files)
        yield* ask(`${url}/usage/health/ready`)
        const token = yield* tokenOf(`${url}/usage`)
        const answer = yield* ask(`${url}/usage/images?embed=1&links=true`, { authorization: `Bearer ${token}` })
        const images = (yield* Effect.promise(() => answer.json())) as {
          readonly _links: { readonly self: { readonly href: string } }
          readonly _embedded: { readonly items: ReadonlyArray<{ readonly name: string }> }
        }
        expect(images._links.self.href).toMatch(/^\/usage\/images/)
        expect(images._embedded.items.map(({ name }) => name).toSorted()).toEqual(
          Object.keys(Expected.all.repositories).toSorted()
        )
        const post = (path: string, bearer: string, type: string, body: object) =>
          Effect.promise(() =>
            fetch(`${url}/usage${path}`, {
              method: "POST",
              headers: { authorization: `Bearer ${bearer}`, "content-type": type },
              body: JSON.stringify(body)
            })
          )
        const unique = yield* post("/unique_size", token, "application/json", { items: ["library/base/node"] })
        expect([unique.status, yield* Effect.promise(() => unique.json())]).toMatchObject([
          200,
          { unique_size: expect.any(Number) }
        ])
        const events = "application/vnd.docker.distribution.events.v1+json"
        expect((yield* post("/events", eventsToken, events, { events: [] })).status).toBe(202)
        const before = yield* ask(url)
        expect(yield* Effect.promise(() => before.text())).toBe("what was there before\n")
        expect(yield* stopped).toBe(0)
      })
    )
  }

  it.effect("server.ts serves the configuration with users of an htpasswd file", () =>
    Effect.gen(function* () {
      const port = yield* freePort
      const files = yield* configured(port)
      const { output } = yield* start("server.ts", [], files)
      yield* ask(`http://127.0.0.1:${port}/health/ready`)
      expect(yield* tokenOf(`http://127.0.0.1:${port}`)).toMatch(/^ey/)
      expect(yield* output).toContain(`message="listening on http://127.0.0.1:${port}"`)
      const second = yield* run("server.ts", [], files)
      expect([second.status, second.lines.join("\n") + second.errors]).toEqual([1, expect.stringMatching(/EADDRINUSE/)])
      const wrong = yield* run("server.ts", [], { ...files, GITLAB_REGISTRY_USAGE_REGISTRY_USERNAME: "\n" })
      expect([wrong.status, wrong.lines.join("\n") + wrong.errors]).toEqual([
        2,
        expect.stringContaining("[registry] username")
      ])
    })
  )

  it.effect("collector.ts reports the size on disk, or what is over budget", () =>
    Effect.gen(function* () {
      const { output } = yield* start("collector.ts", ["1 kB"])
      yield* eventually(output, (text) => /over budget|unknown/.test(text))
      expect((yield* run("collector.ts", ["50"])).errors).toContain("give a budget")
    })
  )

  it.effect("managed-runtime.ts reports the size on disk", () =>
    Effect.gen(function* () {
      const { stopped, url } = yield* serve("managed-runtime.ts")
      const text = Effect.flatMap(ask(url), (answer) => Effect.promise(() => answer.text()))
      const size = Bytes.format(Bytes.make(Expected.all.total.diskSize))
      yield* eventually(text, (text) => text === `on disk: ${size}\n`)
      expect(yield* stopped).toBe(0)
    })
  )

  it.effect("comment.ts prints a comment, or writes one and then replaces it", () =>
    Effect.gen(function* () {
      const [repository] = yield* Demo.repositories
      const [tag] = repository!.tags
      const args = [repository!.name, tag!.name, "no-such-tag"]
      const { lines, status } = yield* run("comment.ts", args)
      expect(status).toBe(0)
      expect(lines[1]).toBe(`**${repository!.name}**`)
      expect(lines.at(-2)).toMatch(/^\| `[\w.-]+` \| [\d.]+ \w+ \| [\d.]+ \w+ \|$/)
      expect(lines.at(-1)).toBe("| `no-such-tag` | unknown | unknown |")

      const notes = [{ id: 1, body: "of somebody else" }]
      const received: Array<string> = []
      const url = yield* listening((request, response) => {
        let text = ""
        request.on("data", (data: Buffer) => (text += data.toString()))
        request.on("end", () => {
          const { body = "" } = JSON.parse(text || "{}") as { body?: string }
          if (request.method === "POST") notes.push({ id: 7, body })
          if (request.method !== "GET") received.push(`${request.method} ${request.url} ${body.split("\n")[0]}`)
          response.end(JSON.stringify(notes))
        })
      })
      const ci = { CI_API_V4_URL: url, CI_PROJECT_ID: "3", CI_MERGE_REQUEST_IID: "12", GITLAB_TOKEN: "canary" }
      for (const _ of ["after a push", "after another"]) expect((yield* run("comment.ts", args, ci)).errors).toBe("")
      expect(received).toEqual([
        "POST /projects/3/merge_requests/12/notes <!-- gitlab-registry-usage -->",
        "PUT /projects/3/merge_requests/12/notes/7 <!-- gitlab-registry-usage -->"
      ])
    })
  )
})
