import { layer } from "@effect/vitest"
import { DemoRegistry } from "@gitlab-registry-usage/demo"
import { Effect, Layer } from "effect"
import { join } from "node:path"
import { expect } from "vitest"
import { asAdministrator, directory, layerProgram, layerRegistry, Program, type RunOptions, steady } from "./program.ts"

const run = Effect.fnUntraced(function* (args: ReadonlyArray<string>, options: RunOptions = {}) {
  const program = yield* Program
  return yield* program.run(args, {
    ...options,
    env: { ...asAdministrator(yield* DemoRegistry.DemoRegistry), ...options.env }
  })
})

const golden = (name: string, text: string) =>
  Effect.promise(async () => expect(steady(text)).toMatchFileSnapshot(`golden/${name}`))

const totalBytes = Effect.map(run(["total", "--bytes", "-q"]), ({ stdout }) => Number(stdout))

// The tests change the registry, one after the other.
layer(Layer.mergeAll(layerProgram, layerRegistry()), { timeout: "60 seconds", excludeTestServices: true })(
  "delete",
  (it) => {
    it.effect("asks first, and without a terminal deletes nothing", () =>
      Effect.gen(function* () {
        const registry = yield* DemoRegistry.DemoRegistry
        const { status, stderr, stdout } = yield* run(["delete", "acme/shop/api:1.2.0"])
        expect({ status, stdout }).toEqual({ status: 2, stdout: "" })
        expect(stderr).toMatch(
          /tags that go with it: 1.2.0, latest\n {2}garbage collection could then free 89.3 KiB\nerror: not deleted without a confirmation\nhint: add --yes/
        )
        const counts = yield* registry.requestCounts
        expect(counts["DELETE manifest"]).toBeUndefined()
      })
    )

    it.effect("on a terminal goes by the answer", () =>
      Effect.gen(function* () {
        const program = yield* Program
        const before = yield* totalBytes
        const env = asAdministrator(yield* DemoRegistry.DemoRegistry)
        const { status, stdout } = yield* program.runOnTerminal(["delete", "acme/shop/chart:0.1.0"], {
          columns: 100,
          withErrors: true,
          env,
          stdin: "n"
        })
        expect(stdout).toContain("Delete it?")
        expect(status).toBe(1)
        expect(yield* totalBytes).toBe(before)
      })
    )

    it.effect("with --yes deletes, and the total falls by the reported bytes", () =>
      Effect.gen(function* () {
        const scans = yield* directory
        const [before, after] = [join(scans, "before.scan"), join(scans, "after.scan")]
        const was = Number((yield* run(["total", "--bytes", "--save", before])).stdout)
        const { status, stdout } = yield* run(["delete", "--yes", "acme/shop/api:1.2.0", "-o", "json"])
        expect(status).toBe(0)
        const [deleted] = JSON.parse(stdout).deleted
        expect(deleted).toMatchObject({ repository: "acme/shop/api", tags: ["1.2.0", "latest"] })
        const is = Number((yield* run(["total", "--bytes", "--save", after])).stdout)
        expect(was - is).toBe(deleted.frees_bytes)
        yield* golden("diff.txt", (yield* run(["diff", before, after])).stdout)
        yield* golden("diff.json", (yield* run(["diff", before, after, "-o", "json"])).stdout)
        const grown = yield* run(["check", "--max-growth", "1%", "--baseline", after, "--from", before])
        expect(grown.status).toBe(10)
        expect(grown.stderr).toContain(
          "total: disk at least 2.70 MiB is 62.5 KiB over the 2.64 MiB that its growth may come to"
        )
        expect((yield* run(["delete", "--yes", "acme/shop/api:1.2.0"])).stderr).toContain(
          "there is no tag acme/shop/api:1.2.0"
        )
      })
    )

    it.effect("takes a digest, and reports why it may not delete", () =>
      Effect.gen(function* () {
        const json = JSON.parse((yield* run(["why", "library/base/node:24", "-o", "json"])).stdout)
        const index = json.blobs.find((blob: any) => blob.kind === "index").digest
        const child = json.blobs.find((blob: any) => blob.kind === "manifest").digest
        const referenced = yield* run(["delete", "-y", `library/base/node@${child}`])
        expect(referenced.status).toBe(1)
        expect(referenced.stderr).toContain("no tag points to it")
        const { status, stdout } = yield* run(["delete", "-y", `library/base/node@${index}`])
        expect(status).toBe(0)
        yield* golden("delete.txt", stdout)
        const without = yield* run([
          "delete",
          "-y",
          `group/tags/inner:latest`,
          "--scope",
          "group",
          "--path",
          "acme",
          "-g",
          (yield* DemoRegistry.DemoRegistry).url
        ])
        expect(without.status).toBe(2)
      })
    )

    it.effect("refuses when the tag was moved since the snapshot", () =>
      Effect.gen(function* () {
        const scan = join(yield* directory, "old.scan")
        yield* run(["total", "--save", scan])
        yield* run(["delete", "-y", "acme/shop/web:2.0.0"])
        const { status, stderr } = yield* run(["delete", "-y", "acme/shop/web:2.0.0", "--from", scan])
        expect(status).toBe(1)
        expect(stderr).toMatch(/NotFound/)
      })
    )
  }
)
