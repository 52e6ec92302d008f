/** Where the parts of the page stand in a real browser: the table is in sight, and nothing jumps. */
import { Servers } from "@gitlab-registry-usage/test-servers"
import { DateTime, Effect } from "effect"
import type { Page } from "playwright-core"
import { afterAll, afterEach, beforeAll, describe, expect, it } from "vitest"
import { type Browser, eventually, launch, open, shoot, signIn, type Watched } from "../browser.ts"
import { repositories, store } from "../history.ts"
import { type Site, startMemory, user } from "../site.ts"

/** A move of visible content, as the browser reports it: its score, and whether a vertical position changed. */
interface Shift {
  readonly score: number
  readonly moved: ReadonlyArray<string>
}

/** Records every move, also those just after input, which the browser does not blame on the page. */
const record = (page: Page) =>
  page.addInitScript(() => {
    const shifts: Array<Shift> = []
    Object.assign(globalThis, { shifts })
    interface Entry extends PerformanceEntry {
      readonly value: number
      readonly sources: ReadonlyArray<{ readonly node: Node; previousRect: DOMRect; currentRect: DOMRect }>
    }
    new PerformanceObserver((list) => {
      for (const { sources, value } of list.getEntries() as Array<Entry>)
        shifts.push({ score: value, moved: sources.map(({ node }) => (node as Element).className ?? node.nodeName) })
    }).observe({ type: "layout-shift", buffered: true })
  })

const shifts = (page: Page) =>
  page.evaluate(() => (globalThis as unknown as { readonly shifts: Array<Shift> }).shifts.splice(0))

describe.skipIf(Servers.leftOut("the layout in Chromium"))("the layout", { timeout: 60_000 }, () => {
  let browser: Browser
  let site: Site
  let watched: Watched | undefined

  beforeAll(async () => {
    browser = await launch({ viewport: { width: 1440, height: 900 } })
    site = await startMemory(
      { repositories: await Effect.runPromise(repositories(0)) },
      { store: store(DateTime.nowUnsafe()), crawled: false, capacity: 2_000_000, capacityUnit: "MB" }
    )
  })
  afterAll(async () => {
    await browser.close()
    await site.stop()
  })
  afterEach(async () => {
    await watched?.page.close()
    watched = undefined
  })

  const visit = async (hash = "") => {
    watched = await open(browser)
    const { page } = watched
    await record(page)
    await page.goto(`${site.url}${hash}`)
    await signIn(page, user)
    await page.locator(".row").first().waitFor()
    return page
  }
  const complete = async (page: Page) => {
    await page.locator(".trend canvas").waitFor()
    await page.locator(".growers-table").waitFor()
    await page.getByText(/%, full on/).waitFor()
    await page.waitForLoadState("networkidle")
  }
  /** Where the parts begin that are above each other. */
  const tops = (page: Page) =>
    page.evaluate(() =>
      [".summary", ".toolbar", ".place", ".table", ".row"].map(
        (part) => document.querySelector(part)!.getBoundingClientRect().top
      )
    )

  it.each([
    [1440, 900],
    [1280, 720],
    [1920, 1080]
  ])("has the first row of the table in sight at %i × %i, below the map and the trend", async (width, height) => {
    const page = await visit()
    await page.setViewportSize({ width, height })
    await complete(page)
    for (const part of [".treemap", ".trend .chart", ".growers", ".row"]) {
      const box = (await page.locator(part).first().boundingBox())!
      expect(box.y + box.height).toBeLessThanOrEqual(height)
    }
    await shoot(page, `layout-${width}`)
  })

  it.each([
    [1440, 900],
    [800, 900],
    [390, 844]
  ])("does not move while it is loading at %i × %i, however late the trend arrives", async (width, height) => {
    const page = await visit()
    await page.setViewportSize({ width, height })
    await page.route(/\/(history|growth|status)\?|\/status$/, async (route) => {
      await new Promise((resolve) => setTimeout(resolve, 700))
      await route.continue()
    })
    await page.reload()
    await page.locator(".row").first().waitFor()
    await page.getByText(/%, full on/).waitFor()
    if (width > 500) await complete(page)
    await page.waitForTimeout(300)
    expect(await shifts(page)).toEqual([])
  })

  it.each([
    [1440, 900],
    [1280, 720]
  ])("keeps its rows where they are when a detail opens and closes at %i × %i", async (width, height) => {
    const page = await visit()
    await page.setViewportSize({ width, height })
    await complete(page)
    const before = await tops(page)
    await page.getByRole("link", { name: "1 repository, see why" }).or(page.getByText("everything was read")).waitFor()
    await page.goto(`${site.url}#/?at=acme/shop/api`)
    await page.getByRole("complementary").getByText("The biggest in it").waitFor()
    expect(await tops(page)).toEqual(before)
    await page.getByRole("button", { name: "Close" }).click()
    await eventually(() => page.getByRole("complementary").count()).toBe(0)
    expect(await tops(page)).toEqual(before)
  })

  it("does not move when the map is pointed at, whatever is there", async () => {
    const page = await visit()
    await complete(page)
    await shifts(page)
    for (const tile of await page.locator(".tile").all()) {
      await tile.hover({ position: { x: 3, y: 3 }, force: true })
      await page.waitForTimeout(50)
    }
    expect(await shifts(page)).toEqual([])
  })

  it("does not move when newer figures arrive, and keeps what is open", async () => {
    watched = await open(browser)
    const { page } = watched
    await page.clock.install()
    await record(page)
    await page.goto(`${site.url}#/?flat=1`)
    await signIn(page, user)
    await complete(page)
    await page.getByRole("button", { name: "Open library/base/debian" }).click()
    await page.getByRole("link", { name: "12", exact: true }).waitFor()
    const names = await page.locator(".row .name-link").allTextContents()
    await site.refresh()
    await page.clock.fastForward("00:31")
    const newer = page.getByRole("button", { name: "Show newer figures" })
    await newer.waitFor()
    await page.waitForTimeout(300)
    await shifts(page)
    await page.route(/\/(tags|namespaces|growth|history)\b/, async (route) => {
      await new Promise((resolve) => setTimeout(resolve, 500))
      await route.continue()
    })
    await newer.click()
    await page.getByText(/^took /).waitFor()
    expect(await page.locator(".row .name-link").allTextContents()).toEqual(names)
    await page.waitForLoadState("networkidle")
    expect(await page.locator(".row .name-link").allTextContents()).toEqual(names)
    expect(await shifts(page)).toEqual([])
  })
})
