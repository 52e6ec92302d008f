/** The folders of each package and their imports: no cycles, and no large folder. */
import { describe, expect, it } from "@effect/vitest"
import { readdirSync, readFileSync } from "node:fs"
import { dirname, join, normalize } from "node:path"
import { root } from "../../scripts/workspace.mjs"

type Folders = Readonly<Record<string, ReadonlyArray<string>>>

/**
 * By package: each folder, and what it imports, always from above it in this table. "." has the files beside the
 * folders; such a file has an entry of its own if folders import it.
 */
const packages: Readonly<Record<string, Folders>> = {
  "adapter-http": {
    transport: [],
    auth: ["transport"],
    distribution: ["transport", "auth"],
    gitlab: ["transport", "auth", "distribution"],
    ".": ["transport", "auth", "distribution", "gitlab"]
  },
  "adapter-jwt": {
    ".": []
  },
  "adapter-ldap": {
    ".": []
  },
  "adapter-sql": {
    database: [],
    versions: ["database"],
    ports: ["database", "versions"],
    postgres: ["database", "ports"],
    sqlite: ["database", "ports"],
    ".": ["database", "ports", "postgres", "sqlite"]
  },
  bench: {
    "Format.ts": [],
    "Measurement.ts": [],
    "Suite.ts": [],
    registry: [],
    serve: [],
    crawl: ["Measurement.ts"],
    history: ["Format.ts", "Measurement.ts", "registry", "serve"],
    scale: ["Measurement.ts", "registry"],
    suites: ["Format.ts", "Measurement.ts", "Suite.ts", "registry", "serve", "crawl", "history", "scale"],
    ".": ["Format.ts", "Suite.ts", "suites"]
  },
  cli: {
    "Version.ts": [],
    output: [],
    connection: ["output"],
    crawl: ["output", "connection"],
    history: ["output", "connection"],
    tables: ["output", "connection", "crawl", "history"],
    report: ["Version.ts", "output", "crawl", "tables"],
    commands: ["output", "connection", "crawl", "history", "tables", "report"],
    ".": ["Version.ts", "output", "connection", "commands"]
  },
  core: {
    plan: [],
    text: [],
    auth: ["text"],
    registry: ["text"],
    inventory: ["registry", "text"],
    testing: ["auth", "registry"],
    usage: ["registry", "inventory"],
    history: ["registry", "text", "usage"],
    snapshot: ["text", "registry", "inventory", "usage", "history"],
    conformance: ["auth", "registry", "inventory", "testing", "usage", "history", "snapshot"],
    hal: ["registry", "inventory", "usage", "history", "snapshot"],
    metrics: ["text", "inventory", "usage", "snapshot"],
    ".": ["auth", "plan", "registry", "inventory", "text", "usage", "history", "snapshot", "hal", "metrics"]
  },
  dashboard: {
    api: [],
    view: ["api"],
    "parts/controls": ["view"],
    usage: ["api", "view"],
    "parts/detail": ["api", "view", "parts/controls", "usage"],
    "parts/table": ["api", "view", "parts/controls", "usage"],
    "parts/trend": ["api", "view", "parts/controls", "usage"],
    parts: ["api", "view", "parts/controls", "usage", "parts/detail", "parts/table", "parts/trend"],
    ".": ["api", "view", "parts"]
  },
  demo: {
    data: [],
    http: [],
    auth: ["data", "http"],
    registry: ["data", "http", "auth"],
    gitlab: ["data", "http", "auth", "registry"],
    "DemoRegistry.ts": ["data", "http", "auth", "registry", "gitlab"],
    ".": ["data", "http", "auth", "DemoRegistry.ts"],
    server: ["data", "auth", "DemoRegistry.ts"]
  },
  promise: {
    ".": []
  },
  reference: {
    ".": []
  },
  server: {
    "ListenError.ts": [],
    "Version.ts": [],
    "Metrics.ts": ["Version.ts"],
    "http/wire": ["Metrics.ts"],
    "config/keys": ["http/wire"],
    "http/auth": ["Metrics.ts", "http/wire"],
    "http/query": ["http/wire"],
    config: ["config/keys"],
    "config/source": ["config/keys"],
    "http/api": ["Version.ts", "http/wire", "http/query"],
    "http/service": ["Metrics.ts", "http/wire", "http/auth"],
    "http/documents": ["Version.ts", "http/wire", "http/auth", "http/query", "http/api"],
    http: [
      "ListenError.ts",
      "Metrics.ts",
      "http/wire",
      "http/auth",
      "http/query",
      "http/api",
      "http/service",
      "http/documents"
    ],
    "config/options": ["config/keys", "config/source", "http"],
    stores: ["config/options"],
    adapters: ["Version.ts", "Metrics.ts", "http/auth", "config/options", "stores"],
    ".": [
      "ListenError.ts",
      "Version.ts",
      "http/auth",
      "config/source",
      "http/service",
      "http",
      "config/options",
      "stores",
      "adapters"
    ]
  },
  "test-servers": {
    ".": []
  }
}

/** The most files of one folder, without subfolders. */
const maximumFiles = 15

const home = join(root, "packages")

const namesOf = (name: string): ReadonlyArray<string> =>
  readdirSync(join(home, name, "src"), { recursive: true, encoding: "utf8" }).filter((file) => /\.tsx?$/.test(file))

it("every package is listed", () => {
  const all = readdirSync(home).filter((name) => namesOf(name).length > 0)
  expect(Object.keys(packages).toSorted()).toEqual(all.toSorted())
})

for (const [name, folders] of Object.entries(packages)) {
  const files = namesOf(name)
  const roomOf = (file: string) => (Object.hasOwn(folders, file) ? file : dirname(file))

  describe(`the folders of ${name}`, () => {
    it(`have at most ${maximumFiles} files`, () => {
      for (const folder of new Set(files.map((file) => dirname(file)))) {
        expect(files.filter((file) => dirname(file) === folder).length, folder).toBeLessThanOrEqual(maximumFiles)
      }
    })

    it("import what the table permits, without cycles", () => {
      const found = Object.fromEntries(Object.keys(folders).map((room) => [room, new Set<string>()]))
      for (const file of files) {
        expect(found, file).toHaveProperty([roomOf(file)])
        const text = readFileSync(join(home, name, "src", file), "utf8")
        for (const [, path] of text.matchAll(/\b(?:from|import)[ (]+"(\.[^"]+\.tsx?)"/g)) {
          const room = roomOf(normalize(join(dirname(file), path!)))
          if (room !== roomOf(file)) found[roomOf(file)]!.add(room)
        }
      }
      const order = Object.keys(folders)
      for (const [room, imported] of Object.entries(found)) {
        // An unused permission in the table would hide a wrong import later.
        expect([...imported].toSorted(), room).toEqual([...folders[room]!].toSorted())
        for (const other of imported)
          expect(order.indexOf(other), `${room} → ${other}`).toBeLessThan(order.indexOf(room))
      }
    })
  })
}
