/**
 * Runs the program in this process.
 */
import { NodeRuntime, NodeServices } from "@effect/platform-node"
import { Effect } from "effect"
import { program, teardown } from "./Cli.ts"

let signal: string | undefined
for (const name of ["SIGINT", "SIGTERM"]) process.once(name, () => (signal ??= name))
// A reader such as `head` closes the pipe when it has enough.
process.stdout.on("error", ({ code }: NodeJS.ErrnoException) => code === "EPIPE" && process.exit(0))

NodeRuntime.runMain(program.pipe(Effect.provide(NodeServices.layer)), { teardown: teardown(() => signal) })
