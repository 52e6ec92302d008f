#!/usr/bin/env node
import { NodeRuntime } from "@effect/platform-node"
import { Effect, Logger } from "effect"
import { demo } from "./Demo.ts"
import { teardown } from "./Cli.ts"

const logs = Logger.layer([Logger.withConsoleError(Logger.formatLogFmt)])
const once = process.argv.includes("--once")

NodeRuntime.runMain(demo({ port: 5000, once }).pipe(Effect.provide(logs)), { teardown })
