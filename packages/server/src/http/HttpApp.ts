/**
 * The HTTP API on effect's server for Node.
 *
 * @since 0.1.0
 */
import { NodeHttpServer } from "@effect/platform-node"
import { type Context, Duration, Effect, Layer, Schedule } from "effect"
import { HttpServer, UrlParams } from "effect/http"
import { NetAddress } from "effect/net"
import { createServer, type IncomingMessage, type Server, type ServerOptions, type ServerResponse } from "node:http"
import { createServer as createTlsServer, type Server as TlsServer } from "node:https"
import { Server as NetServer } from "node:net"
import type { SecureContextOptions } from "node:tls"
import type { Collector } from "@gitlab-registry-usage/core"
import { fromServeError, type ListenError } from "../ListenError.ts"
import * as Metrics from "../Metrics.ts"
import * as App from "./App.ts"
import { health } from "./service/HealthEndpoint.ts"
import { exposition } from "./service/MetricsEndpoint.ts"
import * as Connections from "./wire/Connections.ts"
import { Draining } from "./wire/Draining.ts"
import * as ForeignProtocols from "./wire/ForeignProtocols.ts"
import * as Handler from "./wire/Handler.ts"
import { toResponse } from "./wire/Message.ts"
import { methodNotAllowed, notFound, type Problem } from "./wire/Problem.ts"
import { problemOf } from "./wire/RequestHead.ts"
import * as TrustedProxies from "./wire/TrustedProxies.ts"
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
  /**
   * How long a stop begins with taking connections as before, while `/health/ready` responds with 503, so that load
   * balancers choose another server. Default 0 seconds.
   */
  readonly shutdownDelay?: Duration.Input | undefined
  /** How many connections may be open at once. Default 10,000; fewer if the process may not open as many files. */
  readonly maxConnections?: number | undefined
  /**
   * How many connections may be open at once from one IPv4 address or one IPv6 network /64, trusted proxies excepted.
   * Default 1000.
   */
  readonly maxConnectionsPerAddress?: number | undefined
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

/**
 * The address, the limits of connections, and what the API shows.
 *
 * @category models
 * @since 0.1.0
 */
export interface Options extends App.Options, Address {
  /**
   * An address of its own for `/health/live` and `/health/ready`, over HTTP: it responds also when the API has as many
   * connections as it may have. Default none; the API always has both.
   */
  readonly health?: { readonly host: string; readonly port: number } | undefined
}

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

/** How often a limit of connections is logged (milliseconds). */
const noticeInterval = 60_000

/** Counts a connection that was closed at once. One in each interval is logged. */
const refusals = (server: Server, context: Context.Context<never>) => {
  let noticed = Number.NEGATIVE_INFINITY
  return (limit: "all" | "address", address: string) => {
    Metrics.countUnsafe(Metrics.refusedConnections, { limit }, context)
    if (performance.now() - noticed < noticeInterval) return
    noticed = performance.now()
    const reached = limit === "all" ? "max_connections is reached" : `${address} reaches max_connections_per_address`
    const at = server.address()
    const port = typeof at === "object" && at !== null ? ` to port ${at.port}` : ""
    Effect.runForkWith(context)(Effect.logWarning(`connections${port} are closed at once: ${reached}`))
  }
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

/** Whether a server, with all its ports, is stopping. */
interface Stopping {
  value: boolean
}

/**
 * Serves the app until the scope closes; running requests are completed first. Of several ports of one server, which share
 * `stopping`, the one that is served last stops first.
 */
const serve = Effect.fnUntraced(function* <R>(
  { cacheFront, httpApp }: ReturnType<typeof Handler.make<R>>,
  options: Address & Pick<Handler.Options, "trustedProxies">,
  stopping: Stopping = { value: false }
) {
  const isStopping = () => stopping.value
  const server: Server = yield* makeServer(options)
  const context = yield* Effect.context<never>()
  const wanted = options.maxConnections ?? 10_000
  const maximum = Connections.affordable(wanted)
  if (maximum < wanted) {
    yield* Effect.logWarning(
      `at most ${maximum} connections are open at once instead of ${wanted}: raise the limit of open files (ulimit -n)`
    )
  }
  Connections.limit(server, {
    maximum,
    perAddress: options.maxConnectionsPerAddress ?? 1000,
    isExempt: TrustedProxies.trusts(options.trustedProxies),
    keepAlive: { usual: limits.keepAliveTimeout!, crowded: crowdedKeepAlive },
    refused: refusals(server, context)
  })
  ForeignProtocols.notice(server, (message) => Effect.runForkWith(context)(Effect.logWarning(message)))
  const served = yield* NodeHttpServer.make(() => server, { host: options.host, port: options.port }).pipe(
    Effect.mapError(fromServeError(options))
  )
  yield* served.serve(httpApp).pipe(
    Effect.provideService(Draining, isStopping),
    // effect's tracer records the URL, and a query may contain a secret by mistake.
    Effect.provideService(UrlParams.CurrentRedactedNames, [/(?:)/])
  )
  const front = yield* Effect.provideService(cacheFront, Draining, isStopping)
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
  yield* Effect.addFinalizer(
    Effect.fnUntraced(function* () {
      stopping.value = true
      const delay = Duration.fromInputUnsafe(options.shutdownDelay ?? "0 seconds")
      if (server.listening && Duration.isPositive(delay)) {
        yield* Effect.logInfo(`stopping: not ready any more, and no new connections in ${Duration.format(delay)}`)
        yield* Effect.sleep(delay)
      }
      yield* stop(server, Duration.fromInputUnsafe(options.shutdownTimeout ?? "10 seconds"))
    })
  )
  return served
})

/** How many connections a port takes on which only monitoring asks. */
const few = 100

/** An app without a cache. */
const alone = <R>(answer: Handler.App<R>["answer"]) => Handler.make({ atOnce: () => undefined, answer })

/**
 * Serves the API. effect's `HttpServer` has the address in use.
 *
 * @category layers
 * @since 0.1.0
 */
export const layer = (options: Options): Layer.Layer<HttpServer.HttpServer, ListenError, App.Services> =>
  Layer.effect(
    HttpServer.HttpServer,
    Effect.gen(function* () {
      const stopping: Stopping = { value: false }
      const handler = yield* App.handler(options)
      if (options.health !== undefined) {
        const { address } = yield* serve(alone(health), { maxConnections: few, ...options.health }, stopping)
        yield* Effect.logInfo(`listening for health checks on ${NetAddress.formatUrlUnsafe(address, "http")}`)
      }
      return yield* serve(handler, options, stopping)
    })
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
  const app = alone((request) => {
    request.note.route = "metrics"
    if (request.url !== "/metrics") return Effect.succeed(toResponse(notFound("the metrics are at /metrics")))
    return request.method === "GET" || request.method === "HEAD"
      ? exposition(request, options.metrics)
      : Effect.succeed(toResponse(methodNotAllowed(request.method, "GET, HEAD")))
  })
  return Layer.effectDiscard(serve(app, { maxConnections: few, ...options }))
}
