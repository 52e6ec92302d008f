import { defineConfig } from "vite"

/**
 * One file without dependencies. Vite follows the namespaces that `effect` and core export, so that what is not used is left
 * out; with tsup the file would have more than twice the size. Its source map is for the licences of what the file contains,
 * and is not published.
 */
export default defineConfig({
  logLevel: "warn",
  ssr: { noExternal: true },
  // Node prints the line of an error that nobody catches: one line for everything would fill the log.
  esbuild: { lineLimit: 200, legalComments: "none" },
  build: {
    ssr: "src/index.ts",
    target: "node20",
    outDir: "dist",
    emptyOutDir: true,
    minify: "esbuild",
    sourcemap: true
  }
})
