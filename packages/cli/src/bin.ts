#!/usr/bin/env node
import { enableCompileCache } from "node:module"

// Half of the time to start is compiling; Node keeps the result in the directory for temporary files.
enableCompileCache()
await import("./main.ts")
