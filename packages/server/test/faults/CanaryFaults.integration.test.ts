/** No secret leaves by another way than it should: the built server as a process, and all that comes out of it. */
import { createServer } from "node:http"
import type { AddressInfo } from "node:net"
import { NodeServices } from "@effect/platform-node"
import { Account, Fault } from "@gitlab-registry-usage/demo"
import { Program, Servers, Slapd } from "@gitlab-registry-usage/test-servers"
import { assert, describe, it } from "@effect/vitest"
import { Effect, FileSystem, Redacted } from "effect"
import { ini, written } from "../config/fixture.ts"
import { ask, demoRegistryWith, eventually, open, startServer } from "../process.ts"

/** Every secret that the server is told, by the configuration and by requests. */
const secrets = {
  signing: "canary-signing-Zk3mW8qXv1LtR5nB7yHcD2pJ",
  previous: "canary-previous-Q9wE4rT6yU8iO0pA2sD3fG5h",
  access: "canary-access-token-J7kL9zX1cV",
  bind: Slapd.service.password,
  events: "canary-events-B3nM5qW7eR",
  metrics: "canary-metrics-T9yU1iO3pA",
  right: "alice-secret",
  wrong: "canary-wrong-password-S5dF7gH9",
  query: "canary-in-the-query-J1kL3zX5",
  cookie: "canary-in-a-cookie-C7vB9nM1"
}

/** The ways in which a secret may be written. */
const forms = (secret: string): ReadonlyArray<string> => {
  const bytes = Buffer.from(secret)
  return [
    secret,
    encodeURIComponent(secret),
    bytes.toString("hex"),
    // Base64 begins at any of three places; what the neighbours change is cut off.
    ...[0, 1, 2].map((shift) =>
      Buffer.concat([Buffer.alloc(shift), bytes])
        .toString("base64")
        .slice(shift === 0 ? 0 : 4, -4)
    )
  ]
}

describe("the search for secrets", () => {
  it("F54 finds secrets at any offset of base64, and in other encodings", () => {
    for (const secret of Object.values(secrets)) {
      for (const before of ["", "x", "xy", "alice:"]) {
        const encoded = Buffer.from(`${before}${secret}`).toString("base64")
        assert.isTrue(
          forms(secret).some((form) => `Basic ${encoded}`.includes(form)),
          `${before}${secret}`
        )
      }
      assert.isTrue(forms(secret).every((form) => form.length >= 8))
    }
  })
})

/** A collector of spans, logs and metrics that keeps what it is sent. */
const collector = Effect.gen(function* () {
  const kept: Array<Buffer> = []
  const server = createServer((request, response) => {
    kept.push(Buffer.from(JSON.stringify(request.headers)))
    request.on("data", (part: Buffer) => kept.push(part))
    request.on("end", () => response.end("{}"))
  })
  yield* Effect.acquireRelease(
    Effect.callback<void>((resume) => void server.listen(0, "127.0.0.1", () => resume(Effect.void))),
    () =>
      Effect.callback<void>((resume) => {
        server.close(() => resume(Effect.void))
        server.closeAllConnections()
      })
  )
  return {
    url: `http://127.0.0.1:${(server.address() as AddressInfo).port}`,
    text: () => Buffer.concat(kept).toString("latin1")
  }
})

describe.skipIf(Servers.leftOut("a search for secrets in all that the server gives away"))(
  "a search for secrets in all that the server gives away",
  () => {
    describe("secrets", () => {
      it.live(
        "F54 F90 are in no log, span, metric, response, snapshot or crash message",
        () =>
          Effect.gen(function* () {
            const fs = yield* FileSystem.FileSystem
            const home = yield* fs.makeTempDirectoryScoped()
            const slapd = yield* Slapd.start()
            yield* fs.writeFileString(`${home}/ca.pem`, slapd.authority)
            const { registry } = yield* demoRegistryWith({
              accounts: [{ ...Account.administrator, password: Redacted.make(secrets.access) }]
            })
            const spans = yield* collector
            const settings = {
              general: {
                snapshot_file: `${home}/snapshot`,
                debug: "yes",
                log_level: undefined,
                access_log: "yes",
                otlp_url: spans.url,
                metrics_token: secrets.metrics
              },
              ldap: {
                host: slapd.ldaps.replace("ldaps://", ""),
                base_dn: slapd.baseDn,
                valid_gid: String(Slapd.gidNumber),
                ca_file: `${home}/ca.pem`,
                bind_dn: Slapd.service.dn,
                bind_password: secrets.bind,
                login_timeout: "2 seconds"
              },
              jwt: { secret_key: secrets.signing, previous_secret_key: secrets.previous },
              registry: {
                username: Account.administrator.username,
                access_token: secrets.access,
                events_token: secrets.events,
                refresh_interval: "1 second",
                request_timeout: "1 second"
              }
            }
            const server = yield* startServer(registry.url, settings)
            yield* server.says(/crawled the registry/)

            const answers: Array<string> = []
            const basic = (username: string, password: string) => ({
              authorization: `Basic ${Buffer.from(`${username}:${password}`).toString("base64")}`
            })
            const request = (path: string, headers: Record<string, string> = {}) =>
              Effect.tap(ask(server.url + path, headers), ({ body, headers }) =>
                Effect.sync(() => void answers.push(JSON.stringify([...headers]), body))
              )

            // Sign-ins that succeed: the token is a secret from then on, and its answer the one place where it may be.
            const login = yield* ask(`${server.url}/auth_token`, basic("alice", secrets.right))
            assert.strictEqual(login.status, 200)
            const { auth_token: token } = JSON.parse(login.body) as { auth_token: string }
            const bearer = { authorization: `Bearer ${token}` }
            const tampered = `${token.slice(0, -2)}AA`

            // Sign-ins and tokens that fail in every way.
            for (const user of ["alice", "nobody", "mallory", "twin", "a*", "x".repeat(300)]) {
              yield* request("/auth_token", basic(user, secrets.wrong))
            }
            yield* request("/auth_token", { authorization: `Basic ${secrets.wrong}` })
            for (const authorization of [secrets.wrong, `Bearer ${secrets.wrong}`, `Bearer ${tampered}`]) {
              yield* request("/images", { authorization })
            }
            yield* request("/auth_token", bearer)

            // Secrets where none belong.
            for (const path of [
              `/images?access_token=${secrets.query}`,
              `/images?embed=${secrets.query}`,
              `/images?cursor=${secrets.query}`,
              `/auth_token?password=${secrets.query}`
            ]) {
              yield* request(path, { ...bearer, cookie: `session=${secrets.cookie}` })
            }
            for (const path of [
              "/images?embed=true&links=true",
              "/status",
              "/metrics",
              "/namespaces",
              "/health/ready"
            ]) {
              assert.strictEqual((yield* request(path, bearer)).status, 200, path)
            }
            assert.strictEqual((yield* request("/metrics", { authorization: `Bearer ${secrets.metrics}` })).status, 200)

            // Requests that are cut off, or are no HTTP.
            for (const bytes of [
              `GET /images HTTP/1.1\r\nHost: x\r\nAuthorization: Bearer ${token}\r\nX: a\rb\r\n\r\n`,
              `GET /images HTTP/9.9\r\nAuthorization: Bearer ${token}\r\n\r\n`,
              `POST /events HTTP/1.1\r\nHost: x\r\nAuthorization: Bearer ${secrets.events}\r\nContent-Length: 9\r\n\r\n{`
            ]) {
              const raw = open(server.port, bytes)
              yield* eventually(() => raw.received() !== "" || raw.closed() !== undefined, 500)
              raw.socket.destroy()
              answers.push(raw.received())
            }

            // A registry that fails in every way, also one that answers with what it was sent.
            for (const answer of [
              Fault.status(401, { headers: { "www-authenticate": `Bearer realm="https://evil.test/?t=1"` } }),
              Fault.status(503),
              Fault.garbage(`{"token": "${secrets.access}"`),
              Fault.status(302, { headers: { location: `https://evil.test/?token=${secrets.access}` } }),
              Fault.status(500, { body: `the token ${secrets.access} is not welcome` })
            ]) {
              yield* Effect.gen(function* () {
                yield* registry.inject({ on: () => true, answer })
                yield* Effect.sleep("1500 millis")
                yield* request("/status", bearer)
              }).pipe(Effect.scoped)
            }
            yield* request("/metrics", bearer)

            // A second one on the same port ends with an error; the configuration is printed without secrets.
            const path = yield* written(
              ini({
                ...settings,
                general: { ...settings.general, socket_port: String(server.port) },
                registry: { ...settings.registry, gitlab_base_url: registry.url, registry_base_url: registry.url }
              })
            )
            const bin = `${import.meta.dirname}/../../dist/bin.js`
            const second = yield* Program.start([bin, "-c", path])
            assert.notStrictEqual(yield* second.end, 0)
            assert.match(second.output(), /in use|EADDRINUSE/)
            const printed = yield* Program.start([bin, "-c", path, "--print-config"])
            assert.strictEqual(yield* printed.end, 0)

            // A crash that nothing catches, in a process that holds all of them.
            const crashing = yield* startServer(
              registry.url,
              { ...settings, general: { ...settings.general, snapshot_file: undefined } },
              ["--import", `data:text/javascript,process.on("SIGUSR2",()=>{throw new Error("a crash")})`]
            )
            yield* ask(`${crashing.url}/auth_token`, basic("alice", secrets.right))
            yield* crashing.signal("SIGUSR2")
            assert.notStrictEqual(yield* crashing.end, 0)
            assert.match(crashing.output(), /a crash/)

            yield* server.signal("SIGTERM")
            assert.strictEqual(yield* server.end, 0)

            const files = yield* Effect.forEach(
              (yield* fs.readDirectory(home)).filter((name) => name.startsWith("snapshot")),
              (name) => Effect.map(fs.readFile(`${home}/${name}`), (bytes) => Buffer.from(bytes).toString("latin1"))
            )
            const outputs = {
              log: server.output(),
              "what OpenTelemetry was told": spans.text(),
              answers: answers.join("\n"),
              "the snapshot": files.join("\n"),
              "a failed start": second.output(),
              "the printed configuration": printed.output(),
              "a crash": crashing.output()
            }
            // There is something to search in.
            assert.match(outputs.log, /answered/)
            assert.match(outputs.log, /the crawl failed/)
            assert.isAbove(outputs["the snapshot"].length, 1000)
            assert.match(outputs["what OpenTelemetry was told"], /Crawl\.crawl/)
            const all = { ...secrets, token, signature: token.split(".")[2]!, tampered, payload: token.split(".")[1]! }
            const found = Object.entries(outputs).flatMap(([where, text]) =>
              Object.entries(all).flatMap(([name, secret]) =>
                forms(secret).some((form) => text.includes(form)) ? [`${name} in ${where}`] : []
              )
            )
            assert.deepStrictEqual(found, [])
          }).pipe(Effect.scoped, Effect.provide(NodeServices.layer)),
        120_000
      )
    })
  }
)
