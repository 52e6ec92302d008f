// The API for the hosts express.ts, fastify.ts and embedded.ts, below /usage: with the configuration file USAGE_CONF, as the
// server reads it, and the users of the file HTPASSWD.
import { NodeServices } from "@effect/platform-node"
import { Collector } from "@gitlab-registry-usage/core"
import { Adapters, App, Dashboard, ServerConfig } from "@gitlab-registry-usage/server"
import { Effect, Layer, ManagedRuntime } from "effect"
import * as Htpasswd from "./htpasswd.ts"

const { HTPASSWD = "", USAGE_CONF = "" } = process.env

const layer = Effect.map(ServerConfig.fromFile(USAGE_CONF, { without: ["ldap"] }), (config) =>
  App.layer({ ...config.http, prefix: "/usage" }).pipe(
    Layer.provide(Collector.layer(config.collector)),
    Layer.provide([Htpasswd.layer(HTPASSWD), Dashboard.layer]),
    Layer.provide(Adapters.layer(config))
  )
)

/** Its disposal ends the collector; close the host's server before. */
export const runtime = ManagedRuntime.make(Layer.unwrap(layer).pipe(Layer.provide(NodeServices.layer)))
export const listener = await runtime.runPromise(App.Listener)
