/**
 * The command `gitlab-registry-usage`: its subcommands and its exit status.
 */
import { PrintableText } from "@gitlab-registry-usage/core"
import { Cause, Console, Effect, Exit, Layer, Logger, References, Runtime, Stdio } from "effect"
import { CliConfig, type CliError, CliOutput, Command, Flag, GlobalFlag, TerminalCapabilities } from "effect/cli"
import { check } from "./commands/Check.ts"
import { completions } from "./commands/Completions.ts"
import { delete_ } from "./commands/Delete.ts"
import { diff } from "./commands/Diff.ts"
import { doctor } from "./commands/Doctor.ts"
import { growth } from "./commands/Growth.ts"
import { history } from "./commands/History.ts"
import { ls } from "./commands/Ls.ts"
import { prune } from "./commands/Prune.ts"
import { report } from "./commands/Report.ts"
import { total } from "./commands/Total.ts"
import { why } from "./commands/Why.ts"
import { environment } from "./connection/Environment.ts"
import { switchFlag } from "./connection/FlagKinds.ts"
import { toCommand } from "./connection/OriginalCall.ts"
import { root, type Shared } from "./connection/SharedFlags.ts"
import * as Screen from "./output/Screen.ts"
import * as Wrap from "./output/Wrap.ts"
import { Status, CommandFailure } from "./output/CommandFailure.ts"
import { version } from "./Version.ts"

const { printable } = PrintableText

/** The most characters of an error message that are printed: part of it may come from a server. */
const longest = 2000

/** Prints the version in the format of the original program. */
const versionFlag = GlobalFlag.Action({
  flag: switchFlag("version").pipe(Flag.withAlias("V"), Flag.withDescription("Print the version")),
  run: (_, { command, version }) => Console.log(`${command.name}, version ${version}`)
})

/** Reports wrong usage on the standard error stream, without the help text. */
const presenter: CliOutput.Presenter = {
  present: (event) => {
    if (event._tag !== "InvalidInvocation") return CliOutput.defaultPresenter.present(event)
    const help = `try ${event.commandPath.join(" ")} --help`
    return Console.error(
      [...event.errors.map(({ message }) => `error: ${printable(message, longest)}`), `hint: ${help}`].join("\n")
    )
  }
}

/** The presenter has already reported the message. */
const reported = new CommandFailure({ status: Status.usage, message: "" })

const usageError = (error: CliError.ShowHelp) => (error.errors.length > 0 ? Effect.fail(reported) : Effect.void)

const printError = ({ hint, message }: CommandFailure) =>
  Console.error([`error: ${printable(message, longest)}`, ...(hint === undefined ? [] : [`hint: ${hint}`])].join("\n"))

const logger = Logger.withConsoleError(
  Logger.make(({ logLevel, message }) => {
    const text = Array.isArray(message) ? message.join(" ") : `${message}`
    return `${logLevel === "Warn" ? "warning" : logLevel.toLowerCase()}: ${printable(text)}`
  })
)

const levelOf = ({ debug, quiet, verbose }: Shared) => (debug ? "Debug" : verbose ? "Info" : quiet ? "Error" : "Warn")

const subcommands = [
  ls,
  total,
  why,
  check,
  diff,
  history,
  growth,
  report,
  prune,
  delete_,
  doctor,
  completions((): Command.Command.Any => command)
] as const

const command = root.pipe(
  Command.withSubcommands(subcommands),
  Command.provide((shared: Shared) =>
    Layer.mergeAll(
      Layer.unwrap(Effect.map(environment, (variables) => Screen.layer({ ...variables, quiet: shared.quiet }))),
      Logger.layer([logger]),
      Layer.succeed(References.MinimumLogLevel, levelOf(shared))
    )
  )
)

/** The program. It exits with the status of the `CommandFailure`, or with 1 after an unexpected error. */
export const program = Stdio.Stdio.pipe(
  Effect.flatMap(({ args }) => args),
  Effect.flatMap((args) =>
    Command.runWith(command, { version })(
      toCommand(
        args,
        subcommands.map(({ name }) => name)
      )
    )
  ),
  Effect.catchTag("ShowHelp", usageError),
  Effect.tapError((error) => (error instanceof CommandFailure && error !== reported ? printError(error) : Effect.void)),
  Effect.provide(
    Layer.mergeAll(
      CliConfig.layer({ builtIns: [GlobalFlag.Help, versionFlag, GlobalFlag.Completions] }),
      CliOutput.layerPresenter(presenter),
      Wrap.layer,
      TerminalCapabilities.layer
    )
  )
)

/** Exits with 128 plus the number of the signal after an interruption. */
export const teardown =
  (signal: () => string | undefined): Runtime.Teardown =>
  (exit, onExit) =>
    Exit.isFailure(exit) && Cause.hasInterruptsOnly(exit.cause)
      ? onExit(signal() === "SIGTERM" ? 143 : 130)
      : Runtime.defaultTeardown(exit, onExit)
