import { defineConfig } from "vite"

/** The first to know `light-dark()` and `AbortSignal.any`: all of 2024 or before. */
const browsers = ["chrome123", "firefox124", "safari17.5"]

// The page is written to where the server serves it from; relative addresses, because any prefix may stand before it.
export default defineConfig({
  base: "./",
  clearScreen: false,
  build: {
    outDir: "../server/dist/ui",
    emptyOutDir: true,
    target: browsers,
    cssTarget: browsers,
    // The policy of the page allows no inlined data but images, and the page has none.
    assetsInlineLimit: 0,
    modulePreload: { polyfill: false },
    reportCompressedSize: true
  }
})
