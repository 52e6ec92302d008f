/**
 * The HTTP API on a Node server.
 *
 * @since 0.1.0
 */
import { NodeHttpServer } from "@effect/platform-node"
import { Duration, Effect, Layer } from "effect"
import { HttpServer } from "effect/http"
import { createServer, type Server, type ServerOptions } from "node:http"
import { createServer as createTlsServer } from "node:https"
import { Server as NetServer } from "node:net"
import type { Collector } from "@gitlab-registry-usage/core"
import { fromServeError, type ListenError } from "../../ListenError.ts"
import type * as Metrics from "../../Metrics.ts"
import * as App from "../App.ts"
import { Draining } from "./Draining.ts"
import * as Listener from "./Listener.ts"
import { exposition } from "../service/MetricsEndpoint.ts"
import { methodNotAllowed, notFound, toAnswer } from "./Problem.ts"

/**
 * Where the server listens, and what it grants to connections.
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
  /** The certificate (PEM, with its chain) and its key to serve HTTPS with. Default: HTTP. */
  readonly tls?: { readonly certificate: string; readonly key: string } | undefined
}

/** @category models @since 0.1.0 */
export interface Options extends App.Options, Listener.Options, Address {}

/**
 * Time limits in milliseconds, and sizes in bytes, for what clients send. A request has come in, or is cut off, within ten
 * seconds: the time limit and the time between two checks together. Connections are kept alive longer than a reverse
 * proxy keeps them (60 s), so that the proxy never sends into one that is just being closed.
 */
const limits: ServerOptions = {
  headersTimeout: 9000,
  requestTimeout: 9000,
  keepAliveTimeout: 75_000,
  connectionsCheckingInterval: 500,
  maxHeaderSize: 16_384
}

/** How long a connection is kept alive while more than half of the places are taken (milliseconds). */
const crowdedKeepAlive = 5000

/** Those who only keep a place for later must give it up sooner when places become few, so that a health check gets in. */
const shareConnections = (server: Server, maximum: number) => {
  let open = 0
  const adapt = () => {
    server.keepAliveTimeout = open > maximum / 2 ? crowdedKeepAlive : limits.keepAliveTimeout!
  }
  server.on("connection", (socket) => {
    open++
    adapt()
    socket.once("close", () => {
      open--
      adapt()
    })
  })
}

/** How long a connection that is kept alive has to bring a last request, once the server is to stop (milliseconds). */
const lastRequest = 1000

/**
 * Stops: nobody new is let in, each answer says that it is the last on its connection, and then the connections that
 * are left are closed. A request under way is answered, as long as that takes no longer than the time limit.
 */
const stop = (server: Server, timeout: Duration.Duration): Effect.Effect<void> =>
  Effect.callback<void>((resume) => {
    if (!server.listening) return resume(Effect.void)
    const last = Math.min(lastRequest, Duration.toMillis(timeout))
    const idle = setInterval(() => server.closeIdleConnections(), Math.max(last, 10))
    // Not the method of the HTTP server: it closes connections at once on which a request may be coming in.
    NetServer.prototype.close.call(server, () => {
      clearInterval(idle)
      resume(Effect.void)
    })
    return Effect.sync(() => clearInterval(idle))
  }).pipe(Effect.timeoutOption(timeout), Effect.andThen(Effect.sync(() => server.closeAllConnections())))

/**
 * Serves by what makes a listener, until the scope closes; then requests under way are answered first.
 *
 * @category constructors
 * @since 0.1.0
 */
export const serve = Effect.fnUntraced(function* <R>(app: Listener.App<R>, options: Address & Listener.Options) {
  let draining = false
  const listener = yield* Listener.make(app, options).pipe(Effect.provideService(Draining, () => draining))
  const { tls } = options
  const server: Server =
    tls === undefined
      ? createServer(limits, listener)
      : createTlsServer({ ...limits, cert: tls.certificate, key: tls.key, minVersion: "TLSv1.2" }, listener)
  server.maxConnections = options.maxConnections ?? 10_000
  shareConnections(server, server.maxConnections)
  const served = yield* NodeHttpServer.make(() => server, { host: options.host, port: options.port }).pipe(
    Effect.mapError(fromServeError(options))
  )
  yield* Effect.addFinalizer(() => {
    draining = true
    return stop(server, Duration.fromInputUnsafe(options.shutdownTimeout ?? "10 seconds"))
  })
  return served
})

/**
 * Serves the API. The address in use is told by effect's `HttpServer`.
 *
 * @category layers
 * @since 0.1.0
 */
export const layer = (options: Options): Layer.Layer<HttpServer.HttpServer, ListenError, App.Services> =>
  Layer.effect(
    HttpServer.HttpServer,
    Effect.flatMap(App.make(options), (app) => serve(app, options))
  )

/**
 * Serves the metrics alone, for whoever reaches the address.
 *
 * @category layers
 * @since 0.1.0
 */
export const layerMetrics = (
  options: Address & { readonly metrics?: Metrics.Options | undefined }
): Layer.Layer<never, ListenError, Collector.Collector> =>
  Layer.effectDiscard(
    serve(
      {
        atOnce: () => undefined,
        answer: (request) => {
          request.note.route = "metrics"
          if (request.url !== "/metrics") return Effect.succeed(toAnswer(notFound("the metrics are at /metrics")))
          return request.method === "GET" || request.method === "HEAD"
            ? exposition(options.metrics)
            : Effect.succeed(toAnswer(methodNotAllowed(request.method, "GET, HEAD")))
        }
      },
      options
    )
  )
