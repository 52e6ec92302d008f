import { expect, it } from "@effect/vitest"
import { readdirSync, readFileSync } from "node:fs"
import { dirname, join, normalize } from "node:path"
import { fileURLToPath } from "node:url"

const home = fileURLToPath(new URL("../../src/http", import.meta.url))

/** The folders of the HTTP side in their order: each may import itself and those before it. */
const folders = ["wire", "query", "auth", "api", "documents", "service"]

const files = readdirSync(home, { recursive: true, encoding: "utf8" }).filter((file) => file.endsWith(".ts"))
const folderOf = (file: string) => (dirname(file) === "." ? "." : file.split("/")[0]!)

it("each folder of http imports itself and the folders before it only", () => {
  expect([...new Set(files.map(folderOf))].toSorted()).toEqual([".", ...folders].toSorted())
  const wrong = files.flatMap((file) => {
    const folder = folderOf(file)
    const allowed = folder === "." ? [".", ...folders] : folders.slice(0, folders.indexOf(folder) + 1)
    const text = readFileSync(join(home, file), "utf8")
    return [...text.matchAll(/from "(\.[^"]+)"/g)]
      .map(([, path]) => normalize(join(dirname(file), path!)))
      .filter((path) => !path.startsWith("..") && !allowed.includes(folderOf(path)))
      .map((path) => `${file} imports ${path}`)
  })
  expect(wrong).toEqual([])
})

it("no folder of http has more than 15 files", () => {
  for (const folder of [".", ...folders]) {
    expect(files.filter((file) => dirname(file) === folder).length, folder).toBeLessThanOrEqual(15)
  }
})
