/** Imports between the folders of src run one way. */
import { describe, expect, it } from "@effect/vitest"
import { readdirSync, readFileSync } from "node:fs"
import { dirname, join, normalize } from "node:path"
import { fileURLToPath } from "node:url"

const src = fileURLToPath(new URL("../src", import.meta.url))

/** The folders, each of which imports only from itself and the ones before it. */
const order = ["output", "connection", "crawl", "history", "tables", "report", "commands"]

/** Files beside the folders: they import every folder, and only `Version.ts` is imported from one. */
const imported = ["Version.ts"]

const maxFiles = 15

const importsOf = (file: string): ReadonlyArray<string> => {
  const text = readFileSync(join(src, file), "utf8")
  return Array.from(text.matchAll(/(?:from|import\() ?"(\.[^"]*)"|import "(\.[^"]*)"/g), ([, from, plain]) =>
    normalize(join(dirname(file), (from ?? plain)!))
  )
}

describe("the folders of the command line", () => {
  it("are those of the order", () => {
    const folders = readdirSync(src, { withFileTypes: true }).flatMap((entry) =>
      entry.isDirectory() ? [entry.name] : []
    )
    expect(folders.toSorted()).toEqual(order.toSorted())
  })

  for (const [i, folder] of order.entries()) {
    const files = readdirSync(join(src, folder))

    it(`${folder} has at most ${maxFiles} files`, () => expect(files.length).toBeLessThanOrEqual(maxFiles))

    it(`${folder} imports from ${order.slice(0, i + 1).join(", ")} alone`, () => {
      for (const file of files) {
        for (const target of importsOf(join(folder, file))) {
          const isAllowed = order.slice(0, i + 1).includes(dirname(target)) || imported.includes(target)
          expect(isAllowed, `${folder}/${file} imports ${target}`).toBe(true)
        }
      }
    })
  }

  it("import from within the package by relative paths that the test sees", () =>
    expect(
      order.flatMap((folder) => readdirSync(join(src, folder)).flatMap((file) => importsOf(join(folder, file)))).length
    ).toBeGreaterThan(100))
})
