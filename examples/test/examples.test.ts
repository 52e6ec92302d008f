import { NodeHttpClient, NodeHttpServer } from "@effect/platform-node"
import { JwtTokens, KeySet } from "@gitlab-registry-usage/adapter-jwt"
import { RegistryHttp } from "@gitlab-registry-usage/adapter-http"
import { Bytes, Collector, SnapshotStore } from "@gitlab-registry-usage/core"
import { Demo, DemoDirectory, DemoRegistry, Expected } from "@gitlab-registry-usage/demo"
import { HttpApp } from "@gitlab-registry-usage/server"
import { expect, layer } from "@effect/vitest"
import { hashSync } from "bcryptjs"
import { Effect, Layer, Redacted, Schedule } from "effect"
import { HttpServer } from "effect/http"
import { execFile, spawn } from "node:child_process"
import { randomBytes } from "node:crypto"
import { mkdtempSync, rmSync, writeFileSync } from "node:fs"
import { createServer } from "node:http"
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

/** Starts an example that serves until the scope closes, and returns its URL. */
const serve = Effect.fnUntraced(function* (example: string, more: Record<string, string> = {}) {
  const port = yield* freePort
  const env = yield* environmentOf({ ...more, PORT: `${port}` })
  const child = yield* Effect.acquireRelease(
    Effect.sync(() => spawn(process.execPath, [programOf(example)], { env, stdio: "ignore" })),
    (child) =>
      Effect.callback<void>((resume) => {
        if (child.exitCode !== null || child.signalCode !== null) return resume(Effect.void)
        child.once("exit", () => resume(Effect.void))
        child.kill()
      })
  )
  expect(child.pid).toBeDefined()
  return `http://127.0.0.1:${port}`
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
    return Layer.fresh(HttpApp.layer({ host: "127.0.0.1", port: 0 })).pipe(
      Layer.provideMerge(Collector.layer()),
      Layer.provide(SnapshotStore.layerMemory),
      Layer.provide(RegistryHttp.layer({ url: new URL(url), credentials: reader })),
      Layer.provide([
        NodeHttpClient.layerUndici,
        DemoDirectory.layer,
        JwtTokens.layer({ current: KeySet.sharedSecret(Redacted.make(secret)), issuer: "test", audience: "test" })
      ])
    )
  })
)

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

  it.effect("budget.ts prints the total, and fails over budget or without access", () =>
    Effect.gen(function* () {
      const { diskSize } = Expected.all.total
      const within = yield* run("budget.ts", [`${diskSize}`])
      expect(within.lines).toEqual([`${diskSize} of ${diskSize} bytes; could not read 1`])
      expect(within.status).toBe(0)
      expect(within.errors).toMatch(/12 repositories, \d+ tags\n$/)
      expect((yield* run("budget.ts", [`${diskSize - 1}`])).status).toBe(1)
      const refused = yield* run("budget.ts", ["1"], { REGISTRY_TOKEN: "canary-wrong-token" })
      expect(refused.status).toBe(2)
      expect(refused.errors).toContain("ERR_REGISTRY_UNAUTHORIZED")
      expect(refused.errors).not.toContain("canary")
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
      const url = yield* serve("prometheus.ts")
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

  it.effect("embedded.ts serves the API below a path of an existing server", () =>
    Effect.gen(function* () {
      const directory = yield* Effect.acquireRelease(
        Effect.sync(() => mkdtempSync(join(tmpdir(), "embedded-"))),
        (directory) => Effect.sync(() => rmSync(directory, { recursive: true }))
      )
      const users = join(directory, "users")
      writeFileSync(users, `${user.username}:${hashSync(user.password, 5)}\n`)
      const url = yield* serve("embedded.ts", { HTPASSWD: users, TOKEN_SECRET: secret })
      yield* ask(`${url}/usage/health/ready`)
      const signedIn = yield* ask(`${url}/usage/auth_token`, { authorization: basic })
      const { auth_token: token } = (yield* Effect.promise(() => signedIn.json())) as { readonly auth_token: string }
      const answer = yield* ask(`${url}/usage/images?embed=1&links=true`, { authorization: `Bearer ${token}` })
      const images = (yield* Effect.promise(() => answer.json())) as {
        readonly _links: { readonly self: { readonly href: string } }
        readonly _embedded: { readonly items: ReadonlyArray<{ readonly name: string }> }
      }
      expect(images._links.self.href).toMatch(/^\/usage\/images/)
      expect(images._embedded.items.map(({ name }) => name).toSorted()).toEqual(
        Object.keys(Expected.all.repositories).toSorted()
      )
      const before = yield* ask(`${url}/anything`)
      expect(yield* Effect.promise(() => before.text())).toBe("what was there before\n")
    })
  )
})
