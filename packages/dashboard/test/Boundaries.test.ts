/** Imports between the folders of the page run one way only. */
import { readdirSync, readFileSync } from "node:fs"
import { dirname, join, relative } from "node:path"
import { fileURLToPath } from "node:url"
import { describe, expect, it } from "vitest"

const src = fileURLToPath(new URL("../src", import.meta.url))

/** Each folder may import itself and those before it; the rooms of `parts` do not import each other. */
const folders = ["api", "view", "usage", "parts/controls", "parts/detail", "parts/table", "parts/trend", "parts", "."]

const rooms = ["parts/detail", "parts/table", "parts/trend"]

/** The most files that a folder has at one level. */
const maximumFiles = 15

const files = readdirSync(src, { recursive: true, encoding: "utf8" }).filter((file) => /\.tsx?$/.test(file))

const mayImport = (from: string, to: string) =>
  from === to ||
  (folders.indexOf(to) >= 0 &&
    folders.indexOf(to) < folders.indexOf(from) &&
    !(rooms.includes(from) && rooms.includes(to)))

describe("the folders of the page", () => {
  it("import only those before them", () => {
    let imports = 0
    for (const file of files) {
      const text = readFileSync(join(src, file), "utf8")
      for (const [, specifier] of text.matchAll(/(?:from |import |import\()"(\.[^"]+\.tsx?)"/g)) {
        imports++
        const imported = relative(src, join(src, dirname(file), specifier!))
        expect(mayImport(dirname(file), dirname(imported)), `${file} imports ${imported}`).toBe(true)
      }
    }
    expect(imports).toBeGreaterThan(100)
  })

  it(`have at most ${maximumFiles} files each, and are all listed`, () => {
    for (const [folder, contents] of Map.groupBy(files, dirname)) {
      expect(folders).toContain(folder)
      expect(contents.length, folder).toBeLessThanOrEqual(maximumFiles)
    }
  })
})
