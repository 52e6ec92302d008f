/** The size of the built page, and where it may load from. */
import { readdirSync, readFileSync } from "node:fs"
import { join } from "node:path"
import { gzipSync } from "node:zlib"
import { expect, it } from "vitest"
import { built } from "./site.ts"

const read = (name: string) => readFileSync(join(built, name))
const scripts = () => readdirSync(join(built, "assets")).filter((name) => name.endsWith(".js"))

/** In bytes, compressed. */
const weight = (name: string) => gzipSync(read(join("assets", name))).length
const isLater = (name: string) => name.startsWith("Chart-")

it("is at most 60 kB of JavaScript on the first screen, compressed", () => {
  const first = scripts().filter((name) => !isLater(name))
  expect(first.length).toBeGreaterThan(0)
  expect(first.reduce((sum, name) => sum + weight(name), 0)).toBeLessThanOrEqual(60_000)
})

it("loads the chart later, which is at most 28 kB", () => {
  const later = scripts().filter(isLater)
  expect(later.length).toBe(1)
  expect(weight(later[0]!)).toBeLessThanOrEqual(28_000)
  expect(read(join("assets", later[0]!)).toString()).toContain("uplot")
  const html = read("index.html").toString()
  expect(html).not.toContain("Chart-")
  const first = scripts().filter((name) => !isLater(name))
  expect(first.length).toBeGreaterThan(0)
  for (const name of first) expect(read(join("assets", name)).toString()).not.toContain("u-cursor")
})

it("has no inline script or style, and relative references to its own files only", () => {
  const html = read("index.html").toString()
  expect(html).not.toMatch(/<script(?![^>]*\ssrc=)|<style|\sstyle=|\son\w+=/)
  const references = [...html.matchAll(/(?:src|href)="([^"]*)"/g)].map(([, reference]) => reference!)
  expect(references.length).toBeGreaterThanOrEqual(3)
  for (const reference of references) {
    expect(reference).toMatch(/^\.\//)
    expect(read(reference).length).toBeGreaterThan(0)
  }
})
