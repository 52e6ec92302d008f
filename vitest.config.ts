import { defineConfig } from "vitest/config"

export default defineConfig({
  test: {
    include: ["packages/*/test/**/*.test.ts", "examples/test/**/*.test.ts", "test/**/*.test.ts"],
    reporters: ["default", "./scripts/canary-reporter.mjs"],
    testTimeout: 30_000,
    hookTimeout: 60_000
  }
})
