import { defineConfig } from "tsup"

/**
 * One program without dependencies: what a command needs beyond the shape of the command line lies in chunks that are
 * loaded when it runs, so that `--help` starts fast.
 */
export default defineConfig({
  entry: ["src/bin.ts"],
  format: "esm",
  target: "node22",
  platform: "node",
  dts: false,
  sourcemap: false,
  clean: true,
  minify: true,
  splitting: true,
  treeshake: false,
  noExternal: [/.*/],
  // undici is CommonJS and requires modules of Node.
  banner: {
    js: 'import { createRequire as __createRequire } from "node:module"; const require = __createRequire(import.meta.url);'
  }
})
