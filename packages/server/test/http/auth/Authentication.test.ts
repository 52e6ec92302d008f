import { expect, layer } from "@effect/vitest"
import { Effect } from "effect"
import { basic, get, send, signedIn } from "../../app.ts"
import { app } from "../oddNames.ts"
import { isProblem, raw } from "../response.ts"

/** The headers of an answer without those that no two answers share. */
const common = (headers: Record<string, unknown>) => ({ ...headers, date: "", "x-request-id": "" })

layer(app, { excludeTestServices: true })("authentication", (it) => {
  it.effect("F16 without a token there is a challenge", () =>
    Effect.gen(function* () {
      const answer = yield* send("/images")
      expect(answer.status).toBe(401)
      expect(answer.headers["www-authenticate"]).toMatch(/^Bearer realm=/)
      isProblem(answer)
    })
  )

  it.effect("F17 odd Authorization headers are refused or understood, never a failure", () =>
    Effect.gen(function* () {
      const { authorization } = yield* signedIn
      const token = authorization.slice("Bearer ".length)
      const statusOf = (authorization: string | Array<string>) =>
        Effect.map(send("/images", { headers: { authorization } }), ({ status }) => status)
      expect(yield* statusOf(`bearer ${token}`)).toBe(200)
      expect(yield* statusOf(`BEARER   ${token}  `)).toBe(200)
      for (const bad of [
        "Bearer",
        "Bearer ",
        `Bearer ${token} ${token}`,
        `Bearer ${token},${token}`,
        "Basic xx",
        "=",
        `Token ${token}`
      ]) {
        expect(yield* statusOf(bad), bad).toBe(401)
      }
      const two = yield* raw(
        `GET /images HTTP/1.1\r\nHost: x\r\nConnection: close\r\nAuthorization: Bearer x\r\nAuthorization: ${authorization}\r\n\r\n`
      )
      expect(two).toMatch(/^HTTP\/1\.1 401/)
    })
  )

  it.effect("F18 without a token, an existing image and an unknown one give the same response", () =>
    Effect.gen(function* () {
      const [one, other] = [yield* send("/images/plain"), yield* send("/images/nothing")]
      expect([one.status, one.body]).toEqual([other.status, other.body])
      expect(common(one.headers)).toEqual(common(other.headers))
    })
  )

  it.effect("F29 health reveals nothing and gives no access", () =>
    Effect.gen(function* () {
      expect((yield* send("/health/live")).json).toEqual({ status: "live" })
      for (const path of [
        "/health/../images",
        "/health/live/../../images",
        "/health%2F..%2Fimages",
        "/health",
        "/health/images"
      ]) {
        expect((yield* send(path)).status, path).toBe(404)
      }
    })
  )

  it.effect("F30 F31 F35 the response to wrong credentials is always the same", () =>
    Effect.gen(function* () {
      const answers = yield* Effect.forEach(
        [
          basic("alice", "wrong"),
          basic("nobody", "alice-secret"),
          basic("mallory", "mallory-secret"),
          basic("alice", ""),
          basic("alice", "   "),
          basic("", "x"),
          basic("a".repeat(300), "x"),
          basic("alic*", "alice-secret"),
          { authorization: "Basic !!!" },
          { authorization: `Basic ${Buffer.from([0xff, 0xfe, 0x3a, 0x61]).toString("base64")}` },
          { authorization: `Basic ${Buffer.from("no colon").toString("base64")}` },
          { authorization: "Basic" },
          {}
        ] as ReadonlyArray<Record<string, string>>,
        (headers) => send("/auth_token", { headers })
      )
      for (const { body, headers, status } of answers) {
        expect(status).toBe(401)
        expect(body).toBe(answers[0]!.body)
        expect(common(headers)).toEqual(common(answers[0]!.headers))
      }
      const good = yield* send("/auth_token", { headers: basic("zoe", "zoë-pass:word") })
      expect(good.status).toBe(200)
      expect(good.headers["cache-control"]).toBe("no-store")
      expect((good.json as { auth_token: string }).auth_token).not.toContain(";")
    })
  )
})

layer(app, { excludeTestServices: true })("the web client of the original", (it) => {
  it.effect("a preflight for the authorization header needs no token", () =>
    Effect.gen(function* () {
      for (const path of ["/auth_token", "/repositories?embed=true", "/images?embed=true"]) {
        const { headers, status } = yield* send(path, {
          method: "OPTIONS",
          headers: {
            origin: "https://front.example",
            "access-control-request-method": "GET",
            "access-control-request-headers": "authorization"
          }
        })
        expect(status).toBe(204)
        expect(headers["access-control-allow-origin"]).toBe("*")
        expect(String(headers["access-control-allow-headers"]).toLowerCase()).toContain("authorization")
        expect(headers["access-control-allow-methods"]).toContain("GET")
      }
    })
  )

  it.effect("the response to its request has the fields that it reads", () =>
    Effect.gen(function* () {
      for (const path of ["/images", "/repositories"]) {
        const answer = yield* get(`${path}?embed=true`, { accept: "undefined", origin: "https://front.example" })
        expect(answer.headers["access-control-allow-origin"]).toBe("*")
        const document = answer.json as {
          timestamp: number
          _embedded: {
            items: ReadonlyArray<{ size: number | null; disk_size: number | null; _embedded?: { related?: unknown } }>
          }
        }
        expect(typeof document.timestamp).toBe("number")
        expect(document._embedded.items.length).toBeGreaterThan(1)
        for (const item of document._embedded.items) {
          expect(item.disk_size === null).toBe(item.size === null)
          expect(item._embedded?.related === undefined).toBe(item.size === null)
        }
      }
    })
  )

  it.effect("a wrong password is 401 with CORS headers, so that the page can read it", () =>
    Effect.map(
      send("/auth_token", { headers: { ...basic("alice", "no"), origin: "https://front.example" } }),
      ({ headers, status }) => {
        expect(status).toBe(401)
        expect(headers["access-control-allow-origin"]).toBe("*")
      }
    )
  )
})
