#!/usr/bin/env node
import * as module from "node:module"
import process from "node:process"

// The program itself does not even load in an older Node, which names a missing export instead.
const [major = 0, minor = 0] = process.versions.node.split(".").map(Number)
if (major < 22 || (major === 22 && minor < 19)) {
  console.error(`gitlab-registry-usage needs Node.js 22.19 or later, and this is ${process.versions.node}`)
  process.exit(2)
}
// Compiling is half of the start time; Node caches the result in the directory for temporary files.
module.enableCompileCache()
await import("./main.ts")
