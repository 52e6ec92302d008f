import { layer } from "@effect/vitest"
import { DemoRegistry } from "@gitlab-registry-usage/demo"
import { Effect, Layer } from "effect"
import { readFile, writeFile } from "node:fs/promises"
import { expect } from "vitest"
import { asAdministrator, execute, layerProgram, layerRegistry, Program, steady } from "./program.ts"

const path = new URL("../README.md", import.meta.url)

const block = /```console\n\$ (gitlab-registry-usage .*)\n([^]*?)```/g

layer(Layer.mergeAll(layerProgram, layerRegistry()), { timeout: "60 seconds", excludeTestServices: true })(
  "README",
  (it) => {
    it.effect("shows what the commands write; with UPDATE_README=1 it is made so", () =>
      Effect.gen(function* () {
        const program = yield* Program
        const env = asAdministrator(yield* DemoRegistry.DemoRegistry)
        const text = yield* Effect.promise(() => readFile(path, "utf8"))
        const commands = [...text.matchAll(block)].map(([, command = ""]) => command)
        expect(commands.length).toBeGreaterThan(5)
        let now = text
        for (const command of commands) {
          const line = command.replace("gitlab-registry-usage", `"${process.execPath}" "${program.path}"`)
          const { stderr, stdout } = yield* execute("sh", ["-c", line], { env })
          const errors = stderr.split("\n").filter((line) => line.startsWith("error: "))
          const shown = steady([stdout, ...errors.map((line) => `${line}\n`)].join(""))
          now = now.replace(block, (whole, other: string) =>
            other === command ? `\`\`\`console\n$ ${command}\n${shown}\`\`\`` : whole
          )
        }
        if (process.env.UPDATE_README === "1") yield* Effect.promise(() => writeFile(path, now))
        else expect(text).toBe(now)
      })
    )
  }
)
