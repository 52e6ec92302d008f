import { layer } from "@effect/vitest"
import { DemoRegistry, Expected } from "@gitlab-registry-usage/demo"
import { Effect, Layer } from "effect"
import { Csv, Ndjson } from "effect/encoding"
import { Stream } from "effect"
import { readFile, writeFile } from "node:fs/promises"
import { join } from "node:path"
import { expect } from "vitest"
import { asAdministrator, asJob, directory, layerProgram, layerRegistry, Program, steady } from "./program.ts"

const golden = (name: string, text: string) =>
  Effect.promise(async () => expect(steady(text)).toMatchFileSnapshot(`golden/${name}`))

const run = Effect.fnUntraced(function* (args: ReadonlyArray<string>, env?: Record<string, string>) {
  const program = yield* Program
  const registry = yield* DemoRegistry.DemoRegistry
  return yield* program.run(args, { env: { ...asAdministrator(registry), ...env } })
})

/** Runs a command that must end well and compares what it wrote with a file. */
const written = Effect.fnUntraced(function* (name: string, args: ReadonlyArray<string>, env?: Record<string, string>) {
  const { status, stderr, stdout } = yield* run(args, env)
  expect({ status, stderr: stderr.includes("error") ? stderr : "" }).toEqual({ status: 0, stderr: "" })
  yield* golden(name, stdout)
  return stdout
})

const scan = Effect.fnUntraced(function* () {
  const path = join(yield* directory, "all.scan")
  expect((yield* run(["total", "-q", "--save", path])).status).toBe(0)
  return path
})

layer(Layer.mergeAll(layerProgram, layerRegistry()), { timeout: "60 seconds", excludeTestServices: true })(
  "commands",
  (it) => {
    const forms = {
      table: "txt",
      json: "json",
      ndjson: "ndjson",
      csv: "csv",
      markdown: "md",
      openmetrics: "om"
    } as const

    for (const [form, extension] of Object.entries(forms)) {
      it.effect(`ls -o ${form}`, () => written(`ls.${extension}`, ["ls", "-o", form]))
    }
    for (const form of ["table", "json", "csv"] as const) {
      it.effect(`ls -t -o ${form}`, () =>
        written(`ls-tags.${forms[form]}`, ["ls", "-t", "-n", "12", "-s", "unique", "-o", form])
      )
    }

    it.effect("ls chooses, sorts, cuts and sums up the rest", () =>
      Effect.gen(function* () {
        yield* written("ls-chosen.txt", ["ls", "acme/**", "library/base/*", "-n", "3", "-s", "name", "-R"])
        yield* written("ls-large.txt", ["ls", "--min-size", "100kB", "--si"])
        yield* written("ls-min-tags.txt", ["ls", "--min-tags", "2", "-s", "name"])
        yield* written("ls-columns.txt", [
          "ls",
          "--columns",
          "disk,name",
          "--bytes",
          "--no-header",
          "-q",
          "acme/shop/*"
        ])
        yield* written("ls-layers.txt", ["ls", "--accounting", "layers", "--bytes"])
      })
    )

    it.effect("ls shows the sizes that the demonstration is known to have, and they add up", () =>
      Effect.gen(function* () {
        const { stdout } = yield* run(["ls", "-o", "json"])
        const { repositories, total } = JSON.parse(stdout)
        const { diskSize, size } = Expected.all.total
        expect(total).toMatchObject({ disk_bytes: diskSize, size_bytes: size, repositories_unreadable: 1 })
        for (const row of repositories) {
          const expected = Expected.all.repositories[row.repository]!
          expect(row).toMatchObject({
            disk_bytes: expected?.diskSize ?? null,
            unique_bytes: expected?.uniqueSize ?? null,
            size_bytes: expected?.size ?? null
          })
          expect(row.unique_bytes + row.shared_bytes).toBe(row.disk_bytes ?? 0)
        }
        const sum = (key: string) => repositories.reduce((sum: number, row: any) => sum + (row[key] ?? 0), 0)
        expect(sum("disk_bytes")).toBe(diskSize)
      })
    )

    it.effect("CSV and NDJSON are read back by parsers as the JSON's rows", () =>
      Effect.gen(function* () {
        const { repositories } = JSON.parse((yield* run(["ls", "-o", "json"])).stdout)
        const lines = yield* Stream.make((yield* run(["ls", "-o", "ndjson"])).stdout).pipe(
          Stream.pipeThroughChannel(Ndjson.decodeString()),
          Stream.runCollect
        )
        expect(lines).toEqual(repositories.map((row: object) => ({ schema_version: 1, ...row })))
        const rows = yield* Stream.make((yield* run(["ls", "-o", "csv"])).stdout).pipe(
          Stream.pipeThroughChannel(Csv.decodeString({ headers: true })),
          Stream.runCollect
        )
        expect(rows).toEqual(
          repositories.map((row: object) =>
            Object.fromEntries(Object.entries(row).map(([key, value]) => [key, value === null ? "" : `${value}`]))
          )
        )
      })
    )

    it.effect("total is one line, and with --bytes a number", () =>
      Effect.gen(function* () {
        expect((yield* run(["total", "-q"])).stdout).toBe("≥ 2.70 MiB\n")
        expect((yield* run(["total", "--bytes"])).stdout).toBe(`${Expected.all.total.diskSize}\n`)
        expect((yield* run(["total", "--bytes", "--of", "size"])).stdout).toBe(`${Expected.all.total.size}\n`)
        yield* written("total.json", ["total", "-o", "json"])
        yield* written("total.om", ["total", "-o", "openmetrics"])
      })
    )

    it.effect("why explains a tag and a repository", () =>
      Effect.gen(function* () {
        yield* written("why-tag.txt", ["why", "acme/shop/web:2.1.0"])
        yield* written("why-repository.txt", ["why", "library/base/node", "-n", "5"])
        const json = JSON.parse(yield* written("why.json", ["why", "acme/shop/api:1.0.0", "-o", "json"]))
        const size = (rows: ReadonlyArray<any>) => rows.reduce((sum, row) => sum + row.size_bytes, 0)
        const { repositories } = JSON.parse(
          (yield* run(["ls", "-t", "-o", "json", "acme/shop/api"])).stdout.replace('"tags": [', '"repositories": [')
        )
        const tag = repositories.find((row: any) => row.tag === "1.0.0")
        expect(size(json.blobs)).toBe(tag.size_bytes)
        expect(size(json.blobs.filter((row: any) => row.unique))).toBe(tag.unique_bytes)
        expect(size(json.blobs.filter((row: any) => row.owner === "acme/shop/api:1.0.0"))).toBe(tag.disk_bytes)
      })
    )

    it.effect("diff of a snapshot with itself is empty", () =>
      Effect.gen(function* () {
        const path = yield* scan()
        yield* written("diff-same.txt", ["diff", path, path])
      })
    )

    it.effect("check compares with a budget file", () =>
      Effect.gen(function* () {
        const path = join(yield* directory, "budget.yml")
        yield* Effect.promise(() =>
          writeFile(
            path,
            [
              "max_total: 3 MiB",
              "max_growth: 5%",
              "budgets:",
              "  - match: acme/shop/*",
              "    max: 1500 KiB",
              "    max_each: 600kB",
              "  - match: library/**",
              "    measure: unique",
              "    max: 10MB",
              ""
            ].join("\n")
          )
        )
        yield* written("check.txt", ["check", "--budget", path, "--baseline", yield* scan()])
        yield* written("check.json", ["check", "--budget", path, "--baseline", yield* scan(), "-o", "json"])
      })
    )

    it.effect("check says how sizes are known, and asks for all of them", () =>
      Effect.gen(function* () {
        const check = ["check", "--max-total", "1GB"]
        const stated = /the sizes of (\d+) of \1 blobs are only stated by manifests: --verify-sizes asks the registry/
        const [, blobs] = stated.exec((yield* run(check)).stderr) ?? []
        expect(Number(blobs)).toBeGreaterThan(0)
        const { stderr, stdout } = yield* run([...check, "--verify-sizes", "-o", "json"])
        expect(stderr).not.toContain("wrong size")
        expect(JSON.parse(stdout)).toMatchObject({ sizes: { blobs: Number(blobs), measured: Number(blobs) } })
        const from = yield* run([...check, "--verify-sizes", "--from", "any.scan"])
        expect(from).toMatchObject({
          status: 2,
          stderr: expect.stringContaining("a saved snapshot has no registry to ask") as string
        })
      })
    )

    it.effect("prune simulates what the dates of the registry decide, and says what it cannot know", () =>
      Effect.gen(function* () {
        const nightly = ["prune", "--dry-run", "--name-regex", "night-.*", "--name-regex-keep", "night-.*0"]
        yield* written("prune.txt", nightly)
        yield* written("prune.json", [...nightly, "-o", "json", "acme/shop/web/*"])
        const { stderr } = yield* run([...nightly, "--keep-n", "3"])
        expect(stderr).toContain("this policy would delete 105 of 139 tags")
      })
    )

    it.effect("prune has the price of all together in every form, which is more than the sum of the rows", () =>
      Effect.gen(function* () {
        const all = ["prune", "--dry-run", "--name-regex", ".*"]
        const { repositories, together } = JSON.parse((yield* run([...all, "-o", "json"])).stdout)
        const sum = repositories.reduce((sum: number, row: any) => sum + row.frees_bytes, 0)
        expect(together.frees_bytes).toBeGreaterThan(sum)
        expect(together).toMatchObject({ tags: 139, delete: 136, keep: 3, unknown: 0, partial: false })
        const table = (yield* run([...all, "--bytes"])).stdout
        expect(table.trim().split(/\s+/).at(-1)).toBe(`${together.frees_bytes}`)
        const price = { together_frees_bytes: together.frees_bytes }
        const [line = ""] = (yield* run([...all, "-o", "ndjson"])).stdout.split("\n")
        expect(JSON.parse(line)).toMatchObject(price)
        const [row] = yield* Stream.make((yield* run([...all, "-o", "csv"])).stdout).pipe(
          Stream.pipeThroughChannel(Csv.decodeString({ headers: true })),
          Stream.runCollect
        )
        expect(row).toMatchObject({ together_frees_bytes: `${together.frees_bytes}` })
      })
    )

    it.effect("says beside the data that untagged content is not counted", () =>
      Effect.gen(function* () {
        const note = "On disk does not count untagged content"
        for (const args of [["ls"], ["ls", "-t"], ["total"]]) {
          expect((yield* run(args)).stderr).toContain(note)
          for (const others of [["-q"], ["-o", "json"], ["-o", "csv"]]) {
            const { stderr, stdout } = yield* run([...args, ...others])
            expect(stderr + stdout).not.toContain(note)
          }
        }
      })
    )

    it.effect("a saved snapshot answers every command as the registry does", () =>
      Effect.gen(function* () {
        const from = ["--from", yield* scan()]
        const program = yield* Program
        for (const args of [["ls"], ["ls", "-t"], ["total"], ["why", "acme/shop/api"], ["ls", "-o", "csv"]]) {
          const { status, stdout } = yield* program.run([...args, ...from])
          expect({ args, status, stdout }).toEqual({ args, status: 0, stdout: (yield* run(args)).stdout })
        }
      })
    )

    it.effect("doctor finds nothing wrong", () => written("doctor.txt", ["doctor"]))

    it.effect("a job reads its project with what it has", () =>
      Effect.gen(function* () {
        const program = yield* Program
        const { status, stderr, stdout } = yield* program.run(["ls"], {
          env: asJob(yield* DemoRegistry.DemoRegistry)
        })
        expect(status).toBe(0)
        expect(stderr).toContain("only the project acme/shop on")
        yield* golden("ls-job.txt", stdout)
      })
    )

    it.effect("a group is read with --scope", () =>
      Effect.gen(function* () {
        const { url } = yield* DemoRegistry.DemoRegistry
        yield* written("ls-group.txt", ["ls", "--scope", "group", "--path", "acme", "-g", url])
      })
    )

    it.effect("completions are scripts of each shell", () =>
      Effect.gen(function* () {
        const program = yield* Program
        for (const [shell, sign] of [
          ["bash", "complete -F"],
          ["zsh", "#compdef"],
          ["fish", "complete -c"],
          ["powershell", "Register-ArgumentCompleter"]
        ] as const) {
          const { status, stdout } = yield* program.run(["completions", shell])
          expect({ shell, status, found: stdout.includes(sign) && stdout.includes("openmetrics") }).toEqual({
            shell,
            status: 0,
            found: true
          })
        }
      })
    )

    it.effect("help and version", () =>
      Effect.gen(function* () {
        yield* written("help.txt", ["--help"])
        yield* written("help-ls.txt", ["ls", "--help"])
        const { version } = JSON.parse(
          yield* Effect.promise(() => readFile(new URL("../package.json", import.meta.url), "utf8"))
        )
        expect((yield* run(["-V"])).stdout).toBe(`gitlab-registry-usage, version ${version}\n`)
      })
    )
  }
)
