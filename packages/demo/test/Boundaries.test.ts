import { describe, expect, it } from "vitest"
import { readdirSync, readFileSync } from "node:fs"
import { dirname, join, relative } from "node:path"
import { fileURLToPath } from "node:url"

const src = fileURLToPath(new URL("../src", import.meta.url))

/** What the modules of each folder may import from other folders; `.` is the top folder. */
const allowed: Readonly<Record<string, ReadonlyArray<string>>> = {
  data: [],
  http: [],
  auth: ["data", "http"],
  registry: ["auth", "data", "http"],
  gitlab: ["auth", "data", "http", "registry"],
  ".": ["auth", "data", "gitlab", "http", "registry"],
  server: [".", "auth", "data"]
}

const modules = readdirSync(src, { recursive: true, encoding: "utf8" }).filter((file) => file.endsWith(".ts"))
const folderOf = (file: string) => relative(src, dirname(join(src, file))).split("/")[0] || "."

describe("the folders of demo", () => {
  it("are the listed ones, with at most 15 modules each", () => {
    const folders = modules.map(folderOf)
    expect([...new Set(folders)].toSorted()).toEqual(Object.keys(allowed).toSorted())
    for (const folder of Object.keys(allowed)) {
      expect(folders.filter((other) => other === folder).length, folder).toBeLessThanOrEqual(15)
    }
  })

  for (const [folder, others] of Object.entries(allowed)) {
    it(`${folder} imports from ${others.join(", ") || "no other folder"}`, () => {
      const imported = modules
        .filter((file) => folderOf(file) === folder)
        .flatMap((file) =>
          [...readFileSync(join(src, file), "utf8").matchAll(/\bfrom "(\.[^"]+)"/g)].map(([, path]) =>
            folderOf(join(dirname(file), path!))
          )
        )
        .filter((other) => other !== folder)
      expect([...new Set(imported)].toSorted()).toEqual([...others].toSorted())
    })
  }
})
