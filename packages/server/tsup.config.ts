import { defineConfig } from "tsup"

export default defineConfig({
  entry: ["src/index.ts"],
  format: "esm",
  target: "es2022",
  dts: false,
  sourcemap: true,
  // The package dashboard builds the page into dist/ui.
  clean: ["!ui/**"]
})
