import { defineConfig } from "tsup"

// The commands hold all packages of the workspace, so that they run as they are; the library next to them does not.
export default defineConfig({
  entry: { bin: "src/bin.ts", demo: "src/demo-bin.ts" },
  format: "esm",
  target: "es2022",
  dts: false,
  sourcemap: true,
  noExternal: [/^@gitlab-registry-usage\//]
})
