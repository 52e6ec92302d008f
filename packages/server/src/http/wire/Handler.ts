/**
 * The app as effect's HTTP server runs it: from effect's requests to the API's, and from its answers to effect's responses.
 *
 * effect's tracer, `X-Forwarded-For`, limits of bodies, streaming and the end of a request with its client are effect's.
 * Kept here are:
 *
 * - `cacheFront`, which answers what the cache has before effect's server starts a fiber. With a fiber for each request a
 *   small answer takes twice the processor time of a bare `node:http` server (docs/performance.md, "Serving").
 * - CORS (`Cors.ts`): effect's middleware answers every `OPTIONS` with 204, also of a path that does not exist and without
 *   `Allow`, and lets refused origins read headers.
 * - The codings (`Encoding.ts`): effect's compression makes them anew for each request, with one entity tag for all.
 * - The access log: effect's has neither the route, the user, the duration nor whether the client went away.
 */
import { NodeHttpServerRequest } from "@effect/platform-node"
import { ByteSize, Context, Effect, Option, Result, type Scope } from "effect"
import { HttpIncomingMessage, HttpServerRequest, HttpServerResponse } from "effect/http"
import { randomBytes } from "node:crypto"
import { OtlpExporter } from "effect/observability"
import type { IncomingMessage, ServerResponse } from "node:http"
import { pipeline, Readable } from "node:stream"
import { setImmediate } from "node:timers/promises"
import * as Metrics from "../../Metrics.ts"
import { blocks } from "./Chunks.ts"
import * as Cors from "./Cors.ts"
import { Draining } from "./Draining.ts"
import * as Encoding from "./Encoding.ts"
import { isStream, type Lookup, type Request, type Response, type StreamBody } from "./Message.ts"
import { badRequest, tooLarge } from "./Problem.ts"
import * as TrustedProxies from "./TrustedProxies.ts"

/** @category models @since 0.1.0 */
export interface Options extends Cors.Options {
  /** Whether each request is logged when it was answered. Default no. */
  readonly accessLog?: boolean | undefined
  /** Addresses and networks of proxies whose `X-Forwarded-For` and `Forwarded` are trusted. Default: this machine. */
  readonly trustedProxies?: ReadonlyArray<string> | undefined
}

/** `atOnce` looks an answer up, without waiting for anything; `answer` answers every request. */
export interface App<R> {
  readonly atOnce: (request: Lookup) => Response | undefined
  readonly answer: (request: Request) => Effect.Effect<Response, never, R>
}

/** An app that effect's `HttpServer.serve` and `NodeHttpServer.makeHandler` take. */
export type HttpApp<R> = Effect.Effect<
  HttpServerResponse.HttpServerResponse,
  never,
  R | HttpServerRequest.HttpServerRequest | Scope.Scope
>

/** What differs between processes, and the number of ids that this one has given. */
const series = randomBytes(8).toString("hex")
let numbered = 0

/** The id that a proxy gave the request, where it is one, and otherwise a new one. */
const idOf = (sent: string | Array<string> | undefined): string =>
  typeof sent === "string" && /^[\w.:/+=-]{1,128}$/.test(sent) ? sent : `${series}-${(++numbered).toString(36)}`

const unknownNote: Request["note"] = { route: "none", user: undefined }

const methods = new Set(["GET", "HEAD", "OPTIONS", "POST", "PUT", "PATCH", "DELETE"])

/** The body that a framework has read before, as Express and its like leave it at the request; undefined without one. */
const parsedBody = ({ body }: IncomingMessage & { readonly body?: unknown }): string | undefined =>
  typeof body === "string" ? body : body instanceof Uint8Array ? new TextDecoder().decode(body) : JSON.stringify(body)

/** Its fields are Node's, as effect copies all headers of a request on the first look at one. */
class ServerRequest implements Request {
  readonly note = { ...unknownNote }
  readonly #request: HttpServerRequest.HttpServerRequest
  readonly #incoming: IncomingMessage

  constructor(request: HttpServerRequest.HttpServerRequest, incoming: IncomingMessage) {
    this.#request = request
    this.#incoming = incoming
  }

  get method() {
    return this.#incoming.method!
  }
  get url() {
    return this.#incoming.url!
  }
  get headers() {
    return this.#incoming.headers
  }
  get connection() {
    return this.#incoming.socket
  }
  get address() {
    return Option.getOrElse(this.#request.remoteAddress, () => "").replace(/^::ffff:/, "")
  }
  get peer() {
    return (this.#incoming.socket.remoteAddress ?? "").replace(/^::ffff:/, "")
  }
  /** The method as a label of a metric: a client must not make series up. */
  get methodLabel() {
    return methods.has(this.method) ? this.method : "other"
  }

  text(maximum: number) {
    const large = tooLarge(`the body takes at most ${maximum} bytes`)
    if (Number(this.headers["content-length"] ?? 0) > maximum) return Effect.fail(large)
    if (this.#incoming.readableEnded || this.#incoming.destroyed) {
      const text = parsedBody(this.#incoming)
      if (text === undefined) return Effect.fail(badRequest("the body was read before it came to this server"))
      return Buffer.byteLength(text) > maximum ? Effect.fail(large) : Effect.succeed(text)
    }
    return this.#request.text.pipe(
      Effect.provideService(HttpIncomingMessage.MaxBodySize, ByteSize.fromInputUnsafe(maximum)),
      Effect.mapError(({ reason }) =>
        reason._tag === "RequestParseError" && reason.reason === "BodyTooLarge"
          ? large
          : badRequest("the body could not be read")
      )
    )
  }
}

/** The document, compressed where it has a coding, no faster than the client takes it, in turns with other requests. */
const readable = ({ encoding, chunks }: StreamBody): Readable => {
  const plain = Readable.from(
    (async function* () {
      for (const block of blocks(chunks())) {
        yield block
        await setImmediate()
      }
    })()
  )
  // An error destroys both, and the server sees it on the one that it reads.
  return encoding === undefined ? plain : pipeline(plain, Encoding.stream(encoding), () => {})
}

/**
 * The app with CORS, ids of requests, metrics and the access log. An answer of `atOnce` becomes a response once, where its
 * headers do not depend on the request.
 */
export const make = <R>(app: App<R>, options: Options = {}) => {
  const cors = Cors.make(options)
  const forwarded = TrustedProxies.make(options.trustedProxies)

  const toResponse = (request: Lookup, { body, headers: own, status }: Response) => {
    const allowed = cors.headersFor(request)
    const vary = [own["vary"], allowed["vary"]].filter((value) => value !== undefined).join(", ")
    const headers = {
      ...own,
      ...allowed,
      ...(vary === "" ? {} : { vary }),
      "x-content-type-options": "nosniff"
    }
    if (body === undefined) {
      const length = status === 204 || status === 304 ? {} : { "content-length": "0" }
      return HttpServerResponse.empty({ status, headers: { ...headers, ...length } })
    }
    if (isStream(body)) return HttpServerResponse.raw(readable(body), { status, headers })
    return typeof body === "string"
      ? HttpServerResponse.text(body, { status, headers })
      : HttpServerResponse.uint8Array(body, { status, headers })
  }

  /**
   * Looks in the cache. `cacheFront` serves production; the app looks as well, for requests that are logged or traced and
   * for programs that embed it: a cached response then takes 130 µs of processor time instead of 200 µs (66 µs in front).
   * Errors are ignored here; `app.answer` raises them again.
   */
  const lookUp = (request: Lookup) =>
    Result.getOrElse(
      Result.try(() => app.atOnce(request)),
      () => undefined
    )

  const cached = new WeakMap<Response, HttpServerResponse.HttpServerResponse>()
  const cachedResponse = (request: Lookup, answer: Response) => {
    let response = cached.get(answer)
    if (response === undefined) {
      response = toResponse(request, answer)
      if (cors.anyone) cached.set(answer, response)
    }
    return response
  }

  const handled: HttpApp<R> = Effect.withFiber((fiber) => {
    const context = fiber.context as Context.Context<HttpServerRequest.HttpServerRequest>
    const serverRequest = Context.get(context, HttpServerRequest.HttpServerRequest)
    const incoming = NodeHttpServerRequest.toIncomingMessage(serverRequest) as IncomingMessage
    const request = new ServerRequest(serverRequest, incoming)
    const id = idOf(incoming.headers["x-request-id"])
    const finish = (response: HttpServerResponse.HttpServerResponse) => {
      Metrics.countRequest(request.note.route, request.methodLabel, response.status, context)
      const identified = HttpServerResponse.setHeader(response, "x-request-id", id)
      return fiber.getRef(Draining)() ? HttpServerResponse.setHeader(identified, "connection", "close") : identified
    }
    const found = lookUp(request)
    const responded =
      found === undefined
        ? // effect runs apps uninterruptibly; a client that goes away ends the work for it.
          Effect.interruptible(app.answer(request)).pipe(
            Effect.map((answer) => finish(toResponse(request, answer))),
            Effect.tap(() => Effect.annotateCurrentSpan("http.route", request.note.route)),
            Effect.annotateLogs("request_id", id)
          )
        : Effect.succeed(finish(cachedResponse(request, found)))
    return options.accessLog === true ? logged(request, id, serverRequest, responded) : responded
  })

  const httpApp: HttpApp<R> = Effect.withFiber((fiber) => {
    const request = Context.getUnsafe(fiber.context, HttpServerRequest.HttpServerRequest)
    const { headers } = NodeHttpServerRequest.toIncomingMessage(request)
    return TrustedProxies.isForwarded(headers) ? forwarded(handled, headers) : handled
  })

  /** Names and values in turn: Node writes such a list as it is. */
  const lists = new WeakMap<HttpServerResponse.HttpServerResponse, ReadonlyArray<string>>()
  const headerList = (response: HttpServerResponse.HttpServerResponse) => {
    let list = lists.get(response)
    if (list === undefined) lists.set(response, (list = Object.entries(response.headers).flat()))
    return list
  }

  /**
   * Answers a request of Node from the cache and returns true, or returns false and leaves the request alone. Requests that
   * are traced or logged are left to the app, and all while the server drains.
   */
  const cacheFront = Effect.map(Effect.context<never>(), (context) => {
    const isDraining = Context.get(context, Draining)
    const observed = options.accessLog === true || Option.isSome(Context.getOption(context, OtlpExporter.Flusher))
    return (incoming: IncomingMessage, outgoing: ServerResponse): boolean => {
      if (observed || isDraining()) return false
      const { headers, method, socket, url } = incoming
      const request = { method: method!, url: url!, headers, connection: socket, note: { ...unknownNote } }
      const found = lookUp(request)
      if (found === undefined) return false
      const response = cachedResponse(request, found)
      Metrics.countRequest(request.note.route, request.method, response.status, context)
      outgoing.writeHead(response.status, headerList(response).concat("x-request-id", idOf(headers["x-request-id"])))
      if (method === "HEAD") outgoing.end()
      else outgoing.end(found.body as string | Buffer | undefined)
      return true
    }
  })
  return { httpApp, cacheFront }
}

/** Logs the request when its response has been sent. The query stays out, as it may hold a secret by mistake. */
const logged = <A, R>(
  request: Request,
  id: string,
  serverRequest: HttpServerRequest.HttpServerRequest,
  responded: Effect.Effect<A, never, R>
): Effect.Effect<A, never, R | Scope.Scope> => {
  const started = performance.now()
  const log = Effect.suspend(() => {
    const { statusCode, writableEnded } = NodeHttpServerRequest.toServerResponse(serverRequest)
    return Effect.annotateLogs(Effect.logInfo("answered"), {
      request_id: id,
      method: request.method,
      path: request.url.replace(/\?.*$/s, ""),
      route: request.note.route,
      status: statusCode,
      duration_ms: Math.round((performance.now() - started) * 100) / 100,
      address: request.address,
      ...(request.note.user === undefined ? {} : { user: request.note.user }),
      ...(writableEnded ? {} : { aborted: true })
    })
  })
  return Effect.andThen(
    Effect.addFinalizer(() => log),
    responded
  )
}
