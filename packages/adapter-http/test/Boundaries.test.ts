import { describe, expect, it } from "@effect/vitest"
import { readdirSync, readFileSync } from "node:fs"
import { dirname, join, relative } from "node:path"
import { fileURLToPath } from "node:url"

const source = fileURLToPath(new URL("../src", import.meta.url))

/** The folders from the bottom up, each with the folders that it may import. */
const folders: Readonly<Record<string, ReadonlyArray<string>>> = {
  transport: [],
  auth: ["transport"],
  distribution: ["transport", "auth"],
  gitlab: ["transport", "auth", "distribution"],
  "": ["transport", "auth", "distribution", "gitlab"]
}

const files = readdirSync(source, { recursive: true, encoding: "utf8" }).filter((file) => file.endsWith(".ts"))

const folderOf = (file: string) => (dirname(file) === "." ? "" : dirname(file))

/** The folders that a file imports, without its own. */
const importedFolders = (file: string): ReadonlyArray<string> =>
  Array.from(readFileSync(join(source, file), "utf8").matchAll(/ from "(\.[^"]+)"/g), ([, path]) =>
    folderOf(relative(source, join(source, dirname(file), path!)))
  ).filter((folder) => folder !== folderOf(file))

describe("the folders of src", () => {
  it("are those that are listed, with at most 15 files each", () => {
    expect(new Set(files.map(folderOf))).toEqual(new Set(Object.keys(folders)))
    for (const folder of Object.keys(folders)) {
      expect(files.filter((file) => folderOf(file) === folder).length, folder).toBeLessThanOrEqual(15)
    }
  })

  it("import only the folders below them", () => {
    expect(files.flatMap(importedFolders).length).toBeGreaterThan(10)
    for (const file of files)
      expect(folders[folderOf(file)], file).toEqual(expect.arrayContaining([...importedFolders(file)]))
  })
})
