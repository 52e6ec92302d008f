import { Program, Servers } from "@gitlab-registry-usage/test-servers"
import { expect, it } from "@effect/vitest"
import { Effect } from "effect"
import * as Path from "node:path"
import { build } from "tsup"
import { fileURLToPath } from "node:url"

it.live("SQLite works from a program that is bundled and minified into one file, and says nothing by itself", () =>
  Effect.gen(function* () {
    const directory = yield* Servers.temporaryDirectory
    const entry = fileURLToPath(new URL("saveOnce.ts", import.meta.url))
    yield* Effect.promise(() =>
      build({
        entry: [entry],
        outDir: directory,
        config: false,
        format: "esm",
        platform: "node",
        target: "es2022",
        minify: true,
        noExternal: [/.*/],
        silent: true
      })
    )
    const program = yield* Program.start([Path.join(directory, "saveOnce.js"), Path.join(directory, "registry.sqlite")])
    expect(yield* program.end, program.output()).toBe(0)
    expect(program.output()).toBe("1 kept, without history: false\n")
  }).pipe(Effect.scoped)
)
