import { describe, expect, it } from "@effect/vitest"
import { readdirSync, readFileSync } from "node:fs"
import { join, relative, resolve } from "node:path"

const sources = resolve(import.meta.dirname, "../../src")

/** What each folder of the configuration may import of this package, in the order of the folders. */
const allowed: Readonly<Record<string, ReadonlyArray<string>>> = {
  "config/keys": ["config/keys", "http/wire/TrustedProxies.ts"],
  "config/source": ["config/keys", "config/source"],
  "config/options": ["config/keys", "config/source", "config/options"],
  config: ["config/keys"]
}

describe("the folders of the configuration", () => {
  it("are all listed", () => {
    const folders = readdirSync(join(sources, "config"), { withFileTypes: true }).filter((entry) => entry.isDirectory())
    expect(["config", ...folders.map(({ name }) => `config/${name}`)].sort()).toEqual(Object.keys(allowed).sort())
  })

  for (const [folder, targets] of Object.entries(allowed)) {
    it(`${folder} imports ${targets.join(", ")} only, and has at most 15 files`, () => {
      const files = readdirSync(join(sources, folder)).filter((file) => file.endsWith(".ts"))
      expect(files.length).toBeGreaterThan(0)
      expect(files.length).toBeLessThanOrEqual(15)
      for (const file of files) {
        for (const [, target] of readFileSync(join(sources, folder, file), "utf8").matchAll(/from "(\.[^"]+)"/g)) {
          const imported = relative(sources, resolve(sources, folder, target!))
          const isAllowed = targets.some((name) => imported === name || imported.startsWith(`${name}/`))
          expect(isAllowed, `${folder}/${file} imports ${imported}`).toBe(true)
        }
      }
    })
  }
})
