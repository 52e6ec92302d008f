/**
 * The command `gitlab-registry-usage-rest`: reads its arguments and the configuration, then serves.
 *
 * The arguments are `effect/cli`'s task, which accepts exactly these flags once it is given the built-in ones to have.
 * Status 2 for wrong usage, and where messages go, are set here.
 */
import { Cause, Console, Effect, Exit, Layer, Logger, Option, References, Runtime, Schema } from "effect"
import { CliConfig, type CliError, CliOutput, Command, Flag, GlobalFlag } from "effect/cli"
import type { NodeServices } from "@effect/platform-node"
import type { ConfigurationError } from "./config/source/ConfigProblem.ts"
import * as ConfigSource from "./config/source/ConfigSource.ts"
import { defaultConfig, effectiveConfig } from "./config/source/ConfigText.ts"
import * as ServerConfig from "./config/options/ServerConfig.ts"
import { main } from "./main.ts"
import { revokeAll } from "./RevokeTokens.ts"
import { version } from "./Version.ts"

/** Where the configuration is looked for when no file is named; it need not be there. As in the original. */
export const defaultPath = "/etc/gitlab_registry_usage_rest.conf"

/** For every command: where the configuration is. */
const sharedFlags = {
  config: Flag.File("config").pipe(
    Flag.withAlias("c"),
    // The name that the original has for it.
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

/** Told as the original tells it. */
const versionFlag = GlobalFlag.Action({
  flag: Flag.Boolean("version").pipe(
    Flag.withAlias("V"),
    Flag.withDescription("Print the version"),
    Flag.withDefault(false)
  ),
  run: (_, { command, version }) => Console.log(`${command.name}, version ${version}`)
})

/** Wrong usage is told on the standard error stream alone. */
const presenter: CliOutput.Presenter = {
  present: (event) =>
    event._tag === "InvalidInvocation"
      ? Console.error([...event.errors.map((error) => error.message), "Try --help for the flags there are."].join("\n"))
      : CliOutput.defaultPresenter.present(event)
}

/** The arguments are wrong, which was told already. */
export class UsageError extends Schema.TaggedError<UsageError>()("UsageError", {}) {
  override readonly [Runtime.errorExitCode] = 2
  override readonly [Runtime.errorReported] = false
}

const usageError = (error: CliError.ShowHelp) => (error.errors.length > 0 ? Effect.fail(new UsageError()) : Effect.void)

const logging = ({ format, level }: ServerConfig.ServerConfig["log"]) =>
  Layer.mergeAll(
    Logger.layer([Logger.withConsoleError(format === "json" ? Logger.formatJson : Logger.formatLogFmt)]),
    Layer.succeed(References.MinimumLogLevel, level)
  )

const serve = Effect.fnUntraced(function* (config: ServerConfig.ServerConfig) {
  yield* Effect.forEach(config.warnings, (warning) => Effect.logWarning(warning))
  return yield* main(config).pipe(Effect.tapErrorTag("ListenError", (error) => Effect.logFatal(error.message)))
})

const configuration = (places: ConfigSource.Places) =>
  ConfigSource.read(places).pipe(
    Effect.bindTo("source"),
    Effect.bind("config", ({ source }) => ServerConfig.fromSource(source)),
    Effect.tapError((error) => Console.error(error.message))
  )

const places = (file: Option.Option<string>, environment: ConfigSource.Places["environment"]): ConfigSource.Places => ({
  file: { path: Option.getOrElse(file, () => defaultPath), required: Option.isSome(file) },
  environment
})

const command = (environment: ConfigSource.Places["environment"]) => {
  const root = Command.make("gitlab-registry-usage-rest", flags).pipe(
    Command.withDescription("Tells where the disk of a GitLab container registry goes, as a HAL API"),
    Command.withSharedFlags(sharedFlags),
    Command.withHandler(
      Effect.fnUntraced(function* ({ config: file, printConfig, printDefaultConfig }) {
        if (printDefaultConfig) return yield* Console.log(defaultConfig.trimEnd())
        const { config, source } = yield* configuration(places(file, environment))
        if (!printConfig) return yield* serve(config).pipe(Effect.provide(logging(config.log)))
        yield* Effect.forEach(config.warnings, (warning) => Console.error(`warning: ${warning}`))
        yield* Console.log(effectiveConfig(source).trimEnd())
      })
    )
  )
  const revoke = Command.make(
    "revoke",
    {},
    Effect.fnUntraced(function* () {
      const { config: file } = yield* root
      const { config } = yield* configuration(places(file, environment))
      yield* revokeAll(config).pipe(
        Effect.provide(logging(config.log)),
        Effect.tapError((error) => Console.error(error.message))
      )
    })
  ).pipe(
    Command.withDescription("Has all servers that share the database refuse the tokens that were issued until now")
  )
  return root.pipe(Command.withSubcommands([revoke]))
}

/**
 * The program, with the environment variables it is to see. Wrong usage and a configuration with problems end it with
 * status 2, what was not expected with 1.
 */
export const program = (
  environment: ConfigSource.Places["environment"]
): Effect.Effect<
  void,
  | UsageError
  | ConfigurationError
  | Effect.Error<ReturnType<typeof main>>
  | Effect.Error<ReturnType<typeof revokeAll>>
  | CliError.CliError,
  NodeServices.NodeServices
> =>
  Command.run(command(environment), { version }).pipe(
    Effect.catchTag("ShowHelp", usageError),
    Effect.provide(
      Layer.mergeAll(CliConfig.layer({ builtIns: [GlobalFlag.Help, versionFlag] }), CliOutput.layerPresenter(presenter))
    )
  )

/** A server that was asked to stop, and did, has done what it should: status 0. */
export const teardown: Runtime.Teardown = (exit, onExit) =>
  Exit.isFailure(exit) && Cause.hasInterruptsOnly(exit.cause) ? onExit(0) : Runtime.defaultTeardown(exit, onExit)
