import { defineConfig } from "vitest/config"

const all = ["packages/*/test/**/*.test.ts", "examples/test/**/*.test.ts", "test/**/*.test.ts"]

/** Suites that are slow by nature: they install the packages, read all sources, or load a server for long. */
const slow = [
  "packages/bench/test/Bench.integration.test.ts",
  "packages/dashboard/test/Scale.integration.test.ts",
  "packages/reference/test/**/*.test.ts",
  "packages/server/test/faults/{Large,Soak}Faults*.test.ts",
  "test/consumer/**/*.test.ts"
]

/**
 * Tests that start programs or block threads: what one of them leaves behind must not slow the next file. And tests that
 * replace a module, which no other file may have loaded.
 */
const isolated = [
  "packages/adapter-sql/test/**/*.test.ts",
  "packages/*/test/**/*.integration.test.ts",
  "packages/server/test/RenderedOnce.test.ts"
]

export default defineConfig({
  test: {
    projects: [
      // Files share their two processes: most of the time of a small file is otherwise a new process that loads effect.
      { extends: true, test: { name: "fast", include: all, exclude: [...slow, ...isolated], isolate: false } },
      { extends: true, test: { name: "fast isolated", include: isolated, exclude: slow } },
      { extends: true, test: { name: "slow", include: slow } }
    ],
    reporters: ["default", "./scripts/canary-reporter.mjs"],
    testTimeout: 30_000,
    hookTimeout: 60_000,
    // Many tests wait for processes and deadlines: two files at once use what is idle.
    maxWorkers: 2
  }
})
