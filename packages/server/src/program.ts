/** Runs the program in this process. */
import { NodeRuntime, NodeServices } from "@effect/platform-node"
import { Effect } from "effect"
import { program, teardown } from "./Cli.ts"

NodeRuntime.runMain(program(process.env).pipe(Effect.provide(NodeServices.layer)), { teardown })
