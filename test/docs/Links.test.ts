import { expect, it } from "@effect/vitest"
import { Effect } from "effect"
import { mkdtempSync, readdirSync, rmSync, writeFileSync } from "node:fs"
import { tmpdir } from "node:os"
import { join } from "node:path"
import { root } from "../../scripts/workspace.mjs"
import { run } from "../consumer/Command.ts"

/** Checks the links of these documents to files and headings in the repository. */
const check = (directory: string, documents: ReadonlyArray<string>) =>
  run(directory, process.execPath, [
    join(root, "node_modules/remark-cli/cli.js"),
    "--no-config",
    "--no-stdout",
    "--quiet",
    "--frail",
    "--use",
    `${join(root, "node_modules/remark-validate-links/index.js")}=repository:false`,
    ...documents
  ])

it.live("links of the documentation lead to files and headings that are there", () =>
  Effect.gen(function* () {
    const readmes = readdirSync(join(root, "packages")).map((name) => `packages/${name}/*.md`)
    const { output, status } = yield* check(root, ["*.md", "docs", ...readmes])
    expect(output).toBe("")
    expect(status).toBe(0)
  })
)

it.live("a link to a file or a heading that is not there is found", () =>
  Effect.gen(function* () {
    const directory = yield* Effect.acquireRelease(
      Effect.sync(() => mkdtempSync(join(tmpdir(), "links-"))),
      (directory) => Effect.sync(() => rmSync(directory, { recursive: true }))
    )
    writeFileSync(
      join(directory, "one.md"),
      "# One\n\n[file](missing.md) [heading](two.md#missing) [right](two.md#two)\n"
    )
    writeFileSync(join(directory, "two.md"), "# Two\n")
    const { output, status } = yield* check(directory, ["one.md", "two.md"])
    expect(status).toBe(1)
    expect(output.match(/missing/g)?.length).toBeGreaterThanOrEqual(2)
    expect(output).not.toContain("two.md#two`")
  }).pipe(Effect.scoped)
)
