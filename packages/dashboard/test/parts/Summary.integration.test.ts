/** The figures of the page in a real browser: how much of the capacity is used, and when it is full. */
import { Registry } from "@gitlab-registry-usage/core"
import { Images } from "@gitlab-registry-usage/core/testing"
import { Servers } from "@gitlab-registry-usage/test-servers"
import { DateTime, Effect } from "effect"
import { afterAll, afterEach, beforeAll, describe, it } from "vitest"
import { type Browser, check, eventually, launch, open, signIn, type Watched } from "../browser.ts"
import * as History from "../history.ts"
import { type Options, type Site, startMemory, user } from "../site.ts"

/** One tag of about this size, and a repository that cannot be read. */
const registry = (size: number, isPartial: boolean) =>
  Effect.runPromise(
    Effect.gen(function* () {
      const image = yield* Images.image({ layers: [yield* Images.layer("app", size)] })
      return [
        Images.repository("group/app", { "1.0": image }),
        ...(isPartial ? [Images.repository("vault", { a: image }, new Registry.Denied({ detail: "denied" }))] : [])
      ]
    })
  )

describe.skipIf(Servers.leftOut("the figures in Chromium"))("the first figure", { timeout: 60_000 }, () => {
  let browser: Browser
  let watched: Watched | undefined
  const sites: Array<Site> = []

  beforeAll(async () => {
    browser = await launch({ viewport: { width: 1440, height: 900 } })
  })
  afterAll(async () => {
    await browser.close()
    await Promise.all(sites.map((site) => site.stop()))
  })
  afterEach(async () => {
    await watched?.page.close()
    watched = undefined
  })

  const shown = async (site: Promise<Site>) => {
    const { url } = await site
    sites.push(await site)
    watched = await open(browser)
    const { page } = watched
    await page.goto(url)
    await signIn(page, user)
    const figure = page.locator(".figure").first()
    await figure.waitFor()
    return { page, text: async () => (await figure.innerText()).replace(/\s+/g, " ") }
  }
  const figure = async (options: Options, { isPartial = false } = {}) =>
    shown(startMemory({ repositories: await registry(2_700_000, isPartial) }, options))

  const counts = "1 repository, 1 tag"

  it.each([
    [{ capacity: 4_000_000, capacityUnit: "MB" }, "2.70 of 4.00 MB, 68 %"],
    [{ capacity: 4 * 1024 ** 2, capacityUnit: "MiB" }, "2.58 of 4.00 MiB, 64 %"],
    [{ capacity: 4_000_000, capacityUnit: "kB" }, "2,701 of 4,000 kB, 68 %"],
    [{ capacity: 2e12, capacityUnit: "TB" }, "2.70 MB of 2.00 TB, < 1 %"],
    [{ capacity: 4_194_304, capacityUnit: "B" }, "2.58 of 4.00 MiB, 64 %"],
    [{ capacity: 2_000_000, capacityUnit: "MB" }, "2.70 of 2.00 MB, 135 %, full, 0.701 MB over"]
  ])("is in the unit of the capacity, without a date where there is no history: %j", async (options, expected) => {
    const { text } = await figure(options)
    await eventually(text).toBe(`On disk ${expected} ${counts}`)
  })

  it("is the least where something could not be read", async () => {
    const { text } = await figure({ capacity: 4_000_000, capacityUnit: "MB" }, { isPartial: true })
    await eventually(text).toBe("On disk ≥ 2.70 of 4.00 MB, ≥ 68 % 2 repositories, 1 tag")
    await check(watched!, "capacity")
  })

  it("is the size alone where no capacity is known", async () => {
    const { text } = await figure({})
    await eventually(text).toBe(`On disk 2.58 MiB ${counts}`)
  })

  it("says when the disk is full if the growth continues, and keeps its unit", async () => {
    const repositories = await Effect.runPromise(History.repositories(0))
    const store = History.store(DateTime.nowUnsafe())
    const { page, text } = await shown(
      startMemory({ repositories }, { store, crawled: false, capacity: 1_000_000, capacityUnit: "kB" })
    )
    await eventually(text).toMatch(/^On disk 7\d\d of 1,000 kB, 7\d %, full on \d+ \w+( \d{4})? 5 repositories/)
    await page.getByRole("radio", { name: "kB", exact: true }).check({ force: true })
    await eventually(text).toMatch(/^On disk 7\d\d of 1,000 kB/)
  })
})
