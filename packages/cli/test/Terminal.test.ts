import { layer } from "@effect/vitest"
import { DemoRegistry, Fault } from "@gitlab-registry-usage/demo"
import { Effect, Layer } from "effect"
import { expect } from "vitest"
import { asAdministrator, layerProgram, layerRegistry, Program, type RunOptions, steady } from "./program.ts"

const environment = Effect.map(DemoRegistry.DemoRegistry, asAdministrator)

const onTerminal = Effect.fnUntraced(function* (
  args: ReadonlyArray<string>,
  options: RunOptions & { readonly columns: number; readonly withErrors?: boolean }
) {
  const program = yield* Program
  return yield* program.runOnTerminal(args, { ...options, env: { ...(yield* environment), ...options.env } })
})

const golden = (name: string, text: string) =>
  Effect.promise(async () => expect(steady(text)).toMatchFileSnapshot(`golden/${name}`))

const widthOf = (line: string) => [...line].length
const lines = (text: string) => text.trimEnd().split("\n")
/** The text without its lines, which depend on the width. */
const words = (text: string) => text.trim().replace(/\s+/g, " ")
// oxlint-disable-next-line no-control-regex
const codes = /\u001B\[[\d;]*m/g

layer(Layer.mergeAll(layerProgram, layerRegistry()), { timeout: "60 seconds", excludeTestServices: true })(
  "on a terminal",
  (it) => {
    for (const columns of [40, 60, 80, 100, 200]) {
      it.effect(`tables fit ${columns} columns`, () =>
        Effect.gen(function* () {
          const commands = [
            ["ls"],
            ["ls", "-t", "-n", "8"],
            ["why", "acme/shop/web:2.1.0"],
            ["check", "--max-total", "1GB"],
            ["prune", "--dry-run", "--name-regex", "night-.*"],
            ["doctor"]
          ]
          for (const args of commands) {
            const { status, stdout } = yield* onTerminal(args, { columns, env: { NO_COLOR: "1" } })
            expect(status).toBe(0)
            for (const line of lines(stdout)) expect(widthOf(line), line).toBeLessThanOrEqual(columns)
            // The port that stands in it differs, and so does where lines end.
            if (args[0] === "doctor" || columns === 40 || columns === 80) continue
            yield* golden(`terminal-${columns}-${args[0]}${args[1] === "-t" ? "-tags" : ""}.txt`, stdout)
          }
        })
      )
    }

    for (const columns of [40, 60]) {
      it.effect(`messages, help and explanations end their lines between words at ${columns} columns`, () =>
        Effect.gen(function* () {
          const program = yield* Program
          const env = yield* environment
          const { url } = yield* DemoRegistry.DemoRegistry
          const isTable: ReadonlySet<string> = new Set(["why", "doctor"])
          for (const args of [
            ["--help"],
            ["prune", "--help"],
            ["total", "-g", "127.0.0.1:1"],
            ["check", "--max-total", "50"],
            ["ls", "acme/shpo"],
            ["why", "acme/shop/web:2.1.0"],
            ["doctor", "-g", url]
          ]) {
            const whole = yield* program.run(args, { env: { ...env, NO_COLOR: "1", CI: "true" } })
            const narrow = yield* onTerminal(args, { columns, withErrors: true, env: { NO_COLOR: "1", CI: "true" } })
            expect({ args, status: narrow.status }).toEqual({ args, status: whole.status })
            for (const line of lines(narrow.stdout)) expect(widthOf(line), line).toBeLessThanOrEqual(columns)
            const isSame = (word: string) => !/^[\d.]+m?s$|^[█▏▎▍▌▋▊▉]+$/.test(word)
            const wordsOf = (text: string) => words(text).split(" ").filter(isSame).toSorted()
            const expected = wordsOf(whole.stdout + " " + whole.stderr)
            if (isTable.has(args[0]!)) {
              // A column that goes below its rows has no heading, and a label at each row.
              const headings = new Set(["CHARGED", "TO", "SHARED", "WITH", "(TAGS)", "DETAIL"])
              const shown = new Set(wordsOf(narrow.stdout))
              expect(expected.filter((word) => !headings.has(word) && !shown.has(word))).toEqual([])
            } else {
              expect(wordsOf(narrow.stdout)).toEqual(expected)
            }
          }
        })
      )
    }

    it.effect("why keeps who shares and what deleting frees where it is narrow, also with -q", () =>
      Effect.gen(function* () {
        for (const columns of [40, 60, 80]) {
          const { stdout } = yield* onTerminal(["why", "acme/shop/api:1.0.0", "-q"], {
            columns,
            env: { NO_COLOR: "1" }
          })
          expect(words(stdout)).toContain("shared with acme/shop/api (3), acme/shop/cache (1) and 7 more")
          expect(words(stdout)).toMatch(/TOTAL 6 blobs 638 KiB UNIQUE 3 blobs 89\.3 KiB$/)
        }
      })
    )

    it.effect("is in colour there, and not with NO_COLOR, TERM=dumb or in a pipe, but with FORCE_COLOR", () =>
      Effect.gen(function* () {
        const program = yield* Program
        const env = yield* environment
        const plain = (yield* program.run(["ls"], { env })).stdout
        expect(plain).not.toMatch(codes)
        const coloured = (yield* onTerminal(["ls"], { columns: 200 })).stdout
        expect(coloured).toMatch(codes)
        expect(coloured.replaceAll(codes, "")).toBe(plain)
        expect((yield* onTerminal(["ls"], { columns: 200, env: { NO_COLOR: "1" } })).stdout).toBe(plain)
        expect((yield* onTerminal(["ls"], { columns: 200, env: { TERM: "dumb" } })).stdout).toBe(plain)
        expect((yield* program.run(["ls"], { env: { ...env, FORCE_COLOR: "1" } })).stdout).toBe(coloured)
        expect((yield* program.run(["ls"], { env: { ...env, FORCE_COLOR: "1", NO_COLOR: "1" } })).stdout).toBe(plain)
        expect((yield* program.run(["ls", "-o", "csv"], { env: { ...env, FORCE_COLOR: "1" } })).stdout).not.toMatch(
          codes
        )
      })
    )

    it.effect("has a line of progress that is gone in the end", () =>
      Effect.gen(function* () {
        const { inject } = yield* DemoRegistry.DemoRegistry
        yield* inject({ on: ({ kind }) => kind === "manifest", times: 40, answer: Fault.delay("100 millis") })
        const { stdout } = yield* onTerminal(["total"], { columns: 70, withErrors: true, env: { NO_COLOR: "1" } })
        const shown = stdout.split("\r\u001B[K")
        expect(shown.length).toBeGreaterThan(3)
        const progress = shown.slice(1, -1)
        expect(progress.every((line) => widthOf(line) < 70)).toBe(true)
        expect(progress.join("\n")).toMatch(/\d+\/12 repositories · \d+\/\d+ tags · \d+ tags\/s/)
        // Nothing of it is left on the screen.
        expect(words(shown.at(-1)!)).toBe(
          "warning: could not read acme/vault/secrets: Denied: " +
            `${(yield* DemoRegistry.DemoRegistry).url}/jwt/auth does not grant repository:acme/vault/secrets:pull; ` +
            "give the account of --user the right to read it ≥ 2.70 MiB " +
            "On disk does not count untagged content, which registries do not list"
        )
      })
    )

    it.effect("with -q shows nothing but the data, and that some is missing", () =>
      Effect.gen(function* () {
        const { stdout } = yield* onTerminal(["total", "-q"], { columns: 70, withErrors: true })
        expect(words(stdout)).toBe(
          "warning: 1 thing could not be read or left out, so sizes may be too small; run without --quiet to see what ≥ 2.70 MiB"
        )
        const program = yield* Program
        expect((yield* program.run(["total", "-q"], { env: yield* environment })).stderr).toBe(
          "warning: 1 thing could not be read or left out, so sizes may be too small; run without --quiet to see what\n"
        )
      })
    )

    it.effect("in a job progress is in plain lines", () =>
      Effect.gen(function* () {
        const program = yield* Program
        const { stderr } = yield* program.run(["total"], { env: { ...(yield* environment), CI: "true" } })
        expect(stderr).toMatch(/^read 12 repositories with 139 tags in \d+\.\ds\nwarning: /)
        // Also where the job has a terminal, as GitLab's runner for Docker gives one.
        const { stdout } = yield* onTerminal(["total"], { columns: 70, withErrors: true, env: { CI: "true" } })
        expect(stdout).not.toContain("\r\u001B[K")
      })
    )
  }
)
