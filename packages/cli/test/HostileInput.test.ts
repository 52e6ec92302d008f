import { layer } from "@effect/vitest"
import { InventoryBuilder, MediaType, Names, Snapshot, Usage } from "@gitlab-registry-usage/core"
import { DateTime, Effect } from "effect"
import { XMLValidator } from "fast-xml-parser"
import { readFile, stat, writeFile } from "node:fs/promises"
import { join } from "node:path"
import { expect } from "vitest"
import { directory, layerProgram, Program } from "./program.ts"

const evil =
  '\u001b[31m\u0007\u009b2J\u202e=HYPERLINK("x")\r\n<script>alert(1)</script> ]]> @everyone | `x`\u2028\ud800'

/** A snapshot whose gap and media type are text of somebody who means harm. */
const snapshot = Effect.gen(function* () {
  const builder = InventoryBuilder.make()
  const name = Names.RepositoryName.make("group/app")
  const digest = `sha256:${"0a".repeat(32)}` as never
  const manifest = builder.manifest(digest)
  const decoded = { mediaType: `${MediaType.ociManifest}${evil}`, children: [], config: undefined, layers: [] }
  builder.read(manifest, {
    manifest: { ...decoded, artifactType: undefined, subject: undefined },
    size: 500,
    configSize: 0,
    layerSizes: []
  })
  builder.gap({ repository: name, reason: `Malformed${evil}`, detail: evil, kept: false })
  const tags = { tagNames: [Names.TagName.make("latest")], tagManifests: Int32Array.of(manifest) }
  const inventory = builder.build([{ name, ...tags, unreadable: false, stale: false }])
  const path = join(yield* directory, "snapshot")
  const bytes = yield* Snapshot.encode({
    takenAt: DateTime.makeUnsafe(1e12),
    duration: 1,
    stale: false,
    usage: Usage.measure(inventory)
  })
  yield* Effect.promise(() => writeFile(path, bytes))
  return { path, bytes }
})

/** What a terminal obeys or hides; line breaks separate lines. */
const unsafe = /[^\P{C}\n\u{d800}-\u{dfff}]|[\u2028\u2029]/u

layer(layerProgram, { timeout: "120 seconds", excludeTestServices: true })("F123 text of somebody else", (it) => {
  it.effect(
    "reaches the terminal, and every output, as text",
    () =>
      Effect.gen(function* () {
        const program = yield* Program
        const { path } = yield* snapshot
        const commands = [
          ...["table", "json", "csv", "markdown"].map((output) => `why group/app:latest -o ${output}`),
          "ls -o ndjson",
          "check --max-total 1GB"
        ]
        for (const command of commands) {
          const { status, stderr, stdout: raw } = yield* program.run([...command.split(" "), "--from", path])
          const stdout = raw.replaceAll("\r\n", "\n")
          expect({ command, status }).toEqual({ command, status: 0 })
          expect(stdout, command).not.toMatch(unsafe)
          expect(stderr, command).not.toMatch(unsafe)
          expect(stderr.match(/^warning: could not read group\/app/gm), command).toHaveLength(1)
          expect(stdout, command).not.toMatch(/(?:^|,)"?[=@]/m)
        }
      }),
    120_000
  )

  it.effect(
    "is text in every report",
    () =>
      Effect.gen(function* () {
        const program = yield* Program
        const { path } = yield* snapshot
        const out = yield* directory
        const kinds = ["html", "junit", "openmetrics", "markdown", "dotenv", "csv", "json"] as const
        const flags = kinds.flatMap((kind) => [`--${kind}`, join(out, kind)])
        expect((yield* program.run(["report", ...flags, "--from", path])).status).toBe(0)
        for (const kind of kinds) {
          const text = (yield* Effect.promise(() => readFile(join(out, kind), "utf8"))).replaceAll("\r\n", "\n")
          expect(text, kind).not.toMatch(unsafe)
          if (kind === "json") expect(JSON.parse(text).gaps[0].detail).toBe(evil)
          if (kind === "junit") expect(XMLValidator.validate(text)).toBe(true)
          if (kind === "html") expect(text).not.toContain("<script>alert")
          if (kind === "markdown") expect(text).not.toMatch(/(?<!\\)[<@`]/)
        }
      }),
    120_000
  )

  it.effect(
    "that is no snapshot is refused on one line",
    () =>
      Effect.gen(function* () {
        const program = yield* Program
        const { bytes, path } = yield* snapshot
        yield* Effect.promise(() => writeFile(path, bytes.subarray(0, bytes.length - 3)))
        for (const command of ["ls", "check --max-total 1GB", "report --json -", "diff"]) {
          const args = command === "diff" ? ["diff", path, path] : [...command.split(" "), "--from", path]
          const { status, stderr, stdout } = yield* program.run(args)
          expect({ command, status, stdout }).toEqual({ command, status: 2, stdout: "" })
          expect(stderr, command).toMatch(/^error: .*not a readable snapshot.*\n$/)
        }
      }),
    120_000
  )

  it.effect(
    "is saved so that nobody else may read it, whatever was there before",
    () =>
      Effect.gen(function* () {
        const program = yield* Program
        const { path } = yield* snapshot
        const saved = join(yield* directory, "saved")
        yield* Effect.promise(() => writeFile(saved, "before", { mode: 0o644 }))
        yield* Effect.promise(() => writeFile(`${saved}.new`, "left behind", { mode: 0o644 }))
        expect((yield* program.run(["total", "--from", path, "--save", saved])).status).toBe(0)
        expect((yield* Effect.promise(() => stat(saved))).mode & 0o777).toBe(0o600)
      }),
    120_000
  )
})
