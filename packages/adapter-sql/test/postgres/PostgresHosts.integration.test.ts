import { Postgres } from "@gitlab-registry-usage/adapter-sql/postgres"
import { Certificates, Postgres as Server, Servers } from "@gitlab-registry-usage/test-servers"
import { describe, expect, it } from "@effect/vitest"
import { DateTime, Effect, Layer, Option, Redacted } from "effect"
import { rename, symlink } from "node:fs/promises"
import { largeSnapshot } from "../largeSnapshot.ts"
import { listen, reign, replica } from "./replica.ts"

const takenAt = ({ takenAt }: { readonly takenAt: DateTime.Utc }) => DateTime.toEpochMillis(takenAt)

/** A URL with other hosts, another database, and these parameters. */
const variant = (
  url: string,
  {
    hosts,
    database,
    ...parameters
  }: { readonly hosts?: string; readonly database?: string; readonly [name: string]: string | undefined }
) => {
  const query = Object.entries(parameters).map(([name, value]) => `${name}=${encodeURIComponent(value ?? "")}`)
  const [, account, host, name] = /^postgres:\/\/(.*)@(.*)\/(.*)$/.exec(url)!
  return Redacted.make(`postgres://${account}@${hosts ?? host}/${database ?? name}?${query.join("&")}`)
}

describe.skipIf(Servers.leftOut("postgres"))("a connection to PostgreSQL", () => {
  const schema = "tls"

  /** Whether the connection is encrypted, or why there is none. */
  const connect = (server: Server.Cluster, url: Redacted.Redacted) =>
    Effect.gen(function* () {
      yield* Layer.build(Layer.fresh(Postgres.layerDatabase({ url, schema })))
      return yield* server.administer(
        "SELECT string_agg(DISTINCT ssl::text, ',') FROM pg_stat_ssl JOIN pg_stat_activity USING (pid) WHERE application_name = 'gitlab-registry-usage'"
      )
    }).pipe(
      Effect.scoped,
      Effect.catchTag("DatabaseUnavailable", ({ message }) => Effect.succeed(message))
    )

  it.live("has TLS as sslmode says, and a failure names the parameter", () =>
    Effect.gen(function* () {
      const directory = yield* Servers.temporaryDirectory
      const certificates = yield* Certificates.make(directory, { names: "DNS:localhost" })
      const server = yield* Server.start({
        certificates,
        access: [
          "local all all scram-sha-256",
          "hostssl certified all 127.0.0.1/32 scram-sha-256 clientcert=verify-ca",
          "hostssl all all 127.0.0.1/32 scram-sha-256"
        ]
      })
      const { port, socketDirectory, url } = server
      yield* server.administer("CREATE DATABASE certified OWNER registry_usage")
      const local = `localhost:${port}`
      const sslrootcert = certificates.authority
      const stranger = `${directory}/stranger.pem`
      yield* Servers.run("openssl", [
        ...[
          "req",
          "-x509",
          "-newkey",
          "ec",
          "-pkeyopt",
          "ec_paramgen_curve:prime256v1",
          "-nodes",
          "-subj",
          "/CN=Other"
        ],
        ...["-keyout", `${directory}/stranger.key`, "-out", stranger]
      ])
      const client = { sslcert: certificates.certificate, sslkey: certificates.key }
      const encrypted = "true"
      const cases: ReadonlyArray<readonly [Parameters<typeof variant>[1], string | RegExp]> = [
        [{}, encrypted],
        [{ sslmode: "allow" }, encrypted],
        [{ sslmode: "prefer" }, encrypted],
        [{ sslmode: "require" }, encrypted],
        [{ sslmode: "require", sslrootcert }, encrypted],
        [{ sslmode: "require", sslrootcert: stranger }, /sslrootcert in the URL must name/],
        [{ sslmode: "verify-ca", sslrootcert }, encrypted],
        [{ sslmode: "verify-ca", sslrootcert: stranger }, /sslrootcert in the URL must name/],
        [{ sslmode: "verify-ca" }, /sslrootcert in the URL must name/],
        [{ sslmode: "verify-full", sslrootcert, hosts: local }, encrypted],
        [{ sslmode: "verify-full", sslrootcert }, /the host in the URL must be a name in the server's certificate/],
        [{ sslrootcert: "system", hosts: local }, /sslrootcert in the URL must name/],
        [{ sslmode: "disable" }, /no pg_hba\.conf entry.*no encryption/],
        [
          { sslmode: "verify-full", sslrootcert: `${directory}/none.pem` },
          /file of sslrootcert cannot be read: ENOENT/
        ],
        [{ sslmode: "verify-full", sslrootcert: certificates.key }, /sslrootcert, sslcert and sslkey are not/],
        [{ sslmode: "require", ssl_max_protocol_version: "TLSv1.2" }, encrypted],
        [{ sslmode: "require", database: "certified" }, /valid client certificate|sslcert and sslkey/],
        [{ sslmode: "require", database: "certified", ...client }, encrypted],
        [{ host: socketDirectory, port: String(port), sslmode: "require" }, "false"]
      ]
      for (const [parameters, expected] of cases) {
        const outcome = yield* connect(server, variant(url, parameters))
        const label = JSON.stringify(parameters)
        if (typeof expected === "string") expect(outcome, label).toBe(expected)
        else expect(outcome, label).toMatch(expected)
        expect(outcome).not.toContain("registry-secret")
      }
      // The socket's directory in place of the host, as libpq has it.
      const ofSocket = variant(url, { hosts: `${encodeURIComponent(socketDirectory)}:${port}` })
      expect(yield* connect(server, ofSocket)).toBe("false")
      const bad = yield* connect(server, variant(url, { sslmod: "require", hostaddr: "127.0.0.1" }))
      expect(bad).toContain("sslmod is not supported; did you mean sslmode?; the parameter hostaddr is not supported")

      // Files that are replaced count for the next connection.
      const link = `${directory}/..data`
      const point = (to: string) =>
        Effect.promise(async () => {
          await symlink(to, `${link}.new`)
          await rename(`${link}.new`, link)
        })
      yield* point(sslrootcert)
      const rotated = yield* replica({ url: variant(url, { sslmode: "verify-ca", sslrootcert: link }), schema })
      const restart = Effect.andThen(server.stop, server.start)
      yield* point(stranger)
      yield* restart
      expect((yield* Effect.flip(rotated.store.load)).message).toMatch(/sslrootcert in the URL must name/)
      yield* point(sslrootcert)
      expect(Option.isNone(yield* rotated.store.load)).toBe(true)
    }).pipe(Effect.scoped)
  )

  it.live("without TLS in the server, sslmode=require fails and names it, and prefer has none", () =>
    Effect.gen(function* () {
      const server = yield* Server.start()
      expect(yield* connect(server, variant(server.url, { sslmode: "require" }))).toMatch(
        /127\.0\.0\.1:\d+: .*offers no TLS; set it up there, or set sslmode/
      )
      expect(yield* connect(server, variant(server.url, { sslmode: "prefer" }))).toBe("false")
    }).pipe(Effect.scoped)
  )

  it.live("uses the password that is current when it connects, and the error names no password", () =>
    Effect.gen(function* () {
      const server = yield* Server.start()
      let password = "registry-secret"
      const url = Redacted.make(server.url.replace(`:${password}@`, "@"))
      const options = { url, password: Effect.sync(() => Redacted.make(password)), schema }
      const { store } = yield* replica(options)
      yield* store.save(largeSnapshot(1, 10))
      const kick = "SELECT count(pg_terminate_backend(pid)) FROM pg_stat_activity WHERE usename = 'registry_usage'"
      yield* server.administer("ALTER ROLE registry_usage PASSWORD 'canary-next'")
      yield* server.administer(kick)
      const { message } = yield* Effect.flip(store.load)
      expect(message).toContain('password authentication failed for user "registry_usage"')
      expect(message).not.toContain("registry-secret")
      password = "canary-next"
      expect(Option.isSome(yield* store.load)).toBe(true)
    }).pipe(Effect.scoped)
  )

  it.live("F130 leaves a host that refuses writes, and finds the standby that became the primary", () =>
    Effect.gen(function* () {
      const primary = yield* Server.start()
      yield* replica({ url: Redacted.make(primary.url), schema }).pipe(
        Effect.flatMap(({ store }) => store.save(largeSnapshot(1, 10))),
        Effect.scoped
      )
      const standby = yield* primary.standby
      const options = { schema, lease: "1500 millis" } as const
      const hosts = `127.0.0.1:${standby.port},127.0.0.1:${primary.port}`

      // With any, which is the default, a standby is left when it refuses to write.
      const reader = yield* replica({ ...options, url: variant(primary.url, { hosts }) })
      yield* Effect.retry(reader.store.save(largeSnapshot(2, 10)), { times: 1 })

      const url = variant(primary.url, { hosts, target_session_attrs: "read-write" })
      const [one, other] = [yield* replica({ ...options, url }), yield* replica({ ...options, url })]
      const event = yield* reign(one.leadership)
      expect(yield* event).toBe("begins")
      yield* one.store.save(largeSnapshot(3, 10))
      yield* other.store.load
      const next = yield* listen(other.store)
      yield* primary.crash
      expect(yield* event).toBe("ends")
      expect((yield* Effect.flip(one.store.load)).message).toMatch(/is a standby, but the URL has.*ECONNREFUSED/)
      yield* standby.promote
      expect(yield* event).toBe("begins")
      yield* one.store.save(largeSnapshot(4, 10))
      expect(takenAt(yield* next)).toBe(takenAt(largeSnapshot(4, 10)))
      yield* reader.store.save(largeSnapshot(5, 10))
      expect(takenAt(yield* next)).toBe(takenAt(largeSnapshot(5, 10)))
    }).pipe(Effect.scoped)
  )
})
