/**
 * The HTTP API on effect's server for Node.
 *
 * @since 0.1.0
 */
import { NodeHttpServer } from "@effect/platform-node"
import { Duration, Effect, Layer, Schedule } from "effect"
import { HttpServer, UrlParams } from "effect/http"
import { createServer, type IncomingMessage, type Server, type ServerOptions, type ServerResponse } from "node:http"
import { createServer as createTlsServer, type Server as TlsServer } from "node:https"
import { Server as NetServer } from "node:net"
import type { SecureContextOptions } from "node:tls"
import type { Collector } from "@gitlab-registry-usage/core"
import { fromServeError, type ListenError } from "../ListenError.ts"
import type * as Metrics from "../Metrics.ts"
import * as App from "./App.ts"
import { exposition } from "./service/MetricsEndpoint.ts"
import { Draining } from "./wire/Draining.ts"
import * as Handler from "./wire/Handler.ts"
import { toResponse } from "./wire/Message.ts"
import { methodNotAllowed, notFound, type Problem } from "./wire/Problem.ts"
import { problemOf } from "./wire/RequestHead.ts"
import * as Upgrade from "./wire/Upgrade.ts"

/**
 * The address that the server listens on, and the limits of connections.
 *
 * @category models
 * @since 0.1.0
 */
export interface Address {
  /** The address to listen on, such as `127.0.0.1`. */
  readonly host: string
  /** The port to listen on, 0 to 65535; 0 takes a free one. */
  readonly port: number
  /** How long a stop waits for requests under way. Default 10 seconds. */
  readonly shutdownTimeout?: Duration.Input | undefined
  /** How many connections may be open at once. Default 10,000. */
  readonly maxConnections?: number | undefined
  /**
   * The certificate (PEM, with its chain) and its key to serve HTTPS with. An effect is run every two seconds: new
   * connections get the certificate that it returns. Default: HTTP.
   */
  readonly tls?: Tls | Effect.Effect<Tls> | undefined
}

/**
 * A certificate and its key, in PEM.
 *
 * @category models
 * @since 0.1.0
 */
export interface Tls {
  readonly certificate: string
  readonly key: string
}

/** @category models @since 0.1.0 */
export interface Options extends App.Options, Address {}

/**
 * Time limits (milliseconds) and sizes (bytes) of requests. A request must arrive within ten seconds (the time limit
 * plus the interval of the checks), or its connection is closed. Idle connections stay open longer than in a reverse
 * proxy (60 s), so that the proxy never uses a connection that is being closed.
 */
const limits: ServerOptions = {
  headersTimeout: 9000,
  requestTimeout: 9000,
  keepAliveTimeout: 75_000,
  connectionsCheckingInterval: 500,
  maxHeaderSize: 16_384
}

/** How long an idle connection stays open while more than half of the connections are in use (milliseconds). */
const crowdedKeepAlive = 5000

/** Closes idle connections sooner when few are left, so that a health check gets one. effect does not do this. */
const shareConnections = (server: Server, maximum: number) => {
  let open = 0
  const adapt = () => {
    server.keepAliveTimeout = open > maximum / 2 ? crowdedKeepAlive : limits.keepAliveTimeout!
  }
  const counted = new WeakSet<object>()
  server.on("connection", (socket) => {
    // A connection that asked for an upgrade is taken again.
    if (counted.has(socket)) return
    counted.add(socket)
    open++
    adapt()
    socket.once("close", () => {
      open--
      adapt()
    })
  })
}

/** How long a stopping server accepts a last request on an idle connection (milliseconds). */
const lastRequest = 1000

/**
 * Stops the server: it accepts no connection, each response closes its connection, and idle connections are closed.
 * Running requests are completed within the time limit.
 *
 * effect's server closes idle connections at once. A request may be arriving on one, and a proxy would report its
 * failure.
 */
const stop = (server: Server, timeout: Duration.Duration): Effect.Effect<void> =>
  Effect.callback<void>((resume) => {
    if (!server.listening) return resume(Effect.void)
    const last = Math.min(lastRequest, Duration.toMillis(timeout))
    const idle = setInterval(() => server.closeIdleConnections(), Math.max(last, 10))
    // The method of the HTTP server closes idle connections at once.
    NetServer.prototype.close.call(server, () => {
      clearInterval(idle)
      resume(Effect.void)
    })
    return Effect.sync(() => clearInterval(idle))
  }).pipe(Effect.timeoutOption(timeout), Effect.andThen(Effect.sync(() => server.closeAllConnections())))

/** Refuses a request whose head is not valid: what follows on its connection may not be a request at all. */
const refuse = (problem: Problem, outgoing: ServerResponse) => {
  const { body, headers, status } = toResponse(problem)
  outgoing.writeHead(status, { ...headers, connection: "close" }).end(body as string)
}

/**
 * A client that waits for `100 Continue` may send its body after another response, or not: then the connection ends.
 * effect sends `100 Continue` when the body is read, which is after the sender was authenticated.
 */
const endUnlessContinued = (outgoing: ServerResponse) => {
  const { shouldKeepAlive, writeContinue } = outgoing
  outgoing.shouldKeepAlive = false
  outgoing.writeContinue = (callback) => {
    outgoing.shouldKeepAlive = shouldKeepAlive
    writeContinue.call(outgoing, callback)
  }
}

const contextOf = ({ certificate, key }: Tls): SecureContextOptions => ({
  cert: certificate,
  key,
  minVersion: "TLSv1.2"
})

/** How often a certificate is compared with that in use. */
const certificateInterval = "2 seconds"

/** Serves a certificate that was renewed to connections that begin later. */
const renewCertificate = (server: TlsServer, current: Effect.Effect<Tls>, first: Tls) => {
  let used = first
  return current.pipe(
    Effect.map((tls) => {
      if (tls === used) return
      used = tls
      server.setSecureContext(contextOf(tls))
    }),
    Effect.repeat(Schedule.spaced(certificateInterval)),
    Effect.forkScoped
  )
}

/** The server, with TLS where there is a certificate. */
const makeServer = Effect.fnUntraced(function* ({ tls }: Address) {
  if (tls === undefined) return createServer(limits)
  const current = Effect.isEffect(tls) ? tls : Effect.succeed(tls)
  const first = yield* current
  const server = createTlsServer({ ...limits, ...contextOf(first) })
  yield* renewCertificate(server, current, first)
  return server
})

/** Serves the app until the scope closes; running requests are completed first. */
const serve = Effect.fnUntraced(function* <R>(
  { cacheFront, httpApp }: ReturnType<typeof Handler.make<R>>,
  options: Address
) {
  let draining = false
  const server: Server = yield* makeServer(options)
  server.maxConnections = options.maxConnections ?? 10_000
  shareConnections(server, server.maxConnections)
  const served = yield* NodeHttpServer.make(() => server, { host: options.host, port: options.port }).pipe(
    Effect.mapError(fromServeError(options))
  )
  yield* served.serve(httpApp).pipe(
    Effect.provideService(Draining, () => draining),
    // effect's tracer records the URL, and a query may contain a secret by mistake.
    Effect.provideService(UrlParams.CurrentRedactedNames, [/(?:)/])
  )
  const front = yield* Effect.provideService(cacheFront, Draining, () => draining)
  for (const event of ["request", "checkContinue"] as const) {
    const listeners = server.listeners(event)
    server.removeAllListeners(event)
    server.on(event, (incoming: IncomingMessage, outgoing: ServerResponse) => {
      const problem = problemOf(incoming)
      if (problem !== undefined) return refuse(problem, outgoing)
      if (event === "checkContinue") endUnlessContinued(outgoing)
      if (!front(incoming, outgoing)) for (const listener of listeners) listener.call(server, incoming, outgoing)
    })
  }
  server.removeAllListeners("upgrade")
  Upgrade.ignore(server, options.tls === undefined ? "connection" : "secureConnection")
  yield* Effect.addFinalizer(() => {
    draining = true
    return stop(server, Duration.fromInputUnsafe(options.shutdownTimeout ?? "10 seconds"))
  })
  return served
})

/**
 * Serves the API. effect's `HttpServer` has the address in use.
 *
 * @category layers
 * @since 0.1.0
 */
export const layer = (options: Options): Layer.Layer<HttpServer.HttpServer, ListenError, App.Services> =>
  Layer.effect(
    HttpServer.HttpServer,
    Effect.flatMap(App.handler(options), (handler) => serve(handler, options))
  )

/**
 * Serves the metrics alone, without a token.
 *
 * @category layers
 * @since 0.1.0
 */
export const layerMetrics = (
  options: Address & { readonly metrics?: Metrics.Options | undefined }
): Layer.Layer<never, ListenError, Collector.Collector> => {
  const app = Handler.make({
    atOnce: () => undefined,
    answer: (request) => {
      request.note.route = "metrics"
      if (request.url !== "/metrics") return Effect.succeed(toResponse(notFound("the metrics are at /metrics")))
      return request.method === "GET" || request.method === "HEAD"
        ? exposition(options.metrics)
        : Effect.succeed(toResponse(methodNotAllowed(request.method, "GET, HEAD")))
    }
  })
  return Layer.effectDiscard(serve(app, options))
}
