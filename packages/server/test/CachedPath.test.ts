/** What comes out of a cache is what each request asks for: its form, its coding, its origin, its user. */
import { Authentication, Names } from "@gitlab-registry-usage/core"
import { Images } from "@gitlab-registry-usage/core/testing"
import { describe, expect, it, layer } from "@effect/vitest"
import { DateTime, Effect, Layer, Logger, Redacted, Ref } from "effect"
import { TestClock } from "effect/testing"
import { appLayer, once, signedIn, tokensWith } from "./app.ts"
import { type Answer, decoded, varying } from "./Client.ts"

const images = 30

const repositories = Effect.flatMap(Images.layer("one", 1000), (blob) => Images.image({ layers: [blob] })).pipe(
  Effect.map((image) =>
    Array.from({ length: images }, (_, i) => ({
      name: Names.RepositoryName.make(`group/image-${i}`),
      tags: [{ name: Names.TagName.make("latest"), image }]
    }))
  )
)

const ours = ["https://one.example", "https://two.example"]
const hal = "application/hal+json"
const html = "text/html"

/** The documents, each with a part of what is in it and in no other. */
const documents = {
  "/images": { [hal]: /^\{(?!.*_links)(?!.*_embedded)/, [html]: /^<(?=.*image-1<)(?=.*image-29<)/s },
  "/images?embed=1": { [hal]: /^\{(?!.*_links).*_embedded.*image-29/, [html]: /^<(?=.*image-1<)(?=.*image-29<)/s },
  "/images?embed=1&links=true": { [hal]: /^\{.*_links.*_embedded/, [html]: /^<(?=.*image-1<)(?=.*image-29<)/s },
  "/images/group%2Fimage-7": { [hal]: /^\{.*"name":"group\/image-7"/, [html]: /^<(?=.*image-7)(?!.*image-29)/s }
} as const
type Path = keyof typeof documents
const paths = Object.keys(documents) as ReadonlyArray<Path>

/** What is shorter than it is worth to compress. */
const isSmall = (path: Path, form: string) => path === "/images/group%2Fimage-7" || (path === "/images" && form === hal)

const accepts = [
  [undefined, hal],
  [hal, hal],
  ["application/json", hal],
  [html, html],
  ["text/html,application/xhtml+xml,*/*;q=0.8", html],
  ["image/png", undefined]
] as const
const encodings = [
  [undefined, undefined],
  ["identity", undefined],
  ["gzip", "gzip"],
  ["br", "br"],
  ["gzip, deflate, br", "br"]
] as const
const knowing = ["nothing", "it", "it, weakly", "another form", "another document"] as const
const holders = ["alice", "zoe", "nobody", "a forger"] as const

const matrix = accepts.flatMap(([accept, form]) =>
  [undefined, ...ours, "https://foreign.example"].flatMap((origin) =>
    encodings.flatMap(([acceptEncoding, coding]) =>
      holders.flatMap((holder) =>
        knowing.flatMap((known) =>
          ["GET", "HEAD"].map((method) => ({ accept, form, origin, acceptEncoding, coding, holder, known, method }))
        )
      )
    )
  )
)

/** In an order in which neighbours differ in everything: the number is prime. */
const mixed = matrix.map(
  (_, i) => [paths[Math.floor(i / 7) % paths.length]!, matrix[(i * 1009) % matrix.length]!] as const
)

const bearerOf = (username: string) =>
  Effect.gen(function* () {
    const tokens = yield* Authentication.Tokens
    return `Bearer ${Redacted.value((yield* tokens.issue({ username })).token)}`
  })

for (const [what, corsOrigins] of [
  ["any origin", undefined],
  ["two origins", ours]
] as const) {
  const app = Layer.unwrap(Effect.map(repositories, (repositories) => appLayer({ repositories }, { corsOrigins })))
  layer(app, { excludeTestServices: true })(`with pages of ${what}`, (it) => {
    it.effect(
      "different requests on one connection get the right responses",
      () =>
        Effect.gen(function* () {
          const bearers = {
            alice: (yield* signedIn).authorization,
            zoe: yield* bearerOf("zoe"),
            nobody: undefined,
            "a forger": `${yield* bearerOf("alice")}x`
          }
          /** The documents in all forms and codings. */
          const references = new Map<string, Answer>()
          const referenceOf = (path: Path, form: string, coding: string | undefined) =>
            references.get(`${path} ${form} ${isSmall(path, form) ? undefined : coding}`)!
          for (const path of paths) {
            for (const form of [hal, html] as const) {
              for (const coding of [undefined, "gzip", "br"]) {
                const answer = yield* once(path, {
                  headers: {
                    accept: form,
                    authorization: bearers.alice,
                    ...(coding === undefined ? {} : { "accept-encoding": coding })
                  }
                })
                const key = `${path} ${form} ${coding}`
                expect(answer.status, key).toBe(200)
                expect(answer.headers["content-encoding"], key).toBe(isSmall(path, form) ? undefined : coding)
                expect(decoded(answer).toString(), key).toMatch(documents[path][form])
                if (coding === undefined || !isSmall(path, form)) references.set(key, answer)
              }
            }
          }
          expect(new Set([...references.values()].map(({ headers }) => headers.etag)).size).toBe(references.size)
          const connections = new Set<number | undefined>()
          let [complete, notModified] = [0, 0]
          for (const [path, { accept, acceptEncoding, coding, form, holder, known, method, origin }] of mixed) {
            const here = `${method} ${path} ${JSON.stringify({ accept, acceptEncoding, origin, holder, known })}`
            const reference = form && referenceOf(path, form, coding)
            const own = reference?.headers.etag ?? '"none"'
            const tags = {
              nothing: undefined,
              it: own,
              "it, weakly": `"other", W/${own}`,
              "another form": referenceOf(path, form === html ? hal : html, coding).headers.etag,
              "another document": referenceOf(paths[(paths.indexOf(path) + 1) % paths.length]!, form ?? hal, coding)
                .headers.etag
            }
            const headers = {
              accept,
              origin,
              authorization: bearers[holder],
              "accept-encoding": acceptEncoding,
              "if-none-match": tags[known]
            }
            const answer = yield* once(path, {
              method,
              headers: Object.fromEntries(
                Object.entries(headers).flatMap(([name, value]) => (value === undefined ? [] : [[name, value]]))
              )
            })
            connections.add(answer.connection)
            expect(answer.headers["access-control-allow-origin"], here).toBe(
              corsOrigins === undefined ? "*" : origin !== undefined && ours.includes(origin) ? origin : undefined
            )
            expect(answer.headers["access-control-expose-headers"] === undefined, here).toBe(
              answer.headers["access-control-allow-origin"] === undefined
            )
            expect(varying(answer).includes("origin"), here).toBe(corsOrigins !== undefined)
            if (holder === "nobody" || holder === "a forger") {
              expect(answer.status, here).toBe(401)
              expect(answer.headers["www-authenticate"], here).toMatch(
                holder === "nobody" ? /^Bearer realm="[^"]*"$/ : /error="invalid_token"/
              )
              expect(answer.headers.etag, here).toBeUndefined()
            } else if (reference === undefined) {
              expect(answer.status, here).toBe(406)
            } else {
              expect(varying(answer), here).toEqual(
                expect.arrayContaining(["accept", "accept-encoding", "authorization"])
              )
              expect(answer.headers.etag, here).toBe(own)
              if (known.startsWith("it")) {
                notModified++
                expect([answer.status, answer.body, answer.headers["content-type"]], here).toEqual([304, "", undefined])
              } else {
                complete++
                expect(answer.status, here).toBe(200)
                for (const name of ["content-type", "content-length", "content-encoding", "cache-control"]) {
                  expect(answer.headers[name], `${here} ${name}`).toBe(reference.headers[name])
                }
                expect(answer.bytes.equals(method === "HEAD" ? Buffer.alloc(0) : reference.bytes), here).toBe(true)
              }
            }
          }
          expect(connections.size).toBe(1)
          expect([complete, notModified]).toEqual([1200, 800])
        }),
      120_000
    )

    it.effect("a request other than a plain GET is not served from the cache", () =>
      Effect.gen(function* () {
        const headers = yield* signedIn
        for (let round = 0; round < 2; round++) {
          for (const path of paths) {
            expect((yield* once(path, { headers })).status, path).toBe(200)
            for (const method of ["POST", "PUT", "DELETE", "PATCH"]) {
              expect((yield* once(path, { method, headers })).status, `${method} ${path}`).toBe(405)
            }
            expect((yield* once(path, { method: "OPTIONS", headers })).status, path).toBe(204)
            const body = { headers: { ...headers, "content-length": "2" }, body: "{}" }
            expect((yield* once(path, body)).status, `${path} with a body`).toBe(400)
            const separator = path.includes("?") ? "&" : "?"
            expect((yield* once(`${path}${separator}page_size=x`, { headers })).status, path).toBe(400)
          }
        }
      })
    )

    it.effect("each response has the id of its request", () =>
      Effect.gen(function* () {
        const headers = yield* signedIn
        const idOf = (sent: Record<string, string>) =>
          Effect.map(once("/images", { headers: { ...headers, ...sent } }), (answer) => answer.headers["x-request-id"])
        const ids = [yield* idOf({}), yield* idOf({}), yield* idOf({ "x-request-id": "mine" }), yield* idOf({})]
        expect(ids[2]).toBe("mine")
        expect(new Set(ids).size).toBe(4)
        expect(ids).not.toContain(undefined)
      })
    )
  })
}

describe("a token that the connection has sent before", () => {
  const app = (tokens: ReturnType<typeof tokensWith>) =>
    Layer.unwrap(Effect.map(repositories, (repositories) => appLayer({ repositories }, { tokens })))

  /** Asks for several documents, twice each; all must be answered alike, and on one connection. */
  const statusOf = (authorization: string | undefined) =>
    Effect.gen(function* () {
      const statuses = new Set<string>()
      const connections = new Set<number | undefined>()
      for (const path of [...paths, ...paths]) {
        for (const method of ["GET", "HEAD"]) {
          const { connection, headers, status } = yield* once(path, {
            method,
            headers: authorization === undefined ? {} : { authorization }
          })
          connections.add(connection)
          statuses.add(`${status} ${headers["www-authenticate"] ?? ""}`)
        }
      }
      expect([...statuses]).toHaveLength(1)
      expect(connections.size).toBe(1)
      return { answer: [...statuses][0]!, connection: [...connections][0] }
    })

  it.effect("is refused from the instant at which it expires", () =>
    Effect.gen(function* () {
      const { authorization } = yield* signedIn
      const good = yield* statusOf(authorization)
      expect(good.answer).toBe("200 ")
      yield* TestClock.adjust("89 seconds")
      expect(yield* statusOf(authorization)).toEqual(good)
      yield* TestClock.adjust("2 seconds")
      const expired = yield* statusOf(authorization)
      expect(expired).toEqual({ answer: expect.stringMatching(/^401 .*expired/), connection: good.connection })
      expect((yield* statusOf((yield* signedIn).authorization)).answer).toBe("200 ")
      expect((yield* statusOf(authorization)).answer).toMatch(/^401 .*expired/)
    }).pipe(Effect.provide(app(tokensWith({ life: "90 seconds" }))))
  )

  it.effect("is refused after a revocation", () =>
    Effect.gen(function* () {
      const revoked = yield* Ref.make(DateTime.makeUnsafe(-1))
      yield* TestClock.setTime(1_700_000_000_000)
      yield* Effect.gen(function* () {
        const { authorization } = yield* signedIn
        const good = yield* statusOf(authorization)
        expect(good.answer).toBe("200 ")
        yield* TestClock.adjust("2 seconds")
        yield* Ref.set(revoked, yield* DateTime.now)
        const refused = yield* statusOf(authorization)
        expect(refused).toEqual({ answer: expect.stringMatching(/^401 .*invalid_token/), connection: good.connection })
        yield* TestClock.adjust("2 seconds")
        expect((yield* statusOf((yield* signedIn).authorization)).answer).toBe("200 ")
        expect((yield* statusOf(authorization)).answer).toMatch(/^401 .*invalid_token/)
      }).pipe(Effect.provide(app(tokensWith({ notBefore: Ref.get(revoked) }))))
    })
  )

  it.effect("is refused if the clock is set back to before its issue", () =>
    Effect.gen(function* () {
      yield* TestClock.setTime(1_700_000_000_000)
      yield* Effect.gen(function* () {
        const { authorization } = yield* signedIn
        expect((yield* statusOf(authorization)).answer).toBe("200 ")
        yield* TestClock.setTime(1_700_000_000_000 - 3_600_000)
        expect((yield* statusOf(authorization)).answer).toMatch(/^401 /)
        yield* TestClock.setTime(1_700_000_000_000)
        expect((yield* statusOf(authorization)).answer).toBe("200 ")
      }).pipe(Effect.provide(app(tokensWith())))
    })
  )

  it.effect("does not authorize another token on the connection", () =>
    Effect.gen(function* () {
      const { authorization } = yield* signedIn
      const [header, payload, signature] = authorization.slice("Bearer ".length).split(".")
      const good = yield* statusOf(authorization)
      for (const other of [
        undefined,
        "Bearer",
        `Basic ${header}`,
        authorization.slice(0, -1),
        `${authorization}x`,
        `Bearer ${header}.${payload}.`,
        `Bearer ${header}.${payload}.${signature!.slice(0, -4)}AAAA`,
        `Bearer ${payload}.${header}.${signature}`
      ]) {
        expect((yield* statusOf(other)).answer, other).toMatch(/^401 Bearer /)
        expect(yield* statusOf(authorization), other).toEqual(good)
      }
      expect(yield* statusOf(authorization.replace("Bearer", "bearer"))).toEqual(good)
    }).pipe(Effect.provide(app(tokensWith())))
  )
})

it.live("the access log names the user, the status and the path of each request", () => {
  const lines: Array<string> = []
  return Effect.gen(function* () {
    const bearers = { alice: yield* bearerOf("alice"), zoe: yield* bearerOf("zoe") }
    const tag = yield* Effect.map(
      Effect.andThen(signedIn, once("/images", { headers: { authorization: bearers.alice } })),
      ({ headers }) => headers.etag!
    )
    lines.length = 0
    const asked: Array<RegExp> = []
    for (const user of ["alice", "zoe", "zoe", "alice"] as const) {
      for (const [status, known] of [
        [200, {}],
        [304, { "if-none-match": tag }]
      ] as const) {
        yield* once("/images", { headers: { authorization: bearers[user], ...known } })
        asked.push(new RegExp(`(?=.*path=/images\\b)(?=.*status=${status}\\b)(?=.*user=${user}\\b)`))
      }
    }
    // A line is written after its answer.
    yield* Effect.sleep("50 millis")
    expect(lines).toEqual(asked.map((pattern) => expect.stringMatching(pattern)))
  }).pipe(
    Effect.provide(
      Layer.unwrap(
        Effect.map(repositories, (repositories) => appLayer({ repositories }, { accessLog: true, logLevel: "Info" }))
      ).pipe(Layer.provide(Logger.layer([Logger.map(Logger.formatLogFmt, (line) => void lines.push(line))])))
    )
  )
})
