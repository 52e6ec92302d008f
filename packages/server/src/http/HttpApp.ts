/**
 * The HTTP API on a Node server.
 *
 * @since 0.1.0
 */
import { NodeHttpServer } from "@effect/platform-node"
import type { Authentication, Collector } from "@gitlab-registry-usage/core"
import { type Duration, Effect, Layer, Ref } from "effect"
import { HttpMiddleware, HttpServer } from "effect/http"
import { createServer, type ServerOptions } from "node:http"
import * as App from "./App.ts"
import { fromServeError, type ListenError } from "../ListenError.ts"
import { Draining } from "./Draining.ts"

/** @category models @since 0.1.0 */
export interface Options extends App.Options {
  /** The address to listen on, such as `127.0.0.1`. */
  readonly host: string
  /** The port to listen on, 0 to 65535; 0 takes a free one. */
  readonly port: number
  /** Origins whose pages may read the API (CORS). Default: all, as the tokens are sent explicitly and never as cookies. */
  readonly corsOrigins?: ReadonlyArray<string> | undefined
  /** How long a stop waits for requests under way. Default 10 seconds. */
  readonly shutdownTimeout?: Duration.Input | undefined
  /** How many connections may be open at once. Default 10,000. */
  readonly maxConnections?: number | undefined
}

/**
 * Time limits in milliseconds, and sizes in bytes, for what clients send. Connections are kept alive longer than a
 * reverse proxy keeps them (60 s), so that the proxy never sends into one that is just being closed.
 */
const limits: ServerOptions = {
  headersTimeout: 10_000,
  requestTimeout: 30_000,
  keepAliveTimeout: 75_000,
  connectionsCheckingInterval: 2_000,
  maxHeaderSize: 16_384
}

/**
 * Serves the API. The address in use is told by effect's `HttpServer`.
 *
 * @category layers
 * @since 0.1.0
 */
export const layer = (
  options: Options
): Layer.Layer<
  HttpServer.HttpServer,
  ListenError,
  Authentication.Directory | Authentication.Tokens | Collector.Collector
> => {
  const server = () => {
    const created = createServer(limits)
    created.maxConnections = options.maxConnections ?? 10_000
    return created
  }
  const cors = HttpMiddleware.cors({
    ...(options.corsOrigins === undefined || options.corsOrigins.includes("*")
      ? {}
      : { allowedOrigins: options.corsOrigins }),
    allowedMethods: ["GET", "HEAD", "POST", "OPTIONS"],
    allowedHeaders: ["Authorization", "Accept", "Content-Type", "If-None-Match"],
    exposedHeaders: ["ETag", "Retry-After", "WWW-Authenticate", "Link"],
    maxAge: 600
  })
  // effect runs a served app uninterruptibly: without this a client that goes away leaves its request running.
  const app = Effect.interruptible(App.make(options))
  return Layer.unwrap(
    Effect.gen(function* () {
      const draining = yield* Ref.make(false)
      return Layer.effectDiscard(Effect.addFinalizer(() => Ref.set(draining, true))).pipe(
        Layer.provideMerge(HttpServer.serve(Effect.provideService(app, Draining, Ref.get(draining)), cors))
      )
    })
  ).pipe(
    Layer.provideMerge(
      NodeHttpServer.layer(server, {
        host: options.host,
        port: options.port,
        gracefulShutdownTimeout: options.shutdownTimeout ?? "10 seconds"
      }).pipe(Layer.catchTag("ServeError", (error) => Layer.effectContext(Effect.fail(fromServeError(options)(error)))))
    )
  )
}
