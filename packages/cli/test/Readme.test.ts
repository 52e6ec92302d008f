import { layer } from "@effect/vitest"
import { DemoRegistry } from "@gitlab-registry-usage/demo"
import { Effect, Layer } from "effect"
import { readFile, writeFile } from "node:fs/promises"
import { dirname } from "node:path"
import { expect } from "vitest"
import { layerServer, Server } from "./historyServer.ts"
import { asAdministrator, execute, layerProgram, layerRegistry, Program, steady } from "./program.ts"

const path = new URL("../README.md", import.meta.url)

const block = /```console\n\$ (gitlab-registry-usage .*)\n([^]*?)```/g

layer(Layer.mergeAll(layerProgram, layerRegistry(), layerServer), {
  timeout: "120 seconds",
  excludeTestServices: true
})("README", (it) => {
  it.effect("shows what the commands write; with UPDATE_README=1 it is made so", () =>
    Effect.gen(function* () {
      const program = yield* Program
      const env = asAdministrator(yield* DemoRegistry.DemoRegistry)
      const { database } = yield* Server
      const text = yield* Effect.promise(() => readFile(path, "utf8"))
      const commands = [...text.matchAll(block)].map(([, command = ""]) => command)
      expect(commands.length).toBeGreaterThan(5)
      let now = text
      for (const command of commands) {
        const line = command.replace("gitlab-registry-usage", `"${process.execPath}" "${program.path}"`)
        const { stderr, stdout } = yield* execute("sh", ["-c", line], {
          env,
          cwd: dirname(database)
        })
        // Of growth, when the disk will be full; of others, what is said beside the data is not shown.
        const isShown = (line: string) => line.startsWith("error: ") || (command.includes(" growth ") && line !== "")
        const errors = stderr.split("\n").filter(isShown)
        const shown = steady([stdout, ...errors.map((line) => `${line}\n`)].join(""))
        now = now.replace(block, (whole, other: string) =>
          other === command ? `\`\`\`console\n$ ${command}\n${shown}\`\`\`` : whole
        )
      }
      if (process.env.UPDATE_README === "1") yield* Effect.promise(() => writeFile(path, now))
      else expect(text).toBe(now)
    })
  )
})
