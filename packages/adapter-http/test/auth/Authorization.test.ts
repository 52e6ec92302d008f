import { inspect } from "node:util"
import { assert, describe, it } from "@effect/vitest"
import { Digest, Names, type Registry } from "@gitlab-registry-usage/core"
import { Effect, Logger, Redacted, Stream, Tracer } from "effect"
import { HttpClient, HttpClientResponse } from "effect/http"
import { TestClock } from "effect/testing"
import type { RegistryHttp } from "../../src/index.ts"
import { logged } from "../demo.ts"
import { json, listen, name, overUndici, registryAt, tag, tagNames } from "../servers.ts"

const credentials = { username: "canary-user", token: Redacted.make("canary-secret") }

const reason = <A, E extends { readonly reason: Registry.RegistryReason }, R>(effect: Effect.Effect<A, E, R>) =>
  Effect.map(Effect.flip(effect), (error) => error.reason)

const repositories = Array.from({ length: 50 }, (_, i) => Names.RepositoryName.make(`group/image-${i}`))

/** A token in the form of a JWT; nobody checks its signature here. */
const jwt = (scopes: ReadonlyArray<string>, life = 300, now = Math.floor(Date.now() / 1000)) => {
  const access = scopes.map((scope) => {
    const [type, name, actions] = scope.split(":")
    return { type, name, actions: actions?.split(",") }
  })
  const part = (value: unknown) => Buffer.from(JSON.stringify(value)).toString("base64url")
  return `${part({ alg: "none" })}.${part({ iat: now, exp: now + life, access })}.canary`
}

type Handler = Parameters<typeof listen>[0]

/** A registry and its token service in one: `token` answers requests for tokens, `registry` those that bring one. */
const protectedBy = (token: Handler, registry?: Handler, options: Partial<RegistryHttp.Options> = { credentials }) =>
  Effect.gen(function* () {
    const server = yield* listen((request, response, url) => {
      if (url.pathname === "/jwt/auth") return token(request, response, url)
      if (!request.headers.authorization?.startsWith("Bearer ")) {
        const realm = `http://${request.headers.host}/jwt/auth`
        response.writeHead(401, {
          "www-authenticate": `Bearer realm="${realm}",service="container_registry",scope="x"`
        })
        return response.end('{"errors":[{"code":"UNAUTHORIZED","message":"canary-secret"}]}')
      }
      return registry === undefined
        ? json(response, url.pathname.endsWith("_catalog") ? { repositories } : { tags: ["1.0"] })
        : registry(request, response, url)
    })
    return {
      ...server,
      tokens: () => server.asked.filter(({ path }) => path.startsWith("/jwt/auth")),
      others: () => server.asked.filter(({ path }) => !path.startsWith("/jwt/auth")),
      registry: yield* registryAt(server.url, options)
    }
  })

const grantAll: Handler = (_, response, url) => json(response, { token: jwt(url.searchParams.getAll("scope")) })
const everyTag = (registry: Registry.Registry["Service"], concurrency: number) =>
  registry.repositories.pipe(
    Stream.filter(Names.isRepositoryName),
    Stream.mapEffect((name) => Stream.runCollect(registry.tags(name)), { concurrency, unordered: true }),
    Stream.runCollect
  )

const basic = `Basic ${Buffer.from("canary-user:canary-secret").toString("base64")}`

/** A registry that shows a half of its repositories to everybody, without a challenge, and all to the account. */
const half = (
  options: {
    /** Answers instead where it returns true. */
    readonly instead?: (...args: Parameters<Handler>) => unknown
    readonly headers?: Record<string, string>
    readonly credentials?: RegistryHttp.Options["credentials"]
  } = {}
) =>
  Effect.gen(function* () {
    const server = yield* listen((request, response, url): void => {
      if (options.instead?.(request, response, url) === true) return
      const { authorization } = request.headers
      if (authorization !== undefined && authorization !== basic) return void response.writeHead(401).end()
      const names = authorization === undefined ? repositories.slice(0, 25) : repositories
      const body = url.pathname.endsWith("_catalog") ? { repositories: names } : { tags: ["1.0"] }
      json(response, body, authorization === undefined ? (options.headers ?? {}) : {})
    })
    const registry = yield* registryAt(server.url, { credentials, ...options })
    return {
      registry,
      list: Effect.map(Stream.runCollect(registry.repositories), (names) => names.length),
      logins: () => server.asked.filter(({ headers }) => headers.authorization === basic),
      asked: server.asked
    }
  })

describe("F107 a registry that answers without a challenge", () => {
  it.live("is logged in to once, and its first answer does not count", () =>
    Effect.gen(function* () {
      for (const headers of [{}, { "www-authenticate": 'Basic realm="zot"' }, { "www-authenticate": "Negotiate" }]) {
        const { asked, list, logins, registry } = yield* half({ headers })
        assert.strictEqual(yield* list, 50)
        yield* tagNames(registry)
        assert.strictEqual(yield* list, 50)
        assert.isAtMost(asked.length, 5)
        assert.lengthOf(logins(), 3)
      }
      const anonymous = yield* half({ credentials: undefined })
      assert.strictEqual(yield* anonymous.list, 25)
      assert.lengthOf(anonymous.asked, 1)
    }).pipe(overUndici)
  )

  it.effect("ends with credentials that are refused, which it gets once in five minutes", () =>
    Effect.gen(function* () {
      const wrong = { username: "canary-user", token: Redacted.make("wrong") }
      const { asked, list, registry } = yield* half({ credentials: wrong })
      const withCredentials = () => asked.filter(({ headers }) => headers.authorization !== undefined).length
      for (let i = 0; i < 3; i++) assert.strictEqual((yield* reason(list))._tag, "Unauthorized")
      for (const name of repositories) yield* reason(registry.manifest(name, tag))
      assert.strictEqual(withCredentials(), 1)
      yield* TestClock.adjust("6 minutes")
      assert.include((yield* reason(list)).detail, "refused the credentials with 401")
      assert.strictEqual(withCredentials(), 2)
    }).pipe(overUndici)
  )

  it.live("may challenge at the base of its API", () =>
    Effect.gen(function* () {
      const closed = yield* half({
        instead: (request, response, url) =>
          url.pathname === "/v2/" &&
          request.headers.authorization !== basic &&
          response.writeHead(401, { "www-authenticate": 'Basic realm="nexus"' }).end() &&
          true
      })
      assert.strictEqual(yield* closed.list, 50)
      const wrong = yield* half({
        credentials: { username: "canary-user", token: Redacted.make("wrong") },
        // Wrong credentials are looked at nowhere else.
        instead: (request, response, url) =>
          url.pathname === "/v2/"
            ? response.writeHead(401, { "www-authenticate": 'Basic realm="nexus"' }).end() && true
            : json(response, { repositories: [] }) && true
      })
      assert.strictEqual((yield* reason(wrong.list))._tag, "Unauthorized")
      const bearer = yield* half({
        instead: (request, response, url) => {
          const { authorization, host } = request.headers
          if (url.pathname === "/token") return json(response, { token: jwt(url.searchParams.getAll("scope")) }) && true
          if (authorization?.startsWith("Bearer ")) return json(response, { repositories }) && true
          const challenge = { "www-authenticate": `Bearer realm="http://${host}/token",service="s"` }
          return url.pathname === "/v2/" && response.writeHead(401, challenge).end() && true
        }
      })
      assert.strictEqual(yield* bearer.list, 50)
      // Basic goes to the token service alone.
      assert.deepStrictEqual(
        bearer.logins().map(({ path }) => path.split("?")[0]),
        ["/token"]
      )
    }).pipe(overUndici)
  )

  it.live("ends where only repositories look at the credentials, and refuse them", () =>
    Effect.gen(function* () {
      const { asked, list, registry } = yield* half({
        instead: (request, response, url) =>
          request.headers.authorization !== undefined &&
          url.pathname.endsWith("/tags/list") &&
          response.writeHead(401, { "www-authenticate": 'Basic realm="x"' }).end() &&
          true
      })
      yield* list
      const reasons = yield* Effect.forEach(repositories, (name) => reason(Stream.runCollect(registry.tags(name))))
      const tags = reasons.map(({ _tag }) => _tag)
      assert.deepStrictEqual(tags, [...Array(9).fill("Denied"), ...Array(41).fill("Unauthorized")])
      assert.isBelow(asked.length, 20)
    }).pipe(overUndici)
  )

  it.effect("over http beyond the loopback interface is read without them, which a warning says", () =>
    Effect.gen(function* () {
      const sent: Array<string | undefined> = []
      const client = HttpClient.make((request) =>
        Effect.sync(() => {
          sent.push(request.headers["authorization"])
          return HttpClientResponse.fromWeb(request, Response.json({ tags: ["a"] }))
        })
      )
      const { messages } = yield* logged(
        Effect.gen(function* () {
          const registry = yield* registryAt(new URL("http://registry.example.com"), { credentials })
          yield* tagNames(registry)
          yield* tagNames(registry)
        }).pipe(Effect.provideService(HttpClient.HttpClient, client))
      )
      assert.isTrue(sent.every((authorization) => authorization === undefined))
      assert.lengthOf(messages, 1)
      assert.include(messages[0], "only what it shows to everybody is seen")
    })
  )

  it.live("a deletion that it has answered is not repeated", () =>
    Effect.gen(function* () {
      const digest = Digest.Digest.make(`sha256:${"0".repeat(64)}`)
      const server = yield* listen((_, response) => response.writeHead(202).end())
      const registry = yield* registryAt(server.url, { credentials })
      yield* registry.deleteManifest(name, digest)
      assert.lengthOf(server.asked, 1)
    }).pipe(overUndici)
  )
})

describe("F119 a refusal of one repository", () => {
  /** The reasons of the repositories that cannot be read, by the number of the repository. */
  const failures = (registry: Registry.Registry["Service"]) =>
    Effect.gen(function* () {
      yield* Stream.runDrain(registry.repositories)
      const results = yield* Effect.forEach(
        repositories,
        (name) => Effect.result(Stream.runCollect(registry.tags(name))),
        { concurrency: 4 }
      )
      return results.flatMap((result, i) => (result._tag === "Failure" ? [[i, result.failure.reason._tag]] : []))
    })

  const deny = (response: Parameters<Handler>[1], body = '{"errors":[{"code":"DENIED"}]}') =>
    response.writeHead(403, { "content-type": "application/json" }).end(body)

  it.live("by the token service, for one scope or for several at once, is a denial of that repository", () =>
    Effect.gen(function* () {
      for (const body of [undefined, "Forbidden"]) {
        for (const [isDenied, expected] of [
          [(scopes: ReadonlyArray<string>) => scopes.length > 1, []],
          [(scopes: ReadonlyArray<string>) => scopes.some((scope) => /image-\d*7:/.test(scope)), [7, 17, 27, 37, 47]],
          [(scopes: ReadonlyArray<string>) => scopes.length > 1 || scopes[0]!.includes("image-7:"), [7]]
        ] as const) {
          const { registry, tokens } = yield* protectedBy((_, response, url) => {
            const scopes = url.searchParams.getAll("scope")
            // No JWT, so that it does not say what it grants.
            return isDenied(scopes) ? deny(response, body) : json(response, { token: "opaque", expires_in: 300 })
          })
          assert.deepStrictEqual(
            yield* failures(registry),
            expected.map((i) => [i, "Denied"])
          )
          assert.isAtMost(tokens().length, 70)
        }
      }
    }).pipe(overUndici)
  )

  it.live("is asked for alone where a token for several says that it grants none", () =>
    Effect.gen(function* () {
      const { registry } = yield* protectedBy((_, response, url) => {
        const scopes = url.searchParams.getAll("scope")
        return json(response, { token: jwt(scopes.length > 1 || scopes[0]!.includes("image-7:") ? [] : scopes) })
      })
      assert.deepStrictEqual(yield* failures(registry), [[7, "Denied"]])
    }).pipe(overUndici)
  )

  it.live("by the registry, with a new token, is a denial of that repository", () =>
    Effect.gen(function* () {
      for (const [status, challenge] of [
        [401, ',error="insufficient_scope"'],
        [401, ',error="invalid_token"'],
        [401, ""],
        [401, undefined],
        [403, undefined]
      ] as const) {
        const { registry } = yield* protectedBy(grantAll, (request, response, url) => {
          if (!url.pathname.includes("image-7/")) {
            return json(response, url.pathname.endsWith("_catalog") ? { repositories } : { tags: ["1.0"] })
          }
          const value = `Bearer realm="http://${request.headers.host}/jwt/auth"${challenge}`
          return response.writeHead(status, challenge === undefined ? {} : { "www-authenticate": value }).end()
        })
        assert.deepStrictEqual(yield* failures(registry), [[7, "Denied"]])
      }
    }).pipe(overUndici)
  )

  it.live("is found where a token for several scopes that is no JWT holds only the first", () =>
    Effect.gen(function* () {
      const { registry } = yield* protectedBy(
        (_, response, url) => json(response, { token: Buffer.from(url.searchParams.get("scope")!).toString("base64") }),
        (request, response, url) => {
          const scope = Buffer.from(request.headers.authorization!.slice("Bearer ".length), "base64").toString()
          if (url.pathname.endsWith("_catalog")) return json(response, { repositories })
          if (url.pathname === `/v2/${scope.split(":")[1]}/tags/list`) return json(response, { tags: ["1.0"] })
          const realm = `http://${request.headers.host}/jwt/auth`
          return response.writeHead(401, { "www-authenticate": `Bearer realm="${realm}",scope="x"` }).end()
        }
      )
      assert.deepStrictEqual(yield* failures(registry), [])
    }).pipe(overUndici)
  )

  it.effect("F86 a ban in the middle, or a service that refuses everything, ends it with one more login", () =>
    Effect.gen(function* () {
      for (const [status, body, most] of [
        [403, "Forbidden", 3],
        [401, "", 1],
        [403, '{"errors":[{"code":"DENIED"}]}', 12]
      ] as const) {
        let banned = false
        const { registry, tokens } = yield* protectedBy((request, response, url) =>
          banned ? response.writeHead(status).end(body) : grantAll(request, response, url)
        )
        assert.deepStrictEqual(yield* failures(registry), [])
        banned = true
        const before = tokens().length
        yield* TestClock.adjust("10 minutes")
        const reasons = yield* Effect.forEach(repositories, (name) => reason(Stream.runCollect(registry.tags(name))))
        assert.isAtMost(tokens().length - before, most)
        assert.strictEqual(reasons.at(-1)!._tag, "Unauthorized")
        assert.notInclude(reasons.at(-1)!.detail, "refused the credentials")
        assert.include(reasons.at(-1)!.detail, "accepted before")
      }
    }).pipe(overUndici)
  )
})

describe("Authorization", () => {
  it.live("without credentials an open registry gets no further request", () =>
    Effect.gen(function* () {
      const server = yield* listen((_, response) => json(response, { tags: ["a"] }))
      const registry = yield* registryAt(server.url)
      yield* tagNames(registry)
      yield* tagNames(registry)
      assert.deepStrictEqual(
        server.asked.map(({ headers }) => headers.authorization),
        [undefined, undefined]
      )
    }).pipe(overUndici)
  )

  it.live("one token serves many repositories, and one refusal is enough to learn the scheme", () =>
    Effect.gen(function* () {
      const { others, registry, tokens } = yield* protectedBy(grantAll)
      assert.lengthOf(yield* everyTag(registry, 8), 50)
      assert.lengthOf(tokens(), 1 + Math.ceil(50 / 16))
      assert.lengthOf(others(), 1 + 1 + 50)
      const first = new URL(tokens()[0]!.path, "http://x").searchParams
      assert.deepStrictEqual(
        [...first],
        [
          ["service", "container_registry"],
          ["client_id", "gitlab-registry-usage"],
          ["scope", "registry:catalog:*"]
        ]
      )
      const scopes = tokens().map(({ path }) => new URL(path, "http://x").searchParams.getAll("scope").length)
      assert.deepStrictEqual(scopes, [1, 16, 16, 16, 2])
      assert.strictEqual(
        tokens()[0]!.headers.authorization,
        `Basic ${Buffer.from("canary-user:canary-secret").toString("base64")}`
      )
    }).pipe(overUndici)
  )

  it.live("a request for a token stays within what servers take", () =>
    Effect.gen(function* () {
      const long = Array.from({ length: 40 }, (_, i) =>
        Names.RepositoryName.make(`${"a".repeat(120)}/${"b".repeat(120)}/image-${i}`)
      )
      const { registry, tokens } = yield* protectedBy(
        grantAll,
        (_, response, url) => json(response, url.pathname.endsWith("_catalog") ? { repositories: long } : { tags: [] }),
        { credentials, repositoriesPerToken: 100 }
      )
      yield* everyTag(registry, 4)
      assert.isNotEmpty(tokens())
      for (const { path } of tokens()) assert.isBelow(path.length, 6000)
    }).pipe(overUndici)
  )

  it.live("a service that grants one scope at a time, or refuses several, is asked for one", () =>
    Effect.gen(function* () {
      for (const token of [
        (_, response, url) => json(response, { token: jwt(url.searchParams.getAll("scope").slice(0, 1)) }),
        (_, response, url) => json(response, { token: jwt(url.searchParams.getAll("scope").slice(-1)) }),
        (_, response, url) =>
          url.searchParams.getAll("scope").length > 1
            ? response.writeHead(400).end()
            : json(response, { token: jwt(url.searchParams.getAll("scope")) })
      ] satisfies ReadonlyArray<Handler>) {
        const { registry } = yield* protectedBy(token)
        assert.lengthOf(yield* everyTag(registry, 8), 50)
      }
    }).pipe(overUndici)
  )

  it.live("F79 a token is renewed before it ends, in the middle of a listing too", () =>
    Effect.gen(function* () {
      let expired = 0
      const { others, registry, tokens } = yield* protectedBy(
        (_, response, url) => json(response, { token: jwt(url.searchParams.getAll("scope"), 2) }),
        (request, response, url) => {
          const payload = request.headers.authorization?.split(".")[1] ?? ""
          const { exp } = JSON.parse(Buffer.from(payload, "base64url").toString()) as { readonly exp: number }
          if (exp * 1000 <= Date.now()) {
            expired++
            return response.writeHead(401).end()
          }
          const page = Number(url.searchParams.get("last") ?? 0) + 1
          const link = page < 12 ? { link: `<?last=${page}>; rel="next"` } : {}
          return setTimeout(() => json(response, { tags: [`t${page}`] }, link), 250)
        }
      )
      assert.lengthOf(yield* tagNames(registry), 12)
      assert.strictEqual(expired, 0)
      assert.lengthOf(others(), 13)
      assert.isAtLeast(tokens().length, 3)
      assert.isAtMost(tokens().length, 5)
    }).pipe(overUndici)
  )

  it.live("F79 a token that is over before its time is renewed once", () =>
    Effect.gen(function* () {
      let refused = false
      const { registry, tokens } = yield* protectedBy(grantAll, (request, response, url) => {
        if (!refused && url.pathname !== "/v2/_catalog") {
          refused = true
          const realm = `http://${request.headers.host}/jwt/auth`
          return response.writeHead(401, { "www-authenticate": `Bearer realm="${realm}",error="invalid_token"` }).end()
        }
        return json(response, url.pathname === "/v2/_catalog" ? { repositories } : { tags: ["1.0"] })
      })
      assert.lengthOf(yield* everyTag(registry, 1), 50)
      assert.lengthOf(tokens(), 1 + 4 + 1)
    }).pipe(overUndici)
  )

  it.live("F79 a registry that takes no token at all gets two, and no more", () =>
    Effect.gen(function* () {
      for (const [error, expected] of [
        ["invalid_token", "Unauthorized"],
        ["insufficient_scope", "Denied"]
      ] as const) {
        const { others, registry, tokens } = yield* protectedBy(grantAll, (request, response) => {
          const realm = `http://${request.headers.host}/jwt/auth`
          return response.writeHead(401, { "www-authenticate": `Bearer realm="${realm}",error="${error}"` }).end()
        })
        assert.strictEqual((yield* reason(tagNames(registry)))._tag, expected)
        assert.lengthOf(tokens(), 1)
        assert.lengthOf(others(), 2)
        assert.strictEqual((yield* reason(tagNames(registry)))._tag, expected)
        assert.lengthOf(tokens(), 3)
      }
    }).pipe(overUndici)
  )

  it.live("F79 F89 an answer without a token, or a web page, is malformed", () =>
    Effect.gen(function* () {
      for (const body of [
        '{"errors":[]}',
        "{}",
        '{"token":null}',
        '{"token":""}',
        '{"token":"a\\r\\nX: y"}',
        "[",
        ""
      ]) {
        const { registry } = yield* protectedBy((_, response) => response.writeHead(200).end(body))
        assert.strictEqual((yield* reason(tagNames(registry)))._tag, "Malformed", body)
      }
      const page = yield* protectedBy((_, response) =>
        response.writeHead(200, { "content-type": "text/html" }).end("<html>Sign in</html>")
      )
      assert.include((yield* reason(tagNames(page.registry))).detail, "web page")
      const redirect = yield* protectedBy((_, response) =>
        response.writeHead(302, { location: "https://evil.example/users/sign_in" }).end()
      )
      assert.include(
        (yield* reason(tagNames(redirect.registry))).detail,
        "a redirect to https://evil.example/users/sign_in"
      )
    }).pipe(overUndici)
  )

  it.live("a token that is no JWT is used as long as the answer says", () =>
    Effect.gen(function* () {
      for (const [answer, expected] of [
        [{ access_token: "opaque", expires_in: 3600 }, 1],
        [{ token: "opaque.opaque.opaque" }, 1]
      ] as const) {
        const { others, registry, tokens } = yield* protectedBy((_, response) => json(response, answer))
        yield* tagNames(registry)
        yield* tagNames(registry)
        assert.lengthOf(tokens(), expected)
        assert.match(others().at(-1)?.headers.authorization ?? "", /^Bearer opaque/)
      }
    }).pipe(overUndici)
  )

  it.live("a repository that the token leaves out is requested alone, and denied without asking the registry", () =>
    Effect.gen(function* () {
      const { others, registry, tokens } = yield* protectedBy((_, response, url) =>
        json(response, { token: jwt(url.searchParams.getAll("scope").filter((scope) => !/image-\d*3:/.test(scope))) })
      )
      const results = yield* registry.repositories.pipe(
        Stream.filter(Names.isRepositoryName),
        Stream.mapEffect((name) => Effect.result(Stream.runCollect(registry.tags(name))), { concurrency: 8 }),
        Stream.runCollect
      )
      const denied = results.flatMap((result) => (result._tag === "Failure" ? [result.failure] : []))
      assert.deepStrictEqual(
        denied.map(({ reason, target }) => [target, reason._tag]),
        [3, 13, 23, 33, 43].map((i) => [`group/image-${i}`, "Denied"])
      )
      assert.lengthOf(tokens(), 5 + denied.length)
      assert.lengthOf(others(), 2 + 45)
    }).pipe(overUndici)
  )

  it.live("a token without any access is a denial, for the catalog as well", () =>
    Effect.gen(function* () {
      const { others, registry, tokens } = yield* protectedBy((_, response) => json(response, { token: jwt([]) }))
      assert.strictEqual((yield* reason(Stream.runCollect(registry.repositories)))._tag, "Denied")
      assert.strictEqual((yield* reason(tagNames(registry)))._tag, "Denied")
      assert.strictEqual((yield* reason(tagNames(registry)))._tag, "Denied")
      assert.lengthOf(tokens(), 2)
      assert.lengthOf(others(), 1)
    }).pipe(overUndici)
  )

  it.effect("F86 wrong credentials are tried once, whoever asks at the same time, and not again for five minutes", () =>
    Effect.gen(function* () {
      for (const status of [401, 403]) {
        const { registry, tokens } = yield* protectedBy((_, response) => response.writeHead(status).end("Forbidden"))
        const reasons = yield* Effect.forEach(repositories, (name) => reason(Stream.runCollect(registry.tags(name))), {
          concurrency: "unbounded"
        })
        for (const { _tag } of reasons) assert.strictEqual(_tag, "Unauthorized")
        assert.lengthOf(tokens(), 1)
        yield* TestClock.adjust("4 minutes")
        yield* reason(registry.manifest(name, tag))
        assert.lengthOf(tokens(), 1)
        yield* TestClock.adjust("2 minutes")
        yield* reason(registry.manifest(name, tag))
        yield* reason(registry.manifest(name, tag))
        assert.lengthOf(tokens(), 2)
      }
    }).pipe(overUndici)
  )

  it.effect("F86 credentials that are revoked during a crawl are tried once", () =>
    Effect.gen(function* () {
      let revoked = false
      const { registry, tokens } = yield* protectedBy((request, response, url) =>
        revoked ? response.writeHead(401).end() : grantAll(request, response, url)
      )
      yield* everyTag(registry, 8)
      const before = tokens().length
      revoked = true
      yield* TestClock.adjust("5 minutes")
      const reasons = yield* Effect.forEach(repositories, (name) => reason(Stream.runCollect(registry.tags(name))), {
        concurrency: 16
      })
      for (const { _tag } of reasons) assert.strictEqual(_tag, "Unauthorized")
      assert.lengthOf(tokens(), before + 1)
    }).pipe(overUndici)
  )

  it.live("HTTP Basic: wrong credentials are tried once, whoever asks at the same time", () =>
    Effect.gen(function* () {
      const server = yield* listen((_, response) =>
        response.writeHead(401, { "www-authenticate": 'Basic realm="registry"' }).end()
      )
      const registry = yield* registryAt(server.url, { credentials })
      const reasons = yield* Effect.forEach(repositories, (name) => reason(Stream.runCollect(registry.tags(name))), {
        concurrency: "unbounded"
      })
      for (const { _tag } of reasons) assert.strictEqual(_tag, "Unauthorized")
      assert.lengthOf(
        server.asked.filter(({ headers }) => headers.authorization !== undefined),
        1
      )
    }).pipe(overUndici)
  )

  it.live("without credentials what needs them is unauthorized", () =>
    Effect.gen(function* () {
      const basic = yield* listen((_, response) =>
        response.writeHead(401, { "www-authenticate": 'Basic realm="registry"' }).end()
      )
      assert.strictEqual((yield* reason(tagNames(yield* registryAt(basic.url))))._tag, "Unauthorized")
      const bearer = yield* protectedBy((_, response) => response.writeHead(401).end(), undefined, {})
      assert.strictEqual((yield* reason(tagNames(bearer.registry)))._tag, "Unauthorized")
      assert.isUndefined(bearer.tokens()[0]?.headers.authorization)
      const other = yield* listen((_, response) => response.writeHead(401, { "www-authenticate": "Negotiate" }).end())
      assert.strictEqual((yield* reason(tagNames(yield* registryAt(other.url, { credentials }))))._tag, "Unauthorized")
    }).pipe(overUndici)
  )

  it.live("HTTP Basic: one repository that is refused is denied, and credentials that are revoked end it", () =>
    Effect.gen(function* () {
      let revoked = false
      const server = yield* listen((request, response, url) =>
        revoked || request.headers.authorization !== basic || url.pathname.includes("image-3/")
          ? response.writeHead(401, { "www-authenticate": 'Basic realm="registry"' }).end()
          : json(response, url.pathname.endsWith("_catalog") ? { repositories } : { tags: ["1.0"] })
      )
      const registry = yield* registryAt(server.url, { credentials })
      yield* Stream.runDrain(registry.repositories)
      const read = (i: number) => Effect.result(Stream.runCollect(registry.tags(repositories[i]!)))
      for (let i = 0; i < 50; i++) {
        const result = yield* read(i)
        assert.strictEqual(result._tag === "Failure" ? result.failure.reason._tag : "read", i === 3 ? "Denied" : "read")
      }
      revoked = true
      const before = server.asked.length
      const { _tag, detail } = yield* reason(Stream.runCollect(registry.tags(name)))
      assert.strictEqual(_tag, "Unauthorized")
      assert.include(detail, "accepted before")
      yield* Effect.forEach(repositories, (name) => reason(Stream.runCollect(registry.tags(name))))
      assert.lengthOf(server.asked.slice(before), 2)
    }).pipe(overUndici)
  )

  it.live("F68 F90 credentials go to no token service elsewhere, which gets no request at all", () =>
    Effect.gen(function* () {
      const evil = yield* listen((_, response) => json(response, { token: "evil" }))
      const server = yield* listen((_, response) =>
        response
          .writeHead(401, { "www-authenticate": `Bearer realm="http://localhost:${evil.port}/jwt/auth",service="s"` })
          .end()
      )
      for (const options of [{ credentials }, {}, { credentials, tokenHosts: [`localhost:${evil.port + 1}`] }]) {
        const { _tag, detail } = yield* reason(tagNames(yield* registryAt(server.url, options)))
        assert.strictEqual(_tag, "Unsafe")
        assert.include(detail, `http://localhost:${evil.port}/jwt/auth`)
      }
      assert.lengthOf(evil.asked, 0)
      const trusting = yield* registryAt(server.url, { credentials, tokenHosts: [`localhost:${evil.port}`] })
      yield* reason(tagNames(trusting))
      assert.lengthOf(evil.asked, 1)
    }).pipe(overUndici)
  )

  it.effect("F68 HTTP Basic over http beyond the loopback interface gets no credentials", () =>
    Effect.gen(function* () {
      const sent: Array<string | undefined> = []
      const client = HttpClient.make((request) =>
        Effect.sync(() => {
          sent.push(request.headers["authorization"])
          const headers = { "www-authenticate": 'Basic realm="x"' }
          return HttpClientResponse.fromWeb(request, new Response("", { status: 401, headers }))
        })
      )
      const registry = yield* Effect.provideService(
        registryAt(new URL("http://registry.example.com"), { credentials }),
        HttpClient.HttpClient,
        client
      )
      assert.strictEqual((yield* reason(tagNames(registry)))._tag, "Unsafe")
      assert.deepStrictEqual(sent, [undefined])
    })
  )

  it.live("F54 F90 no secret is in any URL, error, log or span", () =>
    Effect.gen(function* () {
      const seen: Array<unknown> = []
      const spans: Array<Tracer.Span> = []
      const tracer = Tracer.make({
        span: (options) => {
          const span = new Tracer.NativeSpan(options)
          spans.push(span)
          return span
        }
      })
      const logger = Logger.make((options) => void seen.push(Logger.formatStructured.log(options)))
      const urls: Array<string> = []
      yield* Effect.gen(function* () {
        for (const token of [
          grantAll,
          (_, response) => response.writeHead(401).end("canary-secret"),
          (_, response) => json(response, { token: jwt([]) })
        ] satisfies ReadonlyArray<Handler>) {
          for (const answer of [
            (request, response) =>
              response.writeHead(400).end(`{"errors":[{"code":"X","message":"${request.headers.authorization}"}]}`),
            (request, response) => response.writeHead(404).end(request.headers.authorization),
            (request, response) =>
              response.writeHead(302, { location: `/x?token=${request.headers.authorization}` }).end(),
            (request, response) => json(response, { tags: [request.headers.authorization] }),
            (request) => request.socket.destroy()
          ] satisfies ReadonlyArray<Handler>) {
            const { asked, registry } = yield* protectedBy(token, answer)
            for (const effect of [
              tagNames(registry),
              registry.manifest(name, tag),
              registry.resolve(name, tag),
              Stream.runCollect(registry.repositories)
            ]) {
              const exit = yield* Effect.exit(effect as Effect.Effect<unknown, Registry.RegistryError>)
              if (exit._tag === "Success") continue
              seen.push(exit, String(exit), inspect(exit, { depth: 10 }))
              yield* Effect.logError("failed", exit.cause)
            }
            // The server itself repeats the header in its redirect, which is followed.
            urls.push(...asked.map(({ path }) => path).filter((path) => !path.startsWith("/x?token=")))
          }
        }
      }).pipe(Effect.withTracer(tracer), Effect.provide(Logger.layer([logger])))
      seen.push(
        ...spans.map(({ attributes, name, status }) => [name, [...attributes], inspect(status, { depth: 10 })]),
        urls
      )
      assert.includeMembers(
        spans.map((span) => span.name),
        ["Registry.tags", "Registry.repositories", "Registry.manifest", "Registry.resolve"]
      )
      const text = JSON.stringify(seen)
      const secrets = ["canary", Buffer.from("canary-user:canary-secret").toString("base64"), "Bearer ey"]
      const found = secrets.map((secret) => text.indexOf(secret)).filter((at) => at >= 0)
      assert.deepStrictEqual(
        found.map((at) => text.slice(Math.max(0, at - 200), at + 50)),
        []
      )
    }).pipe(overUndici)
  )
})
