import { Change, Crawl, Digest, type Inventory, Names } from "@gitlab-registry-usage/core"
import { RegistryMemory } from "@gitlab-registry-usage/core/testing"
import { describe, expect, it } from "@effect/vitest"
import { Effect } from "effect"
import * as ChangedRepositories from "../../src/snapshot/ChangedRepositories.ts"
import { images, repository } from "../registries.ts"

const name = (text: string) => Names.RepositoryName.make(text)
const tagName = (text: string) => Names.TagName.make(text)

/** The inventory of repository `a` with these tags, which all point to the same image, and the digest of that. */
const inventoryOf = Effect.fnUntraced(function* (tags: ReadonlyArray<string>, repositoryName = "a") {
  const { docker } = yield* images
  const repositories = [repository(repositoryName, Object.fromEntries(tags.map((tag) => [tag, docker])))]
  const inventory = yield* Effect.provide(Crawl.crawl(), RegistryMemory.layer({ repositories }))
  return { inventory, digest: docker.digest }
})

/** When repository `a` is read, in milliseconds from now, while its reading gives this inventory; a minute at most. */
const readings = (
  changes: ChangedRepositories.ChangedRepositories,
  inventory: Inventory.Inventory,
  now = 0
): ReadonlyArray<number> => {
  const at: Array<number> = []
  let wait = changes.wait(now)
  while (wait !== undefined && now < 60_000) {
    now += wait
    changes.end(changes.begin(now), inventory, now)
    at.push(now)
    wait = changes.wait(now)
  }
  return at
}

describe("F115 ChangedRepositories", () => {
  it("waits after the last change of a repository, but not for ever", () => {
    const changes = ChangedRepositories.make()
    expect(changes.wait(0)).toBeUndefined()
    changes.add({ repository: name("a") }, 0)
    changes.add({ repository: name("a") }, 150)
    changes.add({ repository: name("b") }, 150)
    expect(changes.begin(349)).toEqual(new Set())
    expect(changes.begin(350)).toEqual(new Set([name("a"), name("b")]))
    for (let now = 1000; now < 3000; now += 100) changes.add({ repository: name("c") }, now)
    expect(changes.begin(3000)).toContain(name("c"))
  })

  it.effect("a change that shows needs one reading, and one that never shows a few", () =>
    Effect.gen(function* () {
      const { digest, inventory } = yield* inventoryOf(["1"])
      const a = name("a")
      const after = (change: Omit<Change.Change, "repository">) => {
        const changes = ChangedRepositories.make()
        changes.add({ repository: a, ...change }, 0)
        return readings(changes, inventory)
      }
      const other = Digest.Digest.make(`sha256:${"0".repeat(64)}`)
      for (const shown of [
        {},
        { digest: other },
        { tag: tagName("1"), digest },
        { tag: tagName("1") },
        { tag: tagName("2"), isDeleted: true },
        { tag: tagName("1"), digest: other, isDeleted: true },
        { digest: other, isDeleted: true }
      ]) {
        expect(after(shown), JSON.stringify(shown)).toEqual([200])
      }
      for (const missing of [
        { tag: tagName("2"), digest },
        { tag: tagName("1"), digest: other },
        { tag: tagName("1"), isDeleted: true },
        { tag: tagName("1"), digest, isDeleted: true },
        { digest, isDeleted: true },
        { isDeleted: true }
      ]) {
        const at = after(missing)
        expect(at, JSON.stringify(missing)).toEqual([200, 450, 950, 1950, 3950, 7950, 15_950, 31_950])
      }
    })
  )

  it.effect("the last change of a tag or digest counts", () =>
    Effect.gen(function* () {
      const { digest, inventory } = yield* inventoryOf(["1"])
      const empty = (yield* inventoryOf([])).inventory
      const push = { repository: name("a"), tag: tagName("1"), digest }
      const deleted = { repository: name("a"), digest, isDeleted: true }
      for (const [order, final] of [
        [[push, deleted], empty],
        [[deleted, push], inventory],
        [[push, { ...push, isDeleted: true, digest: undefined }], empty],
        [[{ repository: name("a"), isDeleted: true }, push], inventory]
      ] as const) {
        const changes = ChangedRepositories.make()
        for (const change of order) changes.add(change, 0)
        expect(readings(changes, final)).toEqual([200])
      }
    })
  )

  it.effect("a change during a reading has the repository read again", () =>
    Effect.gen(function* () {
      const { digest, inventory } = yield* inventoryOf(["1"])
      const changes = ChangedRepositories.make()
      changes.add({ repository: name("a"), tag: tagName("1"), digest }, 0)
      const names = changes.begin(200)
      changes.add({ repository: name("a") }, 250)
      changes.end(names, inventory, 300)
      expect(readings(changes, inventory, 300)).toEqual([450])
    })
  )

  it.effect("a repository that could not be read shows nothing", () =>
    Effect.gen(function* () {
      const { digest, inventory } = yield* inventoryOf(["1"])
      const [whole] = inventory.repositories
      const push = { repository: name("a"), tag: tagName("1"), digest }
      const gone = { repository: name("a"), digest: Digest.Digest.make(`sha256:${"0".repeat(64)}`), isDeleted: true }
      const shows = (change: Change.Change, part: Partial<Inventory.Repository>) =>
        Change.isShown(change, inventory, { ...whole!, ...part })
      expect(shows(push, {})).toBe(true)
      expect(shows(push, { stale: true })).toBe(false)
      expect(shows(push, { unreadable: true })).toBe(false)
      expect(shows(push, { tagManifests: Int32Array.of(-1) })).toBe(false)
      // The tag of a manifest that is gone may go as well.
      expect(shows(gone, {})).toBe(true)
      expect(shows(gone, { tagManifests: Int32Array.of(-1) })).toBe(false)
    })
  )
})

describe("a rename", () => {
  it.effect("moves the path and everything below it", () =>
    Effect.gen(function* () {
      const { docker } = yield* images
      const names = ["foo/app", "foo/app/sub", "foo/apple", "bar/app/old"]
      const repositories = names.map((name) => repository(name, name === "foo/app/sub" ? {} : { one: docker }))
      const inventory = yield* Effect.provide(Crawl.crawl(), RegistryMemory.layer({ repositories }))
      const shown = { tag: "one", digest: docker.digest }
      expect(Change.ofRename(inventory, "foo/app", "bar/app")).toEqual([
        { repository: "foo/app" },
        { repository: "bar/app" },
        { repository: "foo/app", isDeleted: true },
        { repository: "bar/app", ...shown },
        { repository: "foo/app/sub", isDeleted: true },
        { repository: "bar/app/sub" },
        { repository: "bar/app/old" }
      ])
      expect(Change.ofRename(undefined, "foo", "bar").map(({ repository }): string => repository)).toEqual([
        "foo",
        "bar"
      ])
      expect(Change.ofRename(inventory, "foo/app", "../etc").map(({ repository }): string => repository)).toEqual([
        "foo/app",
        "foo/app",
        "foo/app/sub"
      ])
    })
  )
})
