/** The order of rows does not depend on the order in which a registry lists its tags. */
import { layer } from "@effect/vitest"
import { Snapshot } from "@gitlab-registry-usage/core"
import { Images, RegistryMemory } from "@gitlab-registry-usage/core/testing"
import { Effect } from "effect"
import { writeFile } from "node:fs/promises"
import { join } from "node:path"
import { expect } from "vitest"
import { directory, layerProgram, Program } from "./program.ts"

const imageOf = (name: string, size: number) =>
  Effect.flatMap(Images.layer(name, size), (layer) => Images.image({ layers: [layer] }))

/** Tags in no order; b and c point to one image, so their unique sizes are equal. */
const saved = Effect.gen(function* () {
  const [small, large, shared] = [
    yield* imageOf("small", 1000),
    yield* imageOf("large", 9000),
    yield* imageOf("shared", 5000)
  ]
  const repositories = [
    Images.repository("team/two", { d: small, a: large, c: shared, b: shared }),
    Images.repository("team/one", { z: shared, y: large })
  ]
  const snapshot = yield* Effect.provide(Snapshot.take(), RegistryMemory.layer({ repositories }))
  const path = join(yield* directory, "all.snapshot")
  yield* Effect.promise(async () => writeFile(path, await Effect.runPromise(Snapshot.encode(snapshot))))
  return path
})

layer(layerProgram, { timeout: "60 seconds", excludeTestServices: true })("ls --tags", (it) => {
  it.effect("sorts in every order and form, and ties by repository and tag", () =>
    Effect.gen(function* () {
      const program = yield* Program
      const path = yield* saved
      const tagsOf = Effect.fnUntraced(function* (...args: ReadonlyArray<string>) {
        const from = ["ls", "-t", "-q", "--from", path, ...args]
        const { stdout } = yield* program.run([...from, "-o", "json"])
        const tags = JSON.parse(stdout).tags.map((row: any) => `${row.repository}:${row.tag}`)
        const csv = (yield* program.run([...from, "-o", "csv"])).stdout.trim().split(/\r?\n/).slice(1)
        expect(csv.map((line) => line.split(",").slice(0, 2).join(":"))).toEqual(tags)
        const lines = (yield* program.run([...from, "-o", "ndjson"])).stdout.trim().split("\n")
        expect(lines.map((line) => `${JSON.parse(line).repository}:${JSON.parse(line).tag}`)).toEqual(tags)
        const table = (yield* program.run([...from, "--no-header"])).stdout.trim().split("\n").slice(0, tags.length)
        expect(table.map((line) => line.split(/ +/).slice(0, 2).join(":"))).toEqual(tags)
        const markdown = (yield* program.run([...from, "-o", "markdown"])).stdout.split("\n").slice(2, 2 + tags.length)
        expect(markdown.map((line) => line.split(/[ |]+/).slice(1, 3).join(":"))).toEqual(tags)
        return tags
      })
      const byName = ["team/one:y", "team/one:z", "team/two:a", "team/two:b", "team/two:c", "team/two:d"]
      expect(yield* tagsOf("-s", "name")).toEqual(byName)
      expect(yield* tagsOf("-s", "name", "-R")).toEqual(byName.toReversed())
      expect(yield* tagsOf("-s", "name", "team/two")).toEqual(byName.slice(2))
      expect(yield* tagsOf("-s", "name", "team/")).toEqual(byName)
      expect(yield* tagsOf("-s", "size")).toEqual([
        "team/one:y",
        "team/two:a",
        "team/one:z",
        "team/two:b",
        "team/two:c",
        "team/two:d"
      ])
      const unique = yield* tagsOf("-s", "unique")
      expect(unique[0]).toBe("team/two:d")
      expect(unique.slice(1)).toEqual(byName.slice(0, 5))
    })
  )

  it.effect("has no total of what does not add up", () =>
    Effect.gen(function* () {
      const program = yield* Program
      const path = yield* saved
      for (const args of [["ls"], ["ls", "-t"], ["ls", "-n", "1"]]) {
        const { stdout } = yield* program.run([
          ...args,
          "--bytes",
          "--no-header",
          "--columns",
          "name,unique,shared,disk",
          "--from",
          path
        ])
        const [rest, total] = [
          stdout.split("\n").find((line) => line.startsWith("(")),
          stdout.trim().split("\n").at(-1)!
        ]
        // What follows the name is the size on disk alone.
        expect(total).toMatch(/^TOTAL \d+ (?:repositories|tags) +\d+$/)
        if (rest !== undefined) expect(rest).toMatch(/^\(.*\) +\d+$/)
      }
    })
  )
})
