import { expect, layer, vi } from "@effect/vitest"
import { Context, Effect, Layer } from "effect"
import { readFileSync, statSync } from "node:fs"
import { dirname, join } from "node:path"
import { publint } from "publint"
import { formatMessage } from "publint/utils"
import { published } from "../../scripts/packages.mjs"
import { root } from "../../scripts/workspace.mjs"
import { run, succeed } from "./Command.ts"
import * as Project from "./Project.ts"

class Consumers extends Context.Service<
  Consumers,
  {
    readonly tarballs: ReadonlyMap<string, string>
    /** Projects with all packages, installed by npm and by pnpm. */
    readonly npm: string
    readonly pnpm: string
    /** A project with only the packages that a program without Effect imports. */
    readonly promise: string
  }
>()("Consumers") {}

const scope = "@gitlab-registry-usage"
const compilers = { 7: "node_modules", 6: "packages/reference/node_modules" }

const consumers = Layer.effect(
  Consumers,
  Effect.gen(function* () {
    const directory = yield* Project.temporary
    const tarballs = yield* Project.pack(directory)
    const [npm, pnpm, promise] = ["npm", "pnpm", "promise"].map((name) => join(directory, name)) as [
      string,
      string,
      string
    ]
    const libraries = [...tarballs].filter(([name]) => !/(server|cli)$/.test(name))
    yield* Effect.all(
      [
        Project.make(npm, "npm", tarballs, ["effect", "@types/node"]),
        Project.make(pnpm, "pnpm", tarballs, ["effect", "@types/node"]),
        Project.make(promise, "npm", libraries, ["@types/node"])
      ],
      { concurrency: "unbounded" }
    )
    return { tarballs, npm, pnpm, promise }
  })
)

const resolutions = {
  nodenext: ["--module", "nodenext"],
  bundler: ["--module", "esnext", "--moduleResolution", "bundler"]
}

/** Compiles programs strictly, and checks the declarations of all packages. */
const compile = (
  directory: string,
  compiler: keyof typeof compilers,
  programs: ReadonlyArray<string>,
  flags: ReadonlyArray<string>
) =>
  succeed(directory, process.execPath, [
    join(root, compilers[compiler], "typescript/bin/tsc"),
    ...programs,
    "--strict",
    "--exactOptionalPropertyTypes",
    "--noUncheckedIndexedAccess",
    "--target",
    "es2022",
    "--types",
    "node",
    "--outDir",
    "out",
    ...flags
  ])

const effectOutput = "measured: true\n"
const serverOutput = 'ready: 200 {"status":"ready","stale":false}\n'
const promiseOutput = [
  "measured",
  "progress",
  "nothing changed",
  "one tag",
  "within budget",
  "aborted",
  "unreachable",
  "unreadable",
  "token",
  "forged",
  "directory unavailable"
]
  .map((title) => `${title}: yes\n`)
  .join("")

/** A file of declarations, with those that it imports from its own package. */
const declarationsOf = (file: string, seen = new Set<string>()): string => {
  if (seen.has(file)) return ""
  seen.add(file)
  const text = readFileSync(file, "utf8")
  const others = [...text.matchAll(/from "(\.[^"]+)\.(?:js|ts)"/g)].map(([, path]) =>
    declarationsOf(join(dirname(file), `${path}.d.ts`), seen)
  )
  return [text, ...others].join("\n")
}

vi.setConfig({ testTimeout: 120_000 })

layer(consumers, { excludeTestServices: true, timeout: 120_000 })("the published packages", (it) => {
  for (const { bin, name, publishConfig } of published()) {
    it.effect(`${name} passes publint`, () =>
      Effect.gen(function* () {
        const { tarballs } = yield* Consumers
        const file = readFileSync(tarballs.get(name)!)
        const tarball = file.buffer.slice(file.byteOffset, file.byteOffset + file.byteLength) as ArrayBuffer
        const { messages, pkg } = yield* Effect.promise(() => publint({ pack: { tarball }, strict: true }))
        expect(messages.map((message) => formatMessage(message, pkg, { color: false }))).toEqual([])
        expect(JSON.stringify(pkg)).not.toMatch(/"(workspace|catalog):/)
      })
    )

    it.effect(`${name} packs into at most 2 MB`, () =>
      Effect.gen(function* () {
        expect(statSync((yield* Consumers).tarballs.get(name)!).size).toBeLessThanOrEqual(2e6)
      })
    )

    if (publishConfig?.exports !== undefined) {
      it.effect(`${name} has types for every module resolution`, () =>
        Effect.gen(function* () {
          const { tarballs } = yield* Consumers
          const attw = join(root, "node_modules/@arethetypeswrong/cli/dist/index.js")
          const args = [attw, tarballs.get(name)!, "--profile", "esm-only", "--format", "json"]
          const { output, status } = yield* run(root, process.execPath, args)
          expect(status, output).toBe(0)
          expect(Object.keys(JSON.parse(output).analysis.entrypoints).length).toBe(
            Object.keys(publishConfig.exports!).length
          )
        })
      )
    }

    for (const command of Object.keys(bin ?? {})) {
      it.effect(`${name} installs the command ${command}`, () =>
        Effect.gen(function* () {
          const projects = yield* Consumers
          for (const directory of [projects.npm, projects.pnpm]) {
            const { output, status } = yield* run(directory, join(directory, "node_modules/.bin", command), [
              "--version"
            ])
            expect(output).toMatch(/\d+\.\d+\.\d+/)
            expect(status).toBe(0)
          }
        })
      )
    }
  }

  for (const installer of ["npm", "pnpm"] as const) {
    for (const [resolution, flags] of Object.entries(resolutions)) {
      it.effect(`installed by ${installer}, compiled with ${resolution} resolution, programs run`, () =>
        Effect.gen(function* () {
          const directory = (yield* Consumers)[installer]
          yield* compile(
            directory,
            7,
            ["effect.ts", "server.ts", "promise.ts", "declarations.ts"],
            [...flags, "--declaration"]
          )
          const outputs = yield* Effect.forEach(
            ["effect", "promise"],
            (program) => succeed(directory, process.execPath, [`out/${program}.js`]),
            { concurrency: "unbounded" }
          )
          expect(outputs).toEqual([effectOutput, promiseOutput])
        })
      )
    }
  }

  it.effect("a program without Effect needs none of its declarations", () =>
    Effect.gen(function* () {
      const { promise } = yield* Consumers
      const files = yield* compile(promise, 7, ["promise.ts"], ["--module", "nodenext", "--listFiles"])
      expect(files).toContain(`node_modules/${scope}/promise/dist/index.d.ts`)
      expect(files).not.toMatch(/node_modules\/(effect|@effect|jose|ldapts)\//)
      yield* compile(promise, 6, ["promise.ts"], ["--module", "nodenext"])
      expect(yield* succeed(promise, process.execPath, ["out/promise.js"])).toBe(promiseOutput)
    })
  )

  it.effect("no declaration for a program without Effect imports anything", () =>
    Effect.gen(function* () {
      const { promise } = yield* Consumers
      for (const name of ["promise/dist/index", "adapter-jwt/dist/promise", "adapter-ldap/dist/promise"]) {
        const text = declarationsOf(join(promise, "node_modules", scope, `${name}.d.ts`))
        expect(text, name).toContain("export declare const")
        expect(text, name).not.toMatch(/\b(?:from|import) ?\(?"[^.]/)
      }
    })
  )

  it.effect("a program ends by itself when its server has stopped", () =>
    Effect.gen(function* () {
      const { npm } = yield* Consumers
      yield* compile(npm, 7, ["server.ts"], resolutions.nodenext)
      const { output, status } = yield* run(npm, process.execPath, ["out/server.js"])
      expect(output).toBe(serverOutput)
      expect(status, "the program goes on after its last line").toBe(0)
    })
  )

  it.effect("plain JavaScript runs", () =>
    Effect.gen(function* () {
      const { promise } = yield* Consumers
      expect(yield* succeed(promise, process.execPath, ["plain.mjs"])).toBe("true\n")
    })
  )
})
