import { defineConfig } from "tsup"

// The command holds everything that it runs, so that Node reads one file at the start and not hundreds: that is most of the
// time until the first response. The library beside it holds no third-party code.
export default defineConfig({
  entry: ["src/bin.ts", "src/program.ts"],
  format: "esm",
  platform: "node",
  target: "es2022",
  dts: false,
  minifyWhitespace: true,
  minifySyntax: true,
  noExternal: [/.*/],
  // Without shared chunks: between two files, the named exports of undici, which is CommonJS, would be lost.
  splitting: false,
  esbuildPlugins: [
    {
      // Three megabytes of a page that the server does not serve.
      name: "without Scalar",
      setup: (build) => {
        build.onResolve({ filter: /internal\/httpApiScalar/ }, () => ({ path: "scalar", namespace: "left-out" }))
        build.onLoad({ filter: /./, namespace: "left-out" }, () => ({ contents: 'export const javascript = ""' }))
      }
    }
  ],
  // Some bundled packages are CommonJS and load Node's modules with require.
  banner: {
    js: 'import { createRequire as createRequireOfBundle } from "node:module"; const require = createRequireOfBundle(import.meta.url);'
  }
})
