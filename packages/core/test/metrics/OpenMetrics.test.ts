import { DateTime } from "effect"
import { OpenMetrics, Usage } from "@gitlab-registry-usage/core"
import { describe, expect, it } from "@effect/vitest"
import fc from "fast-check"
import { inventoryOf, model } from "../model.ts"

const snapshotOf = (inventory: Parameters<typeof Usage.measure>[0]) => ({
  takenAt: DateTime.makeUnsafe(1_700_000_000_500),
  duration: 1500,
  stale: false,
  usage: Usage.measure(inventory)
})

describe("OpenMetrics", () => {
  it("escapes labels and help, and ends with EOF", () => {
    const text = OpenMetrics.render([
      { name: "build", type: "info", help: 'a "b"\n', samples: [{ labels: { version: 'x\\"\n' }, value: 1 }] },
      { name: "requests", type: "counter", help: "h", samples: [{ value: 3 }] }
    ])
    expect(text).toBe(
      [
        "# TYPE gitlab_registry_usage_build info",
        '# HELP gitlab_registry_usage_build a \\"b\\"\\n',
        'gitlab_registry_usage_build_info{version="x\\\\\\"\\n"} 1',
        "# TYPE gitlab_registry_usage_requests counter",
        "# HELP gitlab_registry_usage_requests h",
        "gitlab_registry_usage_requests_total 3",
        "# EOF\n"
      ].join("\n")
    )
  })

  it("caps the series, and the sums stay the total (property)", () =>
    fc.assert(
      fc.property(model, fc.integer({ min: 1, max: 8 }), (model, maxRepositories) => {
        const snapshot = snapshotOf(inventoryOf(model))
        const families = OpenMetrics.families(snapshot, { maxRepositories })
        const of = (name: string) => families.find((family) => family.name === name)?.samples ?? []
        const disks = of("repository_disk_bytes")
        expect(disks.reduce((sum, { value }) => sum + value, 0)).toBe(Usage.total(snapshot.usage)!.diskSize)
        expect(disks.length).toBeLessThanOrEqual(maxRepositories + 1)
        expect(disks.some(({ labels }) => labels?.["repository"] === "_other")).toBe(
          model.repositories.length > maxRepositories
        )
      })
    ))

  it("has times where they are wanted, and tags, and no sample of what could not be read", () => {
    const inventory = inventoryOf(
      {
        layers: [100],
        images: [
          { config: 1, layers: [0] },
          { config: 2, layers: [0] }
        ],
        indexes: [],
        repositories: [
          { name: "a", tags: [0] },
          { name: "b", tags: [1] }
        ]
      },
      new Set([1])
    )
    const snapshot = snapshotOf(inventory)
    const text = OpenMetrics.render(OpenMetrics.families(snapshot, { tags: true }))
    expect(text).toContain("gitlab_registry_usage_last_success_timestamp_seconds 1700000000.5\n")
    expect(text).toContain('gitlab_registry_usage_tag_disk_bytes{repository="a",tag="t0"}')
    expect(text).not.toContain('repository="b"')
    expect(text).toContain("gitlab_registry_usage_repositories_unreadable 1\n")
    expect(OpenMetrics.render(OpenMetrics.families(snapshot, { times: false, maxRepositories: 0 }))).not.toMatch(
      /timestamp|repository=/
    )
  })
})
