import { defineConfig } from "tsup"

export default defineConfig({
  entry: ["src/index.ts"],
  format: "esm",
  target: "es2022",
  dts: false,
  sourcemap: true,
  // The page is built into a folder in here by a package of its own.
  clean: ["!ui/**"]
})
