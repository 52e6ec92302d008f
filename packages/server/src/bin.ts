#!/usr/bin/env node
import process from "node:process"

// The program itself does not even load in an older Node, which names a missing export instead.
const [major = 0, minor = 0] = process.versions.node.split(".").map(Number)
if (major < 22 || (major === 22 && minor < 19)) {
  console.error(`gitlab-registry-usage-rest needs Node.js 22.19 or later, and this is ${process.versions.node}`)
  process.exit(2)
}
// A file of its own: a bundle loads what it imports before it runs.
await import(import.meta.url.replace(/bin(\.[jt]s)$/, "program$1"))
