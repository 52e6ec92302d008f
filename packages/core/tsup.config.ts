import { defineConfig } from "tsup"

export default defineConfig({
  entry: ["src/index.ts", "src/testing/index.ts", "src/conformance/index.ts"],
  format: "esm",
  target: "es2022",
  dts: false,
  sourcemap: true,
  clean: true
})
