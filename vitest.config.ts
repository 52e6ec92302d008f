import { defineConfig } from "vitest/config"

export default defineConfig({
  test: {
    include: ["packages/*/test/**/*.test.ts", "examples/test/**/*.test.ts", "test/**/*.test.ts"],
    reporters: ["default", "./scripts/canary-reporter.mjs"],
    testTimeout: 30_000,
    // Machines of CI are shared: what depends on time there gets a second chance, and vitest tells that it took it.
    retry: process.env["CI"] === undefined ? 0 : 1,
    hookTimeout: 60_000,
    // Many tests wait for processes and deadlines: two files at once use what is idle.
    maxWorkers: 2
  }
})
