import { Digest, InventoryBuilder, Manifest, Names, Usage } from "@gitlab-registry-usage/core"
import { describe, expect, it } from "@effect/vitest"
import { Result } from "effect"
import { readFileSync } from "node:fs"

const page = readFileSync(new URL("../../../../docs/accounting.md", import.meta.url), "utf8")

const digest = (text: string) => Digest.Digest.make(`sha256:${text.padStart(64, "0")}`)

/** The example of the page. */
const usage = (() => {
  const builder = InventoryBuilder.make()
  const image = (id: string, config: number, ...layers: ReadonlyArray<readonly [id: string, bytes: number]>) => {
    const json = {
      config: { digest: digest(`c${id}`), size: config },
      layers: layers.map(([layer, size]) => ({ digest: digest(`e${layer}`), size }))
    }
    const manifest = Result.getOrThrow(Manifest.decode(new TextEncoder().encode(JSON.stringify(json)), ""))
    const number = builder.manifest(digest(`a${id}`))
    builder.read(number, { manifest, size: 1000, configSize: config, layerSizes: layers.map(([, size]) => size) })
    return number
  }
  const [base, runtime] = [
    ["1", 50_000_000],
    ["2", 20_000_000]
  ] as const
  const twelve = image("1", 2000, base)
  const one = image("2", 3000, base, runtime, ["3", 5_000_000])
  const two = image("3", 3000, base, runtime, ["4", 6_000_000])
  const repository = (name: string, tags: Readonly<Record<string, number>>) => ({
    name: Names.RepositoryName.make(name),
    tagNames: Object.keys(tags).map((tag) => Names.TagName.make(tag)),
    tagManifests: Int32Array.from(Object.values(tags)),
    unreadable: false,
    stale: false
  })
  return Usage.measure(
    builder.build([
      repository("team/app", { "1.0": one, "1.1": two, latest: two }),
      repository("team/base", { "12": twelve })
    ])
  )
})()

const row = (name: string, sizes: Usage.Sizes | undefined) => {
  const number = (bytes: number) => bytes.toLocaleString("en-US")
  return `| ${name} | ${number(sizes!.size)} | ${number(sizes!.diskSize)} | ${number(sizes!.uniqueSize)} |`
}

describe("docs/accounting.md", () => {
  it("shows the figures that are measured", () => {
    const rows = [
      row("`team/app:1.0`", Usage.tagSizes(usage, 0)),
      row("`team/app:1.1`", Usage.tagSizes(usage, 1)),
      row("`team/app:latest`", Usage.tagSizes(usage, 2)),
      row("**`team/app`**", Usage.repositorySizes(usage, 0)),
      row("`team/base:12`", Usage.tagSizes(usage, 3)),
      row("**`team/base`**", Usage.repositorySizes(usage, 1)),
      row("**everything**", Usage.total(usage))
    ]
    const table = page.replaceAll(/ +/g, " ")
    for (const expected of rows) expect(table).toContain(expected)
    expect(page).toContain(`together free ${Usage.uniqueSizeOf(usage, [1, 2]).toLocaleString("en-US")}`)
  })
})
