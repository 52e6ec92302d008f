import { defineConfig } from "tsup"

// The commands hold all that they run, so that Node reads a few files at the start and not hundreds: that is most of the
// time until the first answer. The library next to them holds nothing of others.
export default defineConfig({
  entry: { bin: "src/bin.ts", demo: "src/demo-bin.ts" },
  format: "esm",
  platform: "node",
  target: "es2022",
  dts: false,
  sourcemap: true,
  minifyWhitespace: true,
  minifySyntax: true,
  noExternal: [/.*/],
  // One file each: the names of undici, which is CommonJS, would be lost between two.
  splitting: false,
  esbuildPlugins: [
    {
      // Three megabytes of a page that the server does not have.
      name: "without Scalar",
      setup: (build) => {
        build.onResolve({ filter: /internal\/httpApiScalar/ }, () => ({ path: "scalar", namespace: "left-out" }))
        build.onLoad({ filter: /./, namespace: "left-out" }, () => ({ contents: 'export const javascript = ""' }))
      }
    }
  ],
  // Some packages inside are CommonJS and ask for Node's modules in their way.
  banner: {
    js: 'import { createRequire as createRequireOfBundle } from "node:module"; const require = createRequireOfBundle(import.meta.url);'
  }
})
