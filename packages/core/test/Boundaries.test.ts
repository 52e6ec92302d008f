import { describe, expect, it } from "@effect/vitest"
import { readdirSync, readFileSync } from "node:fs"
import { createRequire } from "node:module"
import { dirname, join } from "node:path"
import { fileURLToPath } from "node:url"

const packages = fileURLToPath(new URL("../..", import.meta.url))

/** What each published package may have as a dependency, besides `effect` as a peer. */
const dependencies: Readonly<Record<string, ReadonlyArray<string>>> = {
  core: [],
  "adapter-http": ["@gitlab-registry-usage/core"],
  "adapter-jwt": ["@gitlab-registry-usage/core", "jose"],
  "adapter-ldap": ["@gitlab-registry-usage/core", "ldapts"],
  "adapter-sql": ["@effect/sql-pg", "@gitlab-registry-usage/core"]
}

const manifestOf = (name: string) =>
  JSON.parse(readFileSync(join(packages, name, "package.json"), "utf8")) as Record<string, Record<string, string>>

const sources = readdirSync(join(packages, "core/src"), { recursive: true, encoding: "utf8" }).filter(
  (file) => file.endsWith(".ts") && !file.startsWith("conformance")
)

const effectHome = join(dirname(createRequire(import.meta.url).resolve("effect/package.json")), "src")

/** The stability that a module of effect states of itself. */
const stability = (module: string): string =>
  /@stability (\w+)/.exec(readFileSync(join(effectHome, `${module}.ts`), "utf8"))?.[1] ?? "not stated"

/** Functions that the index of effect exports from modules of other names. */
const functions: Readonly<Record<string, string>> = { pipe: "Function", flow: "Function", identity: "Function" }

describe("what the packages may depend on", () => {
  for (const [name, allowed] of Object.entries(dependencies)) {
    it(`${name} depends on ${allowed.join(" and ") || "nothing"}, with effect as a peer`, () => {
      const manifest = manifestOf(name)
      expect(Object.keys(manifest["dependencies"] ?? {}).toSorted()).toEqual(allowed)
      expect(manifest["peerDependencies"]!["effect"]).toBe(name === "core" ? "^4.0.0" : "~4.1.0")
    })
  }

  it("core imports stable modules of effect alone", () => {
    const imported = new Map<string, string>()
    for (const file of sources) {
      const text = readFileSync(join(packages, "core/src", file), "utf8")
      for (const [, names] of text.matchAll(/import (?:type )?\{([^}]*)\} from "effect"/g)) {
        for (const name of names!.split(",")) {
          const module = name
            .replace(/^\s*type\s+/, "")
            .trim()
            .split(" as ")[0]!
          if (module !== "") imported.set(module, file)
        }
      }
    }
    expect(imported.size).toBeGreaterThan(5)
    for (const [module, file] of imported) {
      expect(stability(functions[module] ?? module), `${module} in ${file}`).toBe("stable")
    }
  })
})

/** What the modules of each folder may import, besides their own folder: always folders that stand above it here. */
const folders: Readonly<Record<string, ReadonlyArray<string>>> = {
  registry: [],
  text: ["registry"],
  auth: [],
  plan: [],
  inventory: ["registry"],
  usage: ["registry", "inventory"],
  history: ["registry", "usage"],
  snapshot: ["registry", "inventory", "usage", "history"],
  hal: ["registry", "inventory", "usage", "history", "snapshot"],
  metrics: ["inventory", "usage", "snapshot"],
  testing: ["registry", "auth"],
  conformance: ["registry", "auth", "inventory", "usage", "history", "snapshot", "testing"]
}

/** Most files that one folder may have at one level. */
const maximumFiles = 15

describe("the folders of core", () => {
  const home = join(packages, "core/src")
  const entries = readdirSync(home, { withFileTypes: true })
  const filesOf = (folder: string) => readdirSync(join(home, folder)).filter((file) => file.endsWith(".ts"))

  it("are those of the table, each below those that it imports", () => {
    const found = entries.filter((entry) => entry.isDirectory()).map(({ name }) => name)
    expect(found.toSorted()).toEqual(Object.keys(folders).toSorted())
    const order = Object.keys(folders)
    for (const [folder, allowed] of Object.entries(folders)) {
      for (const other of allowed)
        expect(order.indexOf(other), `${folder} → ${other}`).toBeLessThan(order.indexOf(folder))
    }
    expect(entries.filter((entry) => entry.isFile()).map(({ name }) => name)).toEqual(["index.ts", "promise.ts"])
  })

  for (const [folder, allowed] of Object.entries(folders)) {
    it(`${folder} imports ${allowed.join(", ") || "no other folder"}`, () => {
      const files = filesOf(folder)
      expect(files.length).toBeGreaterThan(0)
      expect(files.length).toBeLessThanOrEqual(maximumFiles)
      const imported = new Set<string>()
      for (const file of files) {
        const text = readFileSync(join(home, folder, file), "utf8")
        for (const [, specifier] of text.matchAll(/\b(?:from|import)[ (]+"(\.[^"]*)"/g)) {
          const parts = specifier!.split("/")
          const isOwn = parts[0] === "." && parts.length === 2
          const isOther = parts[0] === ".." && parts.length === 3
          expect(isOwn || isOther, `${folder}/${file} imports ${specifier}`).toBe(true)
          if (isOther) imported.add(parts[1]!)
        }
      }
      // An arrow that the table allows and nobody needs would hide the next one that is wrong.
      expect([...imported].toSorted()).toEqual(allowed.toSorted())
    })
  }
})
