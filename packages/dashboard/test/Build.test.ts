/**
 * What the build of the page may weigh, and where it may load from.
 */
import { readdirSync, readFileSync } from "node:fs"
import { join } from "node:path"
import { gzipSync } from "node:zlib"
import { expect, it } from "vitest"
import { built } from "./site.ts"

const read = (name: string) => readFileSync(join(built, name))
const scripts = () => readdirSync(join(built, "assets")).filter((name) => name.endsWith(".js"))

it("is at most 60 kB of JavaScript, compressed", () => {
  const sizes = scripts().map((name) => gzipSync(read(join("assets", name))).length)
  expect(sizes.length).toBeGreaterThan(0)
  expect(sizes.reduce((sum, size) => sum + size, 0)).toBeLessThanOrEqual(60_000)
})

it("has no inline script or style, and refers to its own files alone, relatively", () => {
  const html = read("index.html").toString()
  expect(html).not.toMatch(/<script(?![^>]*\ssrc=)|<style|\sstyle=|\son\w+=/)
  const references = [...html.matchAll(/(?:src|href)="([^"]*)"/g)].map(([, reference]) => reference!)
  expect(references.length).toBeGreaterThanOrEqual(3)
  for (const reference of references) {
    expect(reference).toMatch(/^\.\//)
    expect(read(reference).length).toBeGreaterThan(0)
  }
})
