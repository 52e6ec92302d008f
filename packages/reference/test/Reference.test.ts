import { afterAll, beforeAll, describe, expect, it } from "vitest"
import { mkdtempSync, readdirSync, readFileSync, rmSync } from "node:fs"
import { tmpdir } from "node:os"
import { join } from "node:path"
import { fileURLToPath } from "node:url"
import { lacking, read, type Reference } from "../src/Reference.ts"

const kept = fileURLToPath(new URL("../../../docs/api", import.meta.url))

const filesOf = (directory: string): Readonly<Record<string, string>> =>
  Object.fromEntries(
    readdirSync(directory, { recursive: true, encoding: "utf8" })
      .filter((name) => name.endsWith(".md"))
      .toSorted()
      .map((name) => [name, readFileSync(join(directory, name), "utf8")])
  )

describe("the reference", () => {
  let reference: Reference
  const directory = mkdtempSync(join(tmpdir(), "reference-"))
  beforeAll(async () => {
    reference = await read()
  }, 120_000)
  afterAll(() => rmSync(directory, { recursive: true }))

  it("is generated from docstrings without broken links", () => {
    expect(reference.warnings).toEqual([])
  })

  it("has a sentence, a category and a version for every exported name", () => {
    expect(lacking(reference.project)).toEqual([])
  })

  it("has every published entry point", () => {
    const packages = ["core", "adapter-http", "adapter-jwt", "adapter-ldap", "adapter-sql", "promise", "server"]
    const published = packages.flatMap((name) => {
      const manifest = readFileSync(new URL(`../../${name}/package.json`, import.meta.url), "utf8")
      const { exports } = JSON.parse(manifest) as { readonly exports: Readonly<Record<string, string>> }
      return Object.keys(exports)
        .filter((entry) => entry !== "./package.json")
        .map((entry) => name + entry.slice(1))
    })
    expect(reference.project.children?.map(({ name }) => name).toSorted()).toEqual(published.toSorted())
  })

  it("equals docs/api, which `npm run docs` writes", async () => {
    await reference.write(directory)
    expect(filesOf(kept), "docs/api is out of date: run `npm run docs`").toEqual(filesOf(directory))
  })
})
