import { NodeRuntime, NodeServices } from "@effect/platform-node"
import { Cause, Config, Effect, Exit, Layer, Logger, Runtime } from "effect"
import { CliConfig, Command, Flag, GlobalFlag } from "effect/cli"
import { run } from "./DemoServer.ts"

const port = Flag.Int("port").pipe(
  Flag.withMetavar("PORT"),
  Flag.withDescription("The port on 127.0.0.1, 0 for a free one (default: 5000, or a free one where that is taken)"),
  Flag.withFallbackConfig(Config.Int("GITLAB_REGISTRY_USAGE_PORT")),
  Flag.filter(
    (port) => port >= 0 && port <= 65_535,
    () => "a port from 0 to 65535"
  ),
  Flag.optional
)

const once = Flag.Boolean("once").pipe(
  Flag.withoutNegation,
  Flag.withDescription("Check the figures and end"),
  Flag.withDefault(false)
)

const command = Command.make("npm start --", { port, once }, ({ port, once }) => run({ port, once })).pipe(
  Command.withDescription("Serves the API and the page on an embedded demo registry until Ctrl-C")
)

const logs = Logger.layer([Logger.withConsoleError(Logger.formatLogFmt)])

NodeRuntime.runMain(
  Command.run(command, { version: "0.0.0" }).pipe(
    Effect.provide(Layer.mergeAll(CliConfig.layer({ builtIns: [GlobalFlag.Help] }), NodeServices.layer, logs))
  ),
  {
    // A demo ends with Ctrl-C, so its status is 0.
    teardown: (exit, onExit) =>
      Exit.isFailure(exit) && Cause.hasInterruptsOnly(exit.cause) ? onExit(0) : Runtime.defaultTeardown(exit, onExit)
  }
)
