/**
 * A client that keeps its connection, and that reads each document several times: from the cache, too, and between other
 * requests for the same resource.
 */
import { Authentication } from "@gitlab-registry-usage/core"
import { Context, Effect, Layer, Option, Redacted } from "effect"
import { HttpServer } from "effect/http"
import { deepStrictEqual, match, notStrictEqual, ok, strictEqual } from "node:assert/strict"
import { Agent, type IncomingHttpHeaders, request } from "node:http"
import { brotliDecompressSync, gunzipSync } from "node:zlib"

export class Client extends Context.Service<
  Client,
  {
    readonly agent: Agent
    readonly port: number
    /** The token of another user, where the layer shows who issues tokens. */
    readonly otherToken: Option.Option<string>
  }
>()("@gitlab-registry-usage/server/test/Client") {}

/** Connections are kept alive, and closed before the server stops. */
export const layer: Layer.Layer<Client, never, HttpServer.HttpServer> = Layer.effect(
  Client,
  Effect.gen(function* () {
    const { address } = yield* HttpServer.HttpServer
    if (!("port" in address)) return yield* Effect.die("the server listens on no port")
    const tokens = yield* Effect.serviceOption(Authentication.Tokens)
    const issued = Option.isNone(tokens) ? undefined : yield* Effect.orDie(tokens.value.issue({ username: "zoe" }))
    const agent = yield* Effect.acquireRelease(
      Effect.sync(() => new Agent({ keepAlive: true })),
      (agent) => Effect.sync(() => agent.destroy())
    )
    return { agent, port: address.port, otherToken: Option.fromUndefinedOr(issued && Redacted.value(issued.token)) }
  })
)

export interface Answer {
  readonly status: number
  readonly headers: IncomingHttpHeaders
  /** As it was sent, whatever its content coding. */
  readonly bytes: Buffer
  readonly body: string
  readonly json: unknown
  /** The local port of the connection, which identifies it. */
  readonly connection: number | undefined
}

export interface Options {
  readonly method?: string
  readonly headers?: Readonly<Record<string, string | Array<string>>>
  readonly body?: string
}

/** The bytes without their content coding. */
export const decoded = ({ bytes, headers }: Answer): Buffer => {
  if (bytes.length === 0) return bytes
  const coding = headers["content-encoding"]
  return coding === "br" ? brotliDecompressSync(bytes) : coding === "gzip" ? gunzipSync(bytes) : bytes
}

/** The names that a `Vary` has. */
export const varying = ({ headers }: Answer): ReadonlyArray<string> => (headers.vary ?? "").toLowerCase().split(/, */)

/** Sends exactly this path to the server, as no client would that tidies it, once. */
export const once = (path: string, options: Options = {}) =>
  Effect.gen(function* () {
    const { agent, port } = yield* Client
    const method = options.method ?? "GET"
    const answer = yield* Effect.callback<Answer, Error>((resume) => {
      const sent = request({ host: "127.0.0.1", port, path, method, headers: options.headers ?? {}, agent })
      sent.on("response", (response) => {
        const chunks: Array<Buffer> = []
        const connection = response.socket.localPort
        response.on("data", (chunk: Buffer) => chunks.push(chunk))
        response.on("error", (error) => resume(Effect.fail(error)))
        response.on("end", () => {
          const bytes = Buffer.concat(chunks)
          const body = bytes.toString()
          const { headers } = response
          const isJson = /json/.test(headers["content-type"] ?? "") && headers["content-encoding"] === undefined
          const json: unknown = isJson && body !== "" ? JSON.parse(body) : undefined
          const answer = { status: response.statusCode!, headers, bytes, body, json, connection }
          // The connection is free for the next request only after this one is closed.
          sent.on("close", () => setImmediate(() => resume(Effect.succeed(answer))))
        })
      })
      sent.on("error", (error) => resume(Effect.fail(error)))
      sent.end(options.body)
      return Effect.sync(() => sent.destroy())
    })
    // An answer that one origin alone may read names the origin of the request.
    const allowed = answer.headers["access-control-allow-origin"]
    if (allowed !== undefined && allowed !== "*") {
      strictEqual(allowed, options.headers?.["origin"], `${path} is for another origin`)
      ok(varying(answer).includes("origin"), `${path} does not vary by the origin`)
    }
    return answer
  })

/** Whether the answer is a document that may be kept, so that asking again gives the same. */
const isKept = ({ body, method = "GET" }: Options, { headers, status }: Answer): boolean => {
  const cacheControl = headers["cache-control"]
  return (
    (method === "GET" || method === "HEAD") &&
    body === undefined &&
    (status === 200 || status === 304) &&
    cacheControl !== undefined &&
    !cacheControl.includes("no-store")
  )
}

/** What belongs to the connection and the moment. */
const momentary = new Set(["connection", "date", "keep-alive", "transfer-encoding", "x-request-id"])

/** What must be the same each time. */
export const lasting = ({ headers, status }: Answer) => ({
  status,
  headers: Object.fromEntries(Object.entries(headers).filter(([name]) => !momentary.has(name)))
})

const same = (answer: Answer, first: Answer, what: string) => {
  deepStrictEqual(lasting(answer), lasting(first), what)
  ok(answer.bytes.equals(first.bytes), `${what}: another body`)
}

const challenged = ({ headers, status }: Answer, what: string) => {
  strictEqual(status, 401, what)
  match(headers["www-authenticate"] ?? "", /^Bearer /, what)
}

const forms = { "application/hal+json": /^\{/, "text/html": /^<!doctype html>/i }

/** Asks for the same resource as others do; each gets its own. */
const askAsOthers = Effect.fnUntraced(function* (path: string, options: Options, first: Answer) {
  const varies = varying(first)
  const { "if-none-match": _, ...headers } = Object.fromEntries(
    Object.entries(options.headers ?? {}).map(([name, value]) => [name.toLowerCase(), value])
  )
  const ask = (changes: Record<string, string>, method = "GET") =>
    once(path, { method, headers: { ...headers, ...changes } })
  const plain = yield* ask({ "accept-encoding": "identity" })
  strictEqual(plain.status, 200, path)
  if (varies.includes("accept")) {
    for (const [accept, form] of Object.entries(forms)) {
      const other = yield* ask({ accept, "accept-encoding": "identity" })
      strictEqual(other.status, 200, `${path} as ${accept}`)
      strictEqual(other.headers["content-type"]?.split(";")[0], accept, `${path} as ${accept}`)
      match(other.body, form, `${path} as ${accept}`)
    }
  }
  for (const origin of ["https://one.example", "https://two.example"]) {
    ok(decoded(yield* ask({ origin })).equals(plain.bytes), `${path} from ${origin}`)
  }
  for (const coding of ["gzip", "br"]) {
    const other = yield* ask({ "accept-encoding": coding })
    const used = other.headers["content-encoding"]
    ok(decoded(other).equals(plain.bytes), `${path} in ${coding}`)
    if (used === undefined) continue
    strictEqual(used, coding, path)
    ok(varying(other).includes("accept-encoding"), `${path} does not vary by the coding`)
    notStrictEqual(other.headers.etag, plain.headers.etag, `${path} in ${coding}: each form has its own tag`)
  }
  if (varies.includes("authorization")) {
    challenged(yield* ask({ authorization: "Bearer eyJhbGciOiJub25lIn0.e30." }), `${path} with a bad token`)
    const { authorization: _, ...anonymous } = headers
    challenged(yield* once(path, { headers: anonymous }), `${path} without a token`)
    const { otherToken } = yield* Client
    if (Option.isSome(otherToken)) {
      const other = yield* ask({ authorization: `Bearer ${otherToken.value}`, "accept-encoding": "identity" })
      same(other, plain, `${path} by another user`)
    }
  }
  const head = yield* ask({ "accept-encoding": "identity" }, "HEAD")
  deepStrictEqual([lasting(head).status, head.headers.etag, head.body], [200, plain.headers.etag, ""], `HEAD ${path}`)
  const { etag } = plain.headers
  if (etag !== undefined) {
    const known = yield* ask({ "if-none-match": etag })
    deepStrictEqual([known.status, known.headers.etag, known.body], [304, etag, ""], `${path} when it is known`)
    strictEqual((yield* ask({ "if-none-match": '"another"' })).status, 200, `${path} when another is known`)
  }
})

/**
 * Sends exactly this path. A document that may be kept is asked for again, as it was and as others ask; what comes out of
 * a cache must be the same as what was made, and each gets what it asked for.
 */
export const send = (path: string, options: Options = {}) =>
  Effect.gen(function* () {
    const first = yield* once(path, options)
    if (!isKept(options, first)) return first
    const second = yield* once(path, options)
    same(second, first, `${path} again`)
    if (options.headers?.["x-request-id"] === undefined) {
      notStrictEqual(second.headers["x-request-id"], first.headers["x-request-id"], `${path}: one id for two requests`)
    }
    yield* askAsOthers(path, options, first)
    same(yield* once(path, options), first, `${path} after others`)
    return first
  })
