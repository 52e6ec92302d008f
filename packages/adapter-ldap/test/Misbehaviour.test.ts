import { assert, describe, it } from "@effect/vitest"
import { Clock, Duration, Effect, Fiber, Logger, Ref } from "effect"
import {
  bindResult,
  entry,
  extendedResult,
  friendly,
  operation,
  type Request,
  searchDone,
  serve
} from "./FakeDirectory.ts"
import * as RefusalClock from "./RefusalClock.ts"
import { refused, signIn, signInMany, unavailable } from "./SignIn.ts"
import type { Socket } from "node:net"

const plaintext = (url: string) => ({ url, insecurePlaintext: true, deadline: "2 seconds" as const })

/** What is done with a request, by its operation; other requests are answered as a friendly directory does. */
const instead = (kind: keyof typeof operation, answer: (request: Request, socket: Socket) => void) =>
  serve((request, socket) => (request.operation === operation[kind] ? answer : friendly)(request, socket))

const closed = (fake: { readonly connections: { readonly open: number } }) =>
  Effect.gen(function* () {
    for (let tries = 0; tries < 100 && fake.connections.open > 0; tries++) yield* Effect.sleep("10 millis")
    assert.strictEqual(fake.connections.open, 0)
  })

const timed = <A, E, R>(self: Effect.Effect<A, E, R>) =>
  Effect.map(Effect.timed(self), ([duration]) => Duration.toMillis(duration))

describe("Misbehaviour", () => {
  it.live("F30 an empty, blank or absent password causes no connection", () =>
    Effect.gen(function* () {
      const fake = yield* serve(friendly)
      yield* signIn(plaintext(fake.url))
      assert.strictEqual(fake.connections.total, 1)
      for (const password of ["", " ", "\t", "\u00a0", "\0", "alice\0secret", null as unknown as string]) {
        yield* refused(signIn(plaintext(fake.url), "alice", password))
      }
      assert.strictEqual(fake.connections.total, 1)
    })
  )

  it.live("F31 an empty, blank or too long user name causes no connection", () =>
    Effect.gen(function* () {
      const fake = yield* serve(friendly)
      for (const username of ["", " ", "a".repeat(257), "ü".repeat(129), "a\0", null as unknown as string]) {
        yield* refused(signIn(plaintext(fake.url), username))
      }
      assert.strictEqual(fake.connections.total, 0)
      yield* signIn(plaintext(fake.url), "a".repeat(256))
      assert.strictEqual(fake.connections.total, 1)
    })
  )

  it.live("F33 no entry is a refusal; two entries are a refusal with a warning; neither causes a bind", () =>
    Effect.gen(function* () {
      for (const [dns, warnings] of [
        [[], 0],
        [["uid=a,dc=test", "uid=b,dc=test"], 1]
      ] as const) {
        const fake = yield* instead("search", ({ id }, socket) => {
          socket.write(Buffer.concat([...dns.map((dn) => entry(id, dn, "alice")), searchDone(id)]))
        })
        const logged = yield* Ref.make(0)
        const logger = Logger.make(({ logLevel }) => {
          if (logLevel === "Warn") Effect.runSync(Ref.update(logged, (count) => count + 1))
        })
        yield* refused(signIn(plaintext(fake.url))).pipe(Effect.provide(Logger.layer([logger])))
        // One more warning is that of plaintext.
        assert.strictEqual(yield* Ref.get(logged), warnings + 1)
        assert.notInclude(
          fake.requests.map((request) => request.operation),
          operation.bind
        )
      }
    })
  )

  it.live("F38 a refused connection and an unknown host are the directory's fault", () =>
    Effect.gen(function* () {
      assert.match(yield* unavailable(signIn(plaintext("ldap://127.0.0.1:1"))), /ECONNREFUSED/)
      assert.isNotEmpty(yield* unavailable(signIn(plaintext("ldap://no-such-host.invalid"))))
    })
  )

  it.live.each(["connect", "search", "bind"] as const)("F39 a directory that stops responding after %s", (moment) =>
    Effect.gen(function* () {
      const silent = () => {}
      const fake = yield* moment === "connect" ? serve(silent) : instead(moment, silent)
      const time = yield* timed(
        Effect.map(unavailable(signIn({ ...plaintext(fake.url), deadline: "300 millis" })), (detail) =>
          assert.match(detail, /no answer within 300ms/)
        )
      )
      assert.isAtLeast(time, 290)
      assert.isAtMost(time, 1500)
      yield* closed(fake)
    })
  )

  it.live("F39 a sign-in that is given up closes its connection", () =>
    Effect.gen(function* () {
      const fake = yield* serve(() => {})
      const fiber = yield* Effect.forkChild(signIn({ ...plaintext(fake.url), deadline: "1 minute" }))
      for (let tries = 0; tries < 100 && fake.requests.length === 0; tries++) yield* Effect.sleep("10 millis")
      assert.strictEqual(fake.connections.open, 1)
      yield* Fiber.interrupt(fiber)
      yield* closed(fake)
    })
  )

  it.live("F40 a StartTLS handshake that stalls", () =>
    Effect.gen(function* () {
      const fake = yield* instead("extended", ({ id }, socket) => void socket.write(extendedResult(id, 0)))
      const time = yield* timed(unavailable(signIn({ url: fake.url, deadline: "300 millis" })))
      assert.isAtMost(time, 1500)
      yield* closed(fake)
    })
  )

  it.live.each([1, 2, 52, 53])("F41 StartTLS refused with %i: no password is sent", (code) =>
    Effect.gen(function* () {
      const fake = yield* instead("extended", ({ id }, socket) => void socket.write(extendedResult(id, code)))
      assert.match(
        yield* unavailable(signIn({ url: fake.url }, "alice-name", "canary-password")),
        new RegExp(`StartTLS: result code ${code}`)
      )
      yield* closed(fake)
      assert.deepStrictEqual(
        fake.requests.map((request) => request.operation),
        [operation.extended]
      )
      assert.notInclude(fake.received().toString("latin1"), "canary-password")
      assert.notInclude(fake.received().toString("latin1"), "alice-name")
    })
  )

  it.live("F41 plaintext after the reply to StartTLS is refused", () =>
    Effect.gen(function* () {
      // The begin of an entry, which the first decrypted bytes would complete.
      const forged = entry(3, "uid=mallory,dc=example,dc=test", "alice").subarray(0, -1)
      for (const behind of [forged, searchDone(3)]) {
        const fake = yield* instead("extended", ({ id }, socket) => {
          socket.write(Buffer.concat([extendedResult(id, 0), behind]))
        })
        assert.match(yield* unavailable(signIn({ url: fake.url })), /more than a reply to StartTLS/)
        yield* closed(fake)
      }
    })
  )

  const malformed: ReadonlyArray<readonly [string, (id: number) => Buffer]> = [
    ["an HTTP answer", () => Buffer.from("HTTP/1.1 400 Bad Request\r\nContent-Length: 0\r\n\r\n")],
    ["zeros", () => Buffer.alloc(1000)],
    ["a result cut short", (id) => Buffer.from([0x30, 5, 2, 1, id, 0x65, 0])],
    // ldapts alone never comes back from these two.
    ["attributes longer than the entry", (id) => Buffer.from([0x30, 0x0b, 2, 1, id, 0x64, 6, 4, 0, 0x30, 0x7f, 2, 1])],
    ["a reference longer than the message", (id) => Buffer.from([0x30, 9, 2, 1, id, 0x73, 4, 4, 0x7f, 0x61, 0x61])],
    ["a length of 4 GiB", (id) => Buffer.from([0x30, 0x84, 0xff, 0xff, 0xff, 0xff, 2, 1, id])],
    ["bytes after the end of the connection's first reply", (id) => Buffer.concat([searchDone(id), Buffer.from("x")])]
  ]
  it.live.each(malformed)("F43 %s", ([, bytes]) =>
    Effect.gen(function* () {
      const fake = yield* instead("search", ({ id }, socket) => void socket.write(bytes(id)))
      yield* unavailable(signIn({ ...plaintext(fake.url), deadline: "500 millis" }))
      yield* closed(fake)
    })
  )

  it.live("F43 a bind without a result is no success", () =>
    Effect.gen(function* () {
      const fake = yield* instead(
        "bind",
        ({ id }, socket) => void socket.write(Buffer.from([0x30, 5, 2, 1, id, 0x61, 0]))
      )
      assert.match(yield* unavailable(signIn(plaintext(fake.url))), /did not answer in LDAP/)
    })
  )

  it.live("F43 a reply to another request is ignored", () =>
    Effect.gen(function* () {
      const fake = yield* instead("bind", ({ id }, socket) => void socket.write(bindResult(id + 1, 0)))
      yield* unavailable(signIn({ ...plaintext(fake.url), deadline: "300 millis" }))
    })
  )

  it.live("F35 the time of a refusal does not depend on the directory's", () =>
    Effect.gen(function* () {
      const { advance, clock, now } = yield* RefusalClock.make
      const { refusalTime } = RefusalClock
      for (const takes of [0, 1, 40, refusalTime - 1]) {
        for (const refusing of [bindResult, searchDone]) {
          const fake = yield* instead(refusing === searchDone ? "search" : "bind", ({ id }, socket) => {
            advance(takes)
            socket.write(refusing === searchDone ? searchDone(id) : bindResult(id, 49))
          })
          const begin = now()
          yield* refused(signIn({ ...plaintext(fake.url), refusalTime })).pipe(
            Effect.provideService(Clock.Clock, clock)
          )
          assert.strictEqual(now() - begin, refusalTime, `${refusing.name} after ${takes} ms`)
        }
      }
    })
  )

  it.live("F43 endless entries are cut off", () =>
    Effect.gen(function* () {
      const fake = yield* instead("search", ({ id }, socket) => {
        const entries = Buffer.concat(Array.from({ length: 5000 }, () => entry(id, "", "")))
        const more = () => {
          while (!socket.destroyed && socket.write(entries));
        }
        socket.on("drain", more)
        more()
      })
      assert.match(yield* unavailable(signIn(plaintext(fake.url))), /more than 65536 bytes/)
      yield* closed(fake)
      // What the buffers of both sockets take, which nobody has read.
      assert.isAtMost(fake.sent(), 32 * 1024 * 1024)
    })
  )

  it.live("F43 thousands of small messages in one packet do not end the process", () =>
    Effect.gen(function* () {
      const fake = yield* instead("search", ({ id }, socket) => {
        const small = Buffer.from([0x30, 9, 2, 1, id, 0x64, 4, 4, 0, 0x30, 0])
        socket.write(Buffer.concat([...Array.from({ length: 5900 }, () => small), searchDone(id)]))
      })
      yield* refused(signIn(plaintext(fake.url)))
    })
  )

  it.live("F44 a referral is not followed", () =>
    Effect.gen(function* () {
      const elsewhere = yield* serve(friendly)
      const reference = (id: number) => {
        const url = Buffer.from(`${elsewhere.url}/dc=test`)
        return Buffer.concat([Buffer.from([0x30, 7 + url.length, 2, 1, id, 0x73, 2 + url.length, 4, url.length]), url])
      }
      const fake = yield* instead("search", ({ id }, socket) => {
        socket.write(Buffer.concat([reference(id), searchDone(id)]))
      })
      yield* refused(signIn(plaintext(fake.url)))
      const other = yield* instead("search", ({ id }, socket) => void socket.write(searchDone(id, 10)))
      assert.match(yield* unavailable(signIn(plaintext(other.url))), /result code 10/)
      assert.strictEqual(elsewhere.connections.total, 0)
    })
  )

  it.live("F45 result codes of the bind: 19, 48, 49, 50 and 53 are the user's fault, all others the directory's", () =>
    Effect.gen(function* () {
      let code = 0
      const fake = yield* instead("bind", ({ id }, socket) => void socket.write(bindResult(id, code, "canary")))
      assert.deepStrictEqual(yield* signIn(plaintext(fake.url)), { username: "alice" })
      for (code = 1; code <= 130; code++) {
        const attempt = signIn(plaintext(fake.url))
        if ([19, 48, 49, 50, 53].includes(code)) yield* refused(attempt)
        else assert.strictEqual(yield* unavailable(attempt), `bind: result code ${code}`)
      }
    })
  )

  it.live("F45 result codes of the search are never the user's fault", () =>
    Effect.gen(function* () {
      let code = 1
      const fake = yield* instead("search", ({ id }, socket) => void socket.write(searchDone(id, code)))
      for (code = 1; code <= 130; code++) {
        const attempt = signIn(plaintext(fake.url))
        // 4, the limit of two entries that we set ourselves, is no failure.
        if (code === 4) yield* refused(attempt)
        else assert.match(yield* unavailable(attempt), new RegExp(`^search for the user: result code ${code}:`))
      }
    })
  )

  it.live("F33 fewer than two entries with result 4, as the directory permits no more, are several users", () =>
    Effect.gen(function* () {
      for (const entries of [0, 1]) {
        const fake = yield* instead("search", ({ id }, socket) => {
          const found = Array.from({ length: entries }, () => entry(id, "uid=alice,dc=test", "alice"))
          socket.write(Buffer.concat([...found, searchDone(id, 4)]))
        })
        yield* refused(signIn(plaintext(fake.url)))
        assert.deepStrictEqual(
          fake.requests.map((request) => request.operation),
          [operation.search]
        )
      }
    })
  )

  it.live("F43 a password policy that cannot be read is a failure of the directory, and does not end the process", () =>
    Effect.gen(function* () {
      const control = (id: number, value: ReadonlyArray<number>) => {
        const type = Buffer.from("1.3.6.1.4.1.42.2.27.8.5.1")
        const pair = [0x30, 4 + type.length + value.length, 4, type.length, ...type, 4, value.length, ...value]
        const body = [2, 1, id, 0x61, 7, 10, 1, 0, 4, 0, 4, 0, 0xa0, pair.length, ...pair]
        return Buffer.from([0x30, body.length, ...body])
      }
      let value: ReadonlyArray<number> = [0x30, 0]
      const fake = yield* instead("bind", ({ id }, socket) => void socket.write(control(id, value)))
      assert.deepStrictEqual(yield* signIn(plaintext(fake.url)), { username: "alice" })
      // changeAfterReset
      value = [0x30, 3, 0x81, 1, 2]
      yield* refused(signIn(plaintext(fake.url)))
      for (value of [
        [0x30, 9, 0x81],
        [0x30, 3, 0x81, 9, 2],
        [0x31, 0]
      ]) {
        yield* Effect.exit(signIn({ ...plaintext(fake.url), deadline: "300 millis" }))
      }
      value = [0x30, 0]
      assert.deepStrictEqual(yield* signIn(plaintext(fake.url)), { username: "alice" })
    })
  )

  it.live("F47 an empty or SASL-named DN is not bound to", () =>
    Effect.gen(function* () {
      for (const dn of ["", " ", "PLAIN", "EXTERNAL", "DIGEST-MD5", "SCRAM-SHA-1", "plain", "=x", "alice"]) {
        const fake = yield* instead("search", ({ id }, socket) => {
          socket.write(Buffer.concat([entry(id, dn, "alice"), searchDone(id)]))
        })
        assert.match(yield* unavailable(signIn(plaintext(fake.url))), /distinguished name/)
        assert.deepStrictEqual(
          fake.requests.map((request) => request.operation),
          [operation.search]
        )
      }
    })
  )

  it.live("an entry without a readable user name is a failure of the directory, but only after a right password", () =>
    Effect.gen(function* () {
      let code = 0
      const fake = yield* serve((request, socket) => {
        if (request.operation === operation.bind) socket.write(bindResult(request.id, code))
        else {
          const dn = Buffer.from("uid=alice,dc=test")
          const bare = [0x30, 9 + dn.length, 2, 1, request.id, 0x64, 4 + dn.length, 4, dn.length]
          socket.write(Buffer.concat([Buffer.from(bare), dn, Buffer.from([0x30, 0]), searchDone(request.id)]))
        }
      })
      assert.match(yield* unavailable(signIn(plaintext(fake.url))), /shows no uid/)
      code = 49
      yield* refused(signIn(plaintext(fake.url)))
    })
  )

  it.live("F48 a connection closed at any moment is reported at once as a failure of the directory", () =>
    Effect.gen(function* () {
      for (const kind of ["search", "bind"] as const) {
        const fake = yield* instead(kind, (_, socket) => void socket.destroy())
        const time = yield* timed(unavailable(signIn({ ...plaintext(fake.url), deadline: "1 minute" })))
        assert.isAtMost(time, 1000)
      }
    })
  )

  it.live("F52 500 sign-ins at once stay within the limit of connections", () =>
    Effect.gen(function* () {
      const fake = yield* serve((request, socket) => setTimeout(() => friendly(request, socket), 2))
      const directory = yield* signInMany({ ...plaintext(fake.url), deadline: "20 seconds", maxConnections: 7 })
      const found = yield* Effect.forEach(Array.from({ length: 500 }), () => directory, { concurrency: "unbounded" })
      assert.lengthOf(found, 500)
      assert.strictEqual(fake.connections.total, 500)
      // The server hears of the end of a connection a little later than of the begin of the next.
      assert.isAtMost(fake.connections.most, 14)
      yield* closed(fake)
    })
  )

  it.live("F52 the deadline includes the wait for a connection", () =>
    Effect.gen(function* () {
      const fake = yield* serve(() => {})
      const directory = yield* signInMany({ ...plaintext(fake.url), deadline: "300 millis", maxConnections: 1 })
      const time = yield* timed(
        Effect.forEach(Array.from({ length: 10 }), () => unavailable(directory), { concurrency: "unbounded" })
      )
      assert.isAtMost(time, 1500)
      yield* closed(fake)
    })
  )
})
