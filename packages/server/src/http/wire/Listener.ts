/**
 * From Node's requests to the API's, and from its answers to Node's responses.
 *
 * What is kept is answered at once, without a fiber: that is more than half of the time of a small answer
 * (docs/performance.md). Everything else runs as a fiber of its own.
 *
 * @since 0.1.0
 */
import { Context, Effect, Fiber, Option, Result, type Scope } from "effect"
import { Headers, HttpTraceContext } from "effect/http"
import { OtlpExporter } from "effect/observability"
import { executionAsyncResource } from "node:async_hooks"
import { randomBytes } from "node:crypto"
import type { IncomingMessage, RequestListener, ServerResponse } from "node:http"
import * as Metrics from "../../Metrics.ts"
import * as Cors from "./Cors.ts"
import { Draining } from "./Draining.ts"
import * as Encoding from "./Encoding.ts"
import { type Answer, isMade, type Made, type Request } from "./Message.ts"
import { writeTo } from "./Chunks.ts"
import { type Problem, tooLarge } from "./Problem.ts"
import * as TrustedProxies from "./TrustedProxies.ts"

/** @category models @since 0.1.0 */
export interface Options extends Cors.Options {
  /** Whether each request is logged when it was answered. Default no. */
  readonly accessLog?: boolean | undefined
  /** Addresses and networks of proxies whose `X-Forwarded-For` is believed. Default: this machine. */
  readonly trustedProxies?: ReadonlyArray<string> | undefined
}

/**
 * What answers: `atOnce` what needs no waiting, which is most, and `answer` everything.
 *
 * @category models
 * @since 0.1.0
 */
export interface App<R> {
  readonly atOnce: (request: Request) => Answer | undefined
  readonly answer: (request: Request) => Effect.Effect<Answer, never, R>
}

/** What tells the requests of this process from those of every other, and how many it has numbered. */
const series = randomBytes(8).toString("hex")
let numbered = 0

/** An id that a proxy gave the request is kept, if it is one. */
const idOf = (sent: string | Array<string> | undefined): string =>
  typeof sent === "string" && /^[\w.:/+=-]{1,128}$/.test(sent) ? sent : `${series}-${(++numbered).toString(36)}`

/** Its fields cost nothing until they are asked for. */
class NodeRequest implements Request {
  readonly note = { route: "none", user: undefined }
  readonly #incoming: IncomingMessage
  readonly #addressOf: ReturnType<typeof TrustedProxies.make>

  constructor(incoming: IncomingMessage, addressOf: ReturnType<typeof TrustedProxies.make>) {
    this.#incoming = incoming
    this.#addressOf = addressOf
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
    return this.#addressOf(this.#incoming.socket.remoteAddress ?? "", this.#incoming.headers["x-forwarded-for"])
  }

  text(maximum: number): Effect.Effect<string, Problem> {
    const incoming = this.#incoming
    return Effect.callback((resume) => {
      const large = tooLarge(`the body takes at most ${maximum} bytes`)
      if (Number(incoming.headers["content-length"] ?? 0) > maximum) return resume(Effect.fail(large))
      const parts: Array<Buffer> = []
      let size = 0
      incoming.on("data", (part: Buffer) => {
        parts.push(part)
        size += part.length
        if (size > maximum) {
          incoming.pause()
          resume(Effect.fail(large))
        }
      })
      incoming.on("end", () => resume(Effect.succeed(Buffer.concat(parts, size).toString())))
    })
  }
}

const varyOf = (one: string | undefined, other: string | undefined) =>
  one === undefined ? other : other === undefined ? one : `${one}, ${other}`

const stream = (response: ServerResponse, { encoding, pieces }: Made): Effect.Effect<void> => {
  if (encoding === undefined) return writeTo(response, pieces())
  const compressing = Encoding.stream(encoding)
  compressing.pipe(response)
  return Effect.onInterrupt(writeTo(compressing, pieces()), () => Effect.sync(() => compressing.destroy()))
}

let tickObject: object | undefined

/**
 * Keeps one of the objects with which Node queues what `process.nextTick` is given. A major garbage collection while none
 * is queued makes V8 forget their shape, and with it the code it had compiled for them; after some of those every request
 * takes a third longer, as it queues five (docs/performance.md, "Serving").
 */
const keepTickObject = () => {
  process.nextTick(() => {
    tickObject ??= executionAsyncResource()
  })
}

/**
 * A listener that answers by this function. Fibers end with the scope; one whose client goes away is interrupted.
 *
 * @category constructors
 * @since 0.1.0
 */
export const make = Effect.fnUntraced(function* <R>(
  app: App<R>,
  options: Options = {}
): Effect.fn.Return<RequestListener, never, R | Scope.Scope> {
  keepTickObject()
  const context = yield* Effect.context<R | Scope.Scope>()
  const scope = yield* Effect.scope
  const draining = yield* Draining
  const fork = Effect.runForkWith(context)
  const cors = Cors.make(options)
  /** Each request has a span where somebody looks at them. */
  const traced = Option.isSome(Context.getOption(context as Context.Context<never>, OtlpExporter.Flusher))
  const addressOf = TrustedProxies.make(options.trustedProxies)

  /** Name after name, value after value: as Node takes them without a further look. */
  const headersOf = (request: Request, answer: Answer): Array<string> => {
    const { body } = answer
    const allowed = cors(request.method, request.headers)
    const vary = varyOf(answer.headers["vary"], allowed["vary"])
    const all: Record<string, string> = {
      ...answer.headers,
      ...allowed,
      ...(vary === undefined ? {} : { vary }),
      "x-content-type-options": "nosniff"
    }
    if (body === undefined) {
      if (answer.status !== 204 && answer.status !== 304) all["content-length"] = "0"
    } else if (!isMade(body)) all["content-length"] = String(Buffer.byteLength(body))
    return Object.entries(all).flat()
  }

  const begin = (
    request: Request,
    response: ServerResponse,
    id: string,
    headers: ReadonlyArray<string>,
    answer: Answer
  ) => {
    Metrics.countRequest(request.note.route, methodOf(request.method), answer.status, context as Context.Context<never>)
    const all = headers.concat("x-request-id", id)
    if (draining()) all.push("connection", "close")
    response.writeHead(answer.status, all)
  }

  const send = (request: Request, response: ServerResponse, id: string, answer: Answer): Effect.Effect<void> => {
    begin(request, response, id, headersOf(request, answer), answer)
    const { body } = answer
    if (request.method === "HEAD") response.end()
    else if (body !== undefined && isMade(body)) return stream(response, body)
    else response.end(body)
    return Effect.void
  }

  /** Headers of answers that are kept, where they do not depend on the request. */
  const kept = new WeakMap<Answer, ReadonlyArray<string>>()
  const keptHeaders = (request: Request, answer: Answer): ReadonlyArray<string> => {
    let headers = kept.get(answer)
    if (headers === undefined) {
      headers = headersOf(request, answer)
      if (cors.anyone) kept.set(answer, headers)
    }
    return headers
  }

  return (incoming, response) => {
    const started = options.accessLog === true ? performance.now() : 0
    const id = idOf(incoming.headers["x-request-id"])
    const request = new NodeRequest(incoming, addressOf)
    // What goes wrong here goes wrong again where it is told.
    const answer = traced
      ? undefined
      : Result.getOrElse(
          Result.try(() => app.atOnce(request)),
          () => undefined
        )
    if (answer !== undefined) {
      begin(request, response, id, keptHeaders(request, answer), answer)
      if (request.method === "HEAD") response.end()
      else response.end(answer.body as string | Buffer | undefined)
      if (options.accessLog === true)
        fork(Effect.annotateLogs(accessed(request, response, performance.now() - started), "request_id", id))
      return
    }
    const exchange = Effect.flatMap(app.answer(request), (answer) => send(request, response, id, answer))
    const logged =
      options.accessLog === true
        ? Effect.onExit(exchange, () => accessed(request, response, performance.now() - started))
        : exchange
    const fiber = fork(Effect.annotateLogs(traced ? spanOf(request, response, logged) : logged, "request_id", id))
    if (fiber.pollUnsafe() !== undefined) return
    Fiber.runIn(fiber, scope)
    response.on("close", () => {
      if (!response.writableEnded) fiber.interruptUnsafe()
    })
  }
})

/** What a trace tells of a request (OpenTelemetry, semantic conventions for HTTP). */
const spanOf = <A, E, R>(request: Request, response: ServerResponse, exchange: Effect.Effect<A, E, R>) =>
  exchange.pipe(
    Effect.ensuring(
      Effect.suspend(() =>
        Effect.annotateCurrentSpan({
          "http.route": request.note.route,
          "http.response.status_code": response.statusCode
        })
      )
    ),
    Effect.withSpan(`${methodOf(request.method)}`, {
      kind: "server",
      parent: Option.getOrUndefined(HttpTraceContext.fromHeaders(Headers.fromInput(request.headers))),
      attributes: { "http.request.method": methodOf(request.method) }
    })
  )

const methods = new Set(["GET", "HEAD", "OPTIONS", "POST", "PUT", "PATCH", "DELETE"])
const methodOf = (method: string) => (methods.has(method) ? method : "other")

/** The query stays out: what is secret has been put there before. */
const accessed = (request: Request, response: ServerResponse, duration: number) =>
  Effect.logInfo("answered").pipe(
    Effect.annotateLogs({
      method: request.method,
      path: request.url.replace(/\?.*$/s, ""),
      route: request.note.route,
      status: response.statusCode,
      duration_ms: Math.round(duration * 100) / 100,
      address: request.address,
      ...(request.note.user === undefined ? {} : { user: request.note.user }),
      ...(response.writableEnded ? {} : { aborted: true })
    })
  )
