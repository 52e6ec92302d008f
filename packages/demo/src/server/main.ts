import { NodeRuntime } from "@effect/platform-node"
import { Cause, Effect, Exit, Logger, Runtime } from "effect"
import { run } from "./DemoServer.ts"

const logs = Logger.layer([Logger.withConsoleError(Logger.formatLogFmt)])
const once = process.argv.includes("--once")

NodeRuntime.runMain(run({ port: 5000, once }).pipe(Effect.provide(logs)), {
  // A demo ends with Ctrl-C, so its status is 0.
  teardown: (exit, onExit) =>
    Exit.isFailure(exit) && Cause.hasInterruptsOnly(exit.cause) ? onExit(0) : Runtime.defaultTeardown(exit, onExit)
})
