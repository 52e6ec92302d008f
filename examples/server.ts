// The server of a configuration file, with the users of an htpasswd file instead of LDAP.
//   USAGE_CONF=usage.conf HTPASSWD=users node examples/server.ts
import { NodeRuntime, NodeServices } from "@effect/platform-node"
import { Adapters, Dashboard, Logging, Server, ServerConfig } from "@gitlab-registry-usage/server"
import { Effect, Layer } from "effect"
import * as Htpasswd from "./htpasswd.ts"

const server = Effect.map(ServerConfig.fromFile(process.env["USAGE_CONF"] ?? "", { without: ["ldap"] }), (config) =>
  Server.layer(config).pipe(
    Layer.provide([Htpasswd.layer(process.env["HTPASSWD"] ?? ""), Dashboard.layer]),
    Layer.provide(Adapters.layer(config)),
    Layer.provide(Logging.layer(config))
  )
)
NodeRuntime.runMain(Layer.launch(Layer.unwrap(server)).pipe(Effect.provide(NodeServices.layer)))
