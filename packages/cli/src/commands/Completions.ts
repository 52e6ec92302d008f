/**
 * `completions`: a script that lets a shell complete this command.
 */
import { Effect } from "effect"
import { Argument, Command, Completions } from "effect/cli"
import { write } from "../output/Print.ts"

export const completions = (whole: () => Command.Command.Any) =>
  Command.make(
    "completions",
    {
      shell: Argument.Literals("shell", ["bash", "zsh", "fish", "powershell"]).pipe(
        Argument.withDescription("The shell to complete in")
      )
    },
    Effect.fnUntraced(function* ({ shell }) {
      const command = whole()
      yield* write(`${Completions.generate(command.name, shell, Completions.fromCommand(command)).trimEnd()}\n`)
    })
  ).pipe(
    Command.withDescription("Print a completion script for a shell"),
    Command.withExamples([
      { command: "source <(gitlab-registry-usage completions bash)", description: "Complete in this shell" }
    ])
  )
