#!/usr/bin/env node
import { enableCompileCache } from "node:module"

// Compiling is half of the start time; Node caches the result in the directory for temporary files.
enableCompileCache()
await import("./main.ts")
