import { tmpdir } from "node:os"
import { join } from "node:path"
import { defineConfig } from "vitest/config"

const all = ["packages/*/test/**/*.test.ts", "examples/test/**/*.test.ts", "test/**/*.test.ts"]

/** Suites that are slow by nature: they install the packages, build the image, read all sources, or load a server for long. */
const slow = [
  "packages/bench/test/Bench.integration.test.ts",
  "packages/dashboard/test/Scale.integration.test.ts",
  "packages/reference/test/**/*.test.ts",
  "packages/server/test/faults/{Large,Soak}Faults*.test.ts",
  "test/consumer/**/*.test.ts",
  "test/deploy/Image.integration.test.ts"
]

/**
 * Tests that start programs or block threads run in processes of their own, so that they do not slow the next file. So
 * do tests that replace a module, because another file may have loaded it.
 */
const isolated = [
  "packages/adapter-sql/test/**/*.test.ts",
  "packages/*/test/**/*.integration.test.ts",
  "packages/server/test/RenderedOnce.test.ts"
]

export default defineConfig({
  test: {
    projects: [
      // Files share two processes, because a new process that loads effect would take most of the time of a small file.
      {
        extends: true,
        test: {
          name: "fast",
          include: all,
          exclude: [...slow, ...isolated],
          isolate: false,
          sequence: { groupOrder: 0 }
        }
      },
      // These wait for deadlines and other processes most of the time.
      {
        extends: true,
        test: { name: "fast isolated", include: isolated, exclude: slow, sequence: { groupOrder: 1 } }
      },
      { extends: true, test: { name: "slow", include: slow, sequence: { groupOrder: 2 } } }
    ],
    reporters: ["default", "./scripts/canary-reporter.mjs"],
    // Programs that tests start from sources are compiled once.
    env: { NODE_COMPILE_CACHE: join(tmpdir(), "gitlab-registry-usage-compile-cache") },
    testTimeout: 60_000,
    hookTimeout: 60_000,
    maxWorkers: 2
  }
})
