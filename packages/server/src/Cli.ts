/**
 * The command `gitlab-registry-usage-rest`: reads its arguments and the configuration, then serves.
 *
 * `effect/cli` parses the arguments, with the built-in flags that are listed here. This module sets status 2 for wrong
 * usage, and the stream of each message.
 */
import { Cause, Console, Effect, Exit, Layer, Option, Runtime, Schema } from "effect"
import { CliConfig, type CliError, CliOutput, Command, Flag, GlobalFlag } from "effect/cli"
import type { NodeServices } from "@effect/platform-node"
import type { ConfigurationError } from "./config/source/ConfigProblem.ts"
import * as ConfigSource from "./config/source/ConfigSource.ts"
import { defaultConfig, effectiveConfig } from "./config/source/ConfigText.ts"
import * as ServerConfig from "./config/options/ServerConfig.ts"
import * as Adapters from "./adapters/Adapters.ts"
import * as Logging from "./adapters/Logging.ts"
import * as Dashboard from "./Dashboard.ts"
import { check, fileOfMainProcess } from "./HealthCheck.ts"
import { revokeAll } from "./RevokeTokens.ts"
import * as Server from "./Server.ts"
import { version } from "./Version.ts"

/** The configuration file without `--config`, as in the original. It may be absent. */
export const defaultPath = "/etc/gitlab_registry_usage_rest.conf"

/** The flags of every command. */
const sharedFlags = {
  config: Flag.File("config").pipe(
    Flag.withAlias("c"),
    // The name in the original.
    Flag.withAlias("config-file"),
    Flag.withMetavar("FILE"),
    Flag.withDescription(`The configuration file (default: ${defaultPath}, if there is one)`),
    Flag.optional
  )
}

const flags = {
  printDefaultConfig: Flag.Boolean("print-default-config").pipe(
    Flag.withDescription("Print a configuration file with every key and its default"),
    Flag.withDefault(false)
  ),
  printConfig: Flag.Boolean("print-config").pipe(
    Flag.withDescription("Print the configuration in effect and where each value was set, without secrets"),
    Flag.withDefault(false)
  )
}

/** Prints the version in the original's format. */
const versionFlag = GlobalFlag.Action({
  flag: Flag.Boolean("version").pipe(
    Flag.withAlias("V"),
    Flag.withDescription("Print the version"),
    Flag.withDefault(false)
  ),
  run: (_, { command, version }) => Console.log(`${command.name}, version ${version}`)
})

/** Prints wrong usage on the standard error stream only. */
const presenter: CliOutput.Presenter = {
  present: (event) =>
    event._tag === "InvalidInvocation"
      ? Console.error([...event.errors.map((error) => error.message), "Try --help for the flags there are."].join("\n"))
      : CliOutput.defaultPresenter.present(event)
}

/** The arguments are wrong. The message is already printed. */
export class UsageError extends Schema.TaggedError<UsageError>()("UsageError", {}) {
  override readonly [Runtime.errorExitCode] = 2
  override readonly [Runtime.errorReported] = false
}

const usageError = (error: CliError.ShowHelp) => (error.errors.length > 0 ? Effect.fail(new UsageError()) : Effect.void)

/** Has the runtime print no more of an error than what was printed already. */
const printed = (error: Error) => Effect.sync(() => Object.assign(error, { [Runtime.errorReported]: false }))

const print = (error: Error) => Effect.andThen(Console.error(error.message), printed(error))

const server = (config: ServerConfig.ServerConfig) =>
  Server.layer(config).pipe(Layer.provide(Dashboard.layer), Layer.provide(Adapters.layer(config)))

/** Serves until it is interrupted; then it completes the running requests and stops. */
const serve = (config: ServerConfig.ServerConfig) =>
  Layer.launch(server(config)).pipe(
    Effect.tapErrorTag("ListenError", (error) => Effect.andThen(Effect.logFatal(error.message), printed(error)))
  )

const configuration = (places: ConfigSource.Places) =>
  ConfigSource.read(places).pipe(
    Effect.bindTo("source"),
    Effect.bind("config", ({ source }) => ServerConfig.fromSource(source)),
    Effect.tapError(print)
  )

const places = (file: Option.Option<string>, environment: ConfigSource.Places["environment"]): ConfigSource.Places => ({
  file: { path: Option.getOrElse(file, () => defaultPath), required: Option.isSome(file) },
  environment
})

const command = (environment: ConfigSource.Places["environment"]) => {
  const root = Command.make("gitlab-registry-usage-rest", flags).pipe(
    Command.withDescription("Serves the disk usage of a GitLab container registry as a HAL API"),
    Command.withSharedFlags(sharedFlags),
    Command.withHandler(
      Effect.fnUntraced(function* ({ config: file, printConfig, printDefaultConfig }) {
        if (printDefaultConfig) {
          const defaults = yield* Effect.tapError(ConfigSource.readDefaults(environment), print)
          return yield* Console.log(defaultConfig(defaults).trimEnd())
        }
        const { config, source } = yield* configuration(places(file, environment))
        if (!printConfig) return yield* serve(config).pipe(Effect.provide(Logging.layer(config)))
        yield* Effect.forEach(config.warnings, (warning) => Console.error(`warning: ${warning}`))
        yield* Console.log(effectiveConfig(source).trimEnd())
      })
    )
  )
  /** The configuration of the server that runs already. */
  const configurationOfServer = Effect.gen(function* () {
    const { config: given } = yield* root
    const file = Option.isSome(given) ? given : yield* fileOfMainProcess(process.argv[1])
    return yield* configuration(places(file, environment))
  })
  const revoke = Command.make(
    "revoke",
    {},
    Effect.fnUntraced(function* () {
      const { config } = yield* configurationOfServer
      yield* revokeAll(config).pipe(Effect.provide(Logging.layer(config)), Effect.tapError(print))
    })
  ).pipe(
    Command.withDescription("Revoke all tokens that were issued until now, on all servers that share the database")
  )
  const health = Command.make(
    "health",
    {},
    Effect.fnUntraced(function* () {
      const { config } = yield* configurationOfServer
      yield* check(config).pipe(Effect.tapError(print))
    })
  ).pipe(
    Command.withDescription(
      "Ask the running server with this configuration whether it responds; exits with status 1 if it does not"
    )
  )
  return root.pipe(Command.withSubcommands([revoke, health]))
}

/**
 * The program, with its environment variables. It exits with status 2 for wrong usage and for a configuration with
 * problems, and with 1 for other errors.
 */
export const program = (
  environment: ConfigSource.Places["environment"]
): Effect.Effect<
  void,
  | UsageError
  | ConfigurationError
  | Effect.Error<ReturnType<typeof serve>>
  | Effect.Error<ReturnType<typeof revokeAll>>
  | Effect.Error<ReturnType<typeof check>>
  | CliError.CliError,
  NodeServices.NodeServices
> =>
  Command.run(command(environment), { version }).pipe(
    Effect.catchTag("ShowHelp", usageError),
    Effect.provide(
      Layer.mergeAll(CliConfig.layer({ builtIns: [GlobalFlag.Help, versionFlag] }), CliOutput.layerPresenter(presenter))
    )
  )

/** A server that stops after a signal exits with status 0. */
export const teardown: Runtime.Teardown = (exit, onExit) =>
  Exit.isFailure(exit) && Cause.hasInterruptsOnly(exit.cause) ? onExit(0) : Runtime.defaultTeardown(exit, onExit)
