/** Sign-ins over HTTP, with a faulty network between the server and a real directory. */
import { LdapDirectory } from "@gitlab-registry-usage/adapter-ldap"
import { Authentication, Collector, Names, SnapshotStore } from "@gitlab-registry-usage/core"
import { Images, RegistryMemory } from "@gitlab-registry-usage/core/testing"
import { FaultProxy, Servers, Slapd } from "@gitlab-registry-usage/test-servers"
import { assert, describe, it } from "@effect/vitest"
import { Clock, Context, Duration, Effect, Fiber, Layer, Logger, References } from "effect"
import { basic, once, httpLayer, tokens } from "../app.ts"
import { eventually, heldRatio, notHeldUp } from "../process.ts"

/** How long a sign-in may take (milliseconds), and until when the answer must be there. */
const deadline = 1000
/** When a refusal comes (milliseconds). */
const refusalTime = 100
const soon = 2500

const people = Array.from({ length: 500 }, (_, i) => `person${i}`)

const ldif = people
  .map(
    (uid, i) => `dn: uid=${uid},ou=people,${Slapd.baseDn}
objectClass: inetOrgPerson
objectClass: posixAccount
uid: ${uid}
cn: ${uid}
sn: Person
uidNumber: ${5000 + i}
gidNumber: ${Slapd.gidNumber}
homeDirectory: /nonexistent
userPassword: secret-of-${uid}
`
  )
  .join("\n")

interface Scene {
  readonly proxy: FaultProxy.FaultProxy
  readonly lines: ReadonlyArray<string>
  /** The status of a sign-in, how long it took, and the whole answer. */
  readonly signIn: (
    username?: string,
    password?: string,
    address?: string
  ) => Effect.Effect<{ readonly status: number; readonly body: string; readonly head: object; readonly took: number }>
}

type Ldap = Partial<LdapDirectory.Options>

/** A clock that stands still, so that a refusal waits for the whole of its time, and that notes those waits. */
const standing = (waits: Array<number>) =>
  Effect.map(Clock.Clock, (clock): Clock.Clock => {
    const now = clock.currentTimeMillisUnsafe()
    return Object.assign(Object.create(clock) as Clock.Clock, {
      currentTimeMillisUnsafe: () => now,
      currentTimeMillis: Effect.succeed(now),
      sleep: (duration: Duration.Duration) => {
        if (Duration.toMillis(duration) < deadline) waits.push(Duration.toMillis(duration))
        return clock.sleep(duration)
      }
    })
  })

/** The API over a directory that is reached by the proxy. */
const scene = Effect.fnUntraced(function* (
  slapd: Slapd.Slapd["Service"],
  options: (port: number) => Ldap & { readonly url: string } = (port): Ldap & { readonly url: string } => ({
    url: `ldap://127.0.0.1:${port}`,
    insecurePlaintext: true
  }),
  target = slapd.port,
  clock?: Clock.Clock
) {
  const proxy = yield* FaultProxy.start(target)
  const lines: Array<string> = []
  const ldap = LdapDirectory.make({
    baseDn: Slapd.baseDn,
    group: { _tag: "PrimaryGroup", gids: [Slapd.gidNumber] },
    deadline,
    refusalTime,
    ...options(proxy.port)
  })
  const directory = Layer.effect(
    Authentication.Directory,
    clock === undefined
      ? ldap
      : Effect.map(ldap, ({ verify }) => ({
          verify: (credentials) => Effect.provideService(verify(credentials), Clock.Clock, clock)
        }))
  )
  const image = yield* Images.image({ layers: [yield* Images.layer("one", 1000)] })
  const repositories = [
    { name: Names.RepositoryName.make("group/app"), tags: [{ name: Names.TagName.make("latest"), image }] }
  ]
  const context = yield* Layer.build(
    httpLayer().pipe(
      Layer.provideMerge(Collector.layer()),
      Layer.provide([SnapshotStore.layerMemory, RegistryMemory.layer({ repositories }), directory]),
      Layer.provideMerge(tokens),
      Layer.provideMerge(Logger.layer([Logger.map(Logger.formatLogFmt, (line) => void lines.push(line))])),
      Layer.provideMerge(Layer.succeed(References.MinimumLogLevel, "Info"))
    )
  )
  const sent = (path: string, headers: Record<string, string>) =>
    Effect.orDie(Effect.provide(once(path, { headers }), context))
  const signIn: Scene["signIn"] = (username = "alice", password = "alice-secret", address = "192.0.2.1") =>
    Effect.gen(function* () {
      const begin = performance.now()
      const { body, headers, status } = yield* sent("/auth_token", {
        ...basic(username, password),
        "x-forwarded-for": address
      })
      const { date: _, "x-request-id": __, ...head } = headers
      return { status, body, head, took: performance.now() - begin }
    })
  yield* Effect.provide(Context.get(context, Collector.Collector).refresh, context)
  return { proxy, lines, signIn, sent }
})

/** The directory is to blame: 503 within the deadline, the connection closed, and the log says what it was. */
const isUnavailable = Effect.fnUntraced(function* ({ lines, proxy, signIn }: Scene, what: string, log?: RegExp) {
  const before = lines.length
  const answer = yield* signIn()
  assert.strictEqual(answer.status, 503, what)
  assert.isAtMost(answer.took, soon, what)
  assert.property(answer.head, "retry-after")
  assert.isTrue(yield* eventually(() => proxy.connections.open === 0, 1000), `${what}: the connection is closed`)
  const logged = lines.slice(before).join("\n")
  assert.match(logged, log ?? /could not be verified/, what)
  assert.notInclude(logged + answer.body, "alice-secret")
})

/** The faults of before are over, and nobody is blamed for them. */
const isWell = Effect.fnUntraced(function* ({ proxy, signIn }: Scene, what = "afterwards") {
  yield* proxy.set({})
  assert.strictEqual((yield* signIn()).status, 200, what)
})

describe.skipIf(Servers.leftOut("sign-ins on a real directory over a faulty network"))(
  "sign-ins on a real directory over a faulty network",
  () => {
    const slapd = Slapd.layer({ ldif, database: ["limits * size=unlimited"] })
    describe("a directory that cannot be reached", () => {
      it.live("F38 a refused connection or an unknown host: 503, and not counted against the user", () =>
        Effect.gen(function* () {
          const server = yield* Slapd.Slapd
          const here = yield* scene(server)
          for (let i = 0; i < 12; i++) {
            yield* here.proxy.set({ fault: { of: "client", effect: "reset" } })
            yield* isUnavailable(here, "reset", /ECONNRESET|closed|ended/i)
          }
          yield* isWell(here, "after twelve times, where four wrong passwords make a pause")
          const nowhere = yield* Servers.freePort
          const refused = yield* scene(server, () => ({ url: `ldap://127.0.0.1:${nowhere}`, insecurePlaintext: true }))
          yield* isUnavailable(refused, "refused", /ECONNREFUSED/)
          const unknown = yield* scene(server, () => ({ url: "ldap://no-such-host.invalid", insecurePlaintext: true }))
          yield* isUnavailable(unknown, "no DNS", /ENOTFOUND|EAI_AGAIN|no answer/)
        }).pipe(Effect.provide(slapd))
      )

      it.live(
        "F39 a network that drops everything after any byte: 503 within the deadline",
        () =>
          Effect.gen(function* () {
            const here = yield* scene(yield* Slapd.Slapd)
            yield* isWell(here, "before")
            const answered = here.proxy.passed.server
            const asked = here.proxy.passed.client
            assert.isAtLeast(answered, 40)
            for (const after of [0, 1, Math.floor(answered / 2), answered - 1]) {
              yield* here.proxy.set({ fault: { after, effect: "stall" } })
              yield* isUnavailable(here, `after ${after} of ${answered} bytes of the directory`, /no answer within 1s/)
            }
            for (const after of [0, asked - 1]) {
              yield* here.proxy.set({ fault: { of: "client", after, effect: "stall" } })
              yield* isUnavailable(here, `after ${after} of ${asked} bytes of the server`, /no answer within 1s/)
            }
            yield* here.proxy.set({ rate: 20 })
            yield* isUnavailable(here, "20 bytes a second", /no answer within 1s/)
            yield* isWell(here)
          }).pipe(Effect.provide(slapd)),
        60_000
      )

      it.live("F39 a connection that ends or is reset at any byte is 503 at once", () =>
        Effect.gen(function* () {
          const here = yield* scene(yield* Slapd.Slapd)
          yield* isWell(here, "before")
          const answered = here.proxy.passed.server
          for (const how of ["end", "reset"] as const) {
            for (const after of [0, 1, Math.floor(answered / 2), answered - 1]) {
              yield* here.proxy.set({ fault: { after, effect: how } })
              yield* isUnavailable(here, `${how} after ${after} of ${answered} bytes`)
            }
          }
          yield* isWell(here)
        }).pipe(Effect.provide(slapd))
      )

      it.live(
        "F40 StartTLS and TLS that stall at any byte: 503 within the deadline",
        () =>
          Effect.gen(function* () {
            const server = yield* Slapd.Slapd
            const tlsPort = Number(new URL(server.ldaps).port)
            const trusting = { certificateAuthorities: [server.authority] }
            for (const [what, here] of [
              ["StartTLS", yield* scene(server, (port) => ({ ...trusting, url: `ldap://localhost:${port}` }))],
              ["TLS", yield* scene(server, (port) => ({ ...trusting, url: `ldaps://localhost:${port}` }), tlsPort)]
            ] as const) {
              yield* isWell(here, what)
              const answered = here.proxy.passed.server
              // The reply to StartTLS has 14 bytes; the handshake follows.
              for (const after of [0, 13, 14, 15, 200, Math.floor(answered * 0.9)]) {
                yield* here.proxy.set({ fault: { after, effect: "stall" } })
                yield* isUnavailable(here, `${what}, after ${after} of ${answered} bytes`, /no answer within 1s/)
              }
              yield* isWell(here, what)
              assert.notInclude(here.proxy.received().toString("latin1"), "alice-secret")
            }
          }).pipe(Effect.provide(slapd)),
        60_000
      )
    })

    describe("a directory that is not to be trusted", () => {
      it.live("F41 StartTLS refused by a real directory: 503, and no byte of the password on the wire", () =>
        Effect.gen(function* () {
          const plain = yield* Slapd.start({ tls: false })
          const here = yield* scene(plain, (port) => ({
            url: `ldap://localhost:${port}`,
            certificateAuthorities: [plain.authority]
          }))
          yield* isUnavailable(here, "refused", /StartTLS: result code \d+/)
          const wire = here.proxy.received().toString("latin1")
          assert.include(wire, "1.3.6.1.4.1.1466.20037")
          for (const secret of ["alice", "secret"]) assert.notInclude(wire, secret)
        })
      )

      for (const [what, certificate, trusted, log] of [
        ["an authority that is not trusted", { names: "DNS:localhost" }, false, /self-signed|unable to (?:verify|get)/],
        ["an expired certificate", { names: "DNS:localhost", expired: true }, true, /expired/],
        ["a certificate for another host", { names: "DNS:other.test" }, true, /altnames|localhost/]
      ] as const) {
        it.live(`F42 ${what} fails closed, and the log says so`, () =>
          Effect.gen(function* () {
            const server = yield* Slapd.start({ certificate })
            const other = yield* Slapd.start()
            const authorities = { certificateAuthorities: [trusted ? server.authority : other.authority] }
            const tlsPort = Number(new URL(server.ldaps).port)
            for (const here of [
              yield* scene(server, (port) => ({ url: `ldaps://localhost:${port}`, ...authorities }), tlsPort),
              yield* scene(server, (port) => ({ url: `ldap://localhost:${port}`, ...authorities }))
            ]) {
              yield* isUnavailable(here, what, log)
              const wire = here.proxy.received().toString("latin1")
              for (const secret of ["alice", "secret"]) assert.notInclude(wire, secret)
            }
          })
        )
      }

      it.live(
        "F43 anything but LDAP: 503, and memory is bounded",
        () =>
          Effect.gen(function* () {
            const here = yield* scene(yield* Slapd.Slapd)
            yield* isWell(here, "before")
            const answered = here.proxy.passed.server
            const text = (text: string) => new TextEncoder().encode(text)
            const garbage = {
              "an HTTP answer": text("HTTP/1.1 400 Bad Request\r\nContent-Length: 0\r\nConnection: close\r\n\r\n"),
              zeros: new Uint8Array(64 * 1024),
              "a sequence of 4 GiB": new Uint8Array([0x30, 0x84, 0xff, 0xff, 0xff, 0xff, 2, 1, 1]),
              "an indefinite length": new Uint8Array([0x30, 0x80, 2, 1, 1, 0x61, 0x80, 0, 0, 0, 0]),
              "a TLS alert": new Uint8Array([0x15, 3, 3, 0, 2, 2, 40]),
              "an id of its own": new Uint8Array([0x30, 12, 2, 1, 99, 0x65, 7, 10, 1, 0, 4, 0, 4, 0])
            }
            for (const [what, bytes] of Object.entries(garbage)) {
              for (const after of [0, Math.floor(answered / 2), answered - 1]) {
                yield* here.proxy.set({ fault: { after, effect: { bytes } } })
                yield* isUnavailable(here, `${what} after ${after} bytes`)
              }
            }
            for (const bytes of [garbage.zeros, garbage["an id of its own"]]) {
              yield* here.proxy.set({
                fault: { effect: { bytes: Buffer.concat(Array(1000).fill(bytes)), repeat: true } }
              })
              const before = here.proxy.repeated
              yield* isUnavailable(here, "without end")
              // What the buffers of both sockets take, and the piece that fills them: it is cut, and not read to its end.
              assert.isAtMost(here.proxy.repeated - before, 160 * 2 ** 20)
            }
            yield* isWell(here)
          }).pipe(Effect.provide(slapd)),
        60_000
      )
    })

    describe("many sign-ins", () => {
      it.live("F35 an unknown user, a wrong password and a wrong group: one answer, and one time", () =>
        Effect.gen(function* () {
          const waits: Array<number> = []
          const here = yield* scene(yield* Slapd.Slapd, undefined, undefined, yield* standing(waits))
          const kinds = {
            unknown: ["nobody", "x"],
            wrong: ["person", "wrong"],
            group: ["mallory", "mallory-secret"],
            injection: ["*)(uid=*", "x"]
          } as const
          const counts: Record<string, number> = {}
          const answers = new Set<string>()
          for (let round = 0; round < 20; round++) {
            for (const [kind, [username, password]] of Object.entries(kinds)) {
              // Other users and addresses each time, so that the limit on wrong passwords is not met.
              const user =
                kind === "wrong" ? `${username}${round}` : kind === "unknown" ? `${username}${round}` : username
              const answer = yield* here.signIn(user, password, `192.0.2.${round}`)
              if (answer.status === 429) continue
              assert.strictEqual(answer.status, 401, kind)
              answers.add(JSON.stringify([answer.body, answer.head]))
              counts[kind] = (counts[kind] ?? 0) + 1
              // The fixed time of a refusal; that it covers what the directory does, its own tests prove.
              assert.isAtLeast(answer.took, refusalTime - 5, kind)
            }
          }
          assert.strictEqual(answers.size, 1)
          assert.sameMembers(Object.keys(counts), Object.keys(kinds))
          assert.deepStrictEqual([...new Set(waits)], [refusalTime])
          assert.lengthOf(
            waits,
            Object.values(counts).reduce((sum, count) => sum + count, 0)
          )
        }).pipe(Effect.provide(slapd))
      )

      it.live(
        "F49 500 right sign-ins of one user at once succeed, and of wrong ones no more are tried than one after the other",
        () =>
          Effect.gen(function* () {
            const server = yield* Slapd.Slapd
            const here = yield* scene(server, (port) => ({
              url: `ldap://127.0.0.1:${port}`,
              insecurePlaintext: true,
              deadline: "20 seconds"
            }))
            const statuses = (password: string, address: (i: number) => string) =>
              Effect.forEach(Array.from({ length: 500 }), (_, i) => here.signIn("alice", password, address(i)), {
                concurrency: "unbounded"
              }).pipe(Effect.map((answers) => answers.map(({ status }) => status)))
            assert.deepStrictEqual([...new Set(yield* statuses("alice-secret", () => "192.0.2.1"))], [200])
            const wrong = yield* statuses("wrong", (i) => `198.51.${i >> 8}.${i & 255}`)
            assert.lengthOf(
              wrong.filter((status) => status === 401),
              4
            )
            assert.lengthOf(
              wrong.filter((status) => status === 429),
              496
            )
            assert.strictEqual((yield* here.signIn("alice", "alice-secret", "192.0.2.1")).status, 200)
          }).pipe(Effect.provide(slapd)),
        60_000
      )

      it.live("F49 names of one entry count together", () =>
        Effect.gen(function* () {
          const here = yield* scene(yield* Slapd.Slapd)
          const guess = (i: number, password = "wrong") =>
            Effect.map(here.signIn(i % 2 === 0 ? "anna" : "anna.schmidt", password), ({ status }) => status)
          for (let i = 0; i < 4; i++) assert.strictEqual(yield* guess(i), 401)
          const guesses = here.proxy.received().toString("latin1").split("wrong").length
          for (const i of [4, 5]) assert.strictEqual(yield* guess(i), 429)
          assert.strictEqual(yield* guess(5, "anna-secret"), 429)
          const wire = here.proxy.received().toString("latin1")
          assert.strictEqual(wire.split("wrong").length, guesses)
          assert.notInclude(wire, "anna-secret")
        }).pipe(Effect.provide(slapd))
      )

      it.live("F45 a right password that the directory refuses is answered as a wrong one, and counts", () =>
        Effect.gen(function* () {
          const user = (uid: string, more: string) => `dn: uid=${uid},ou=people,${Slapd.baseDn}
objectClass: inetOrgPerson
objectClass: posixAccount
uid: ${uid}
cn: ${uid}
sn: Person
uidNumber: 6000
gidNumber: ${Slapd.gidNumber}
homeDirectory: /nonexistent
userPassword: right
${more}
`
          const refusing = (code: number) =>
            user(`u${code}`, `objectClass: errAuxObject\nerrCode: ${code}\nerrOp: bind\nerrText: refused`)
          const policy = `dn: cn=policy,${Slapd.baseDn}
objectClass: device
objectClass: pwdPolicy
cn: policy
pwdAttribute: userPassword
pwdMustChange: TRUE
pwdLockout: TRUE
`
          const server = yield* Slapd.start({
            global: ["moduleload retcode", "moduleload ppolicy"],
            database: [
              "overlay retcode",
              `retcode-parent "ou=codes,${Slapd.baseDn}"`,
              "retcode-indir",
              "overlay ppolicy",
              `ppolicy_default "cn=policy,${Slapd.baseDn}"`,
              "ppolicy_use_lockout"
            ],
            ldif: [19, 49, 50, 53, 80]
              .map(refusing)
              .concat(policy, user("reset", "pwdReset: TRUE"), user("locked", "pwdAccountLockedTime: 000001010000Z"))
              .join("\n")
          })
          const here = yield* scene(server)
          const { body, head } = yield* here.signIn("alice", "wrong", "192.0.2.2")
          for (const [i, uid] of ["u19", "u49", "u50", "u53", "reset", "locked"].entries()) {
            const address = `198.51.100.${i}`
            const refused = yield* here.signIn(uid, "right", address)
            assert.deepStrictEqual([refused.status, refused.body, refused.head], [401, body, head], uid)
            assert.isAtLeast(refused.took, refusalTime - 5, uid)
            for (let n = 1; n < 4; n++) yield* here.signIn(uid, "right", address)
            assert.strictEqual((yield* here.signIn(uid, "right", address)).status, 429, uid)
          }
          for (let n = 0; n < 6; n++) assert.strictEqual((yield* here.signIn("u80", "right")).status, 503)
        })
      )

      it.live(
        "F52 500 sign-ins at once stay within the limit of connections, and reading works meanwhile",
        () =>
          Effect.gen(function* () {
            const here = yield* scene(yield* Slapd.Slapd, (port) => ({
              url: `ldap://127.0.0.1:${port}`,
              insecurePlaintext: true,
              deadline: "20 seconds"
            }))
            const { body } = yield* here.signIn()
            const token = { authorization: `Bearer ${(JSON.parse(body) as { auth_token: string }).auth_token}` }
            // So slow that they pile up.
            yield* here.proxy.set({ delay: 20 })
            const began = performance.now()
            const signingIn = yield* Effect.forkScoped(
              Effect.forEach(people, (uid, i) => here.signIn(uid, `secret-of-${uid}`, `198.51.${i >> 8}.${i & 255}`), {
                concurrency: "unbounded"
              })
            )
            const others: Array<number> = []
            yield* Effect.sleep("200 millis")
            while (signingIn.pollUnsafe() === undefined && others.length < 2000) {
              const begin = performance.now()
              assert.strictEqual((yield* here.sent("/images?embed=true", token)).status, 200)
              others.push(performance.now() - begin)
              yield* Effect.sleep("10 millis")
            }
            const answers = yield* Fiber.join(signingIn)
            assert.deepStrictEqual([...new Set(answers.map(({ status }) => status))], [200])
            // 16, and those whose end the proxy passes on late, as everything.
            assert.isAtMost(here.proxy.connections.most, 32)
            notHeldUp(others.length)
            assert.isAtMost(heldRatio(others, performance.now() - began), 0.25)
          }).pipe(Effect.provide(slapd)),
        60_000
      )
    })
  }
)
