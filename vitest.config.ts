import { defineConfig } from "vitest/config"

export default defineConfig({
  test: {
    include: ["packages/*/test/**/*.test.ts", "examples/test/**/*.test.ts", "test/**/*.test.ts"],
    reporters: ["default", "./scripts/canary-reporter.mjs"],
    testTimeout: 30_000,
    hookTimeout: 60_000,
    // Many tests wait for processes and deadlines: two files at once use what is idle.
    maxWorkers: 2
  }
})
