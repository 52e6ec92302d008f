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
  it("every adapter is listed above, and has a rule in .oxlintrc.json", () => {
    const adapters = readdirSync(packages).filter((name) => name.startsWith("adapter-"))
    expect(Object.keys(dependencies)).toEqual(["core", ...adapters])
    const rules = readFileSync(join(packages, "../.oxlintrc.json"), "utf8")
    for (const name of adapters) expect(rules).toContain(`"packages/${name}/src/**"`)
  })

  for (const [name, allowed] of Object.entries(dependencies)) {
    it(`${name} depends on ${allowed.join(" and ") || "nothing"}, with effect as a peer`, () => {
      const manifest = manifestOf(name)
      expect(Object.keys(manifest["dependencies"] ?? {}).toSorted()).toEqual(allowed)
      expect(manifest["peerDependencies"]!["effect"]).toBe(name === "core" ? "^4.0.0" : "~4.1.0")
    })
  }

  it("promise has neither dependencies nor peers", () => {
    const manifest = manifestOf("promise")
    expect(manifest["dependencies"]).toBeUndefined()
    expect(manifest["peerDependencies"]).toBeUndefined()
  })

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
