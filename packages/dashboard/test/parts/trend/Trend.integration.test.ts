/**
 * The trend and the growers in a real browser, on the server with a history.
 */
import { Servers } from "@gitlab-registry-usage/test-servers"
import { DateTime, Effect } from "effect"
import type { Page } from "playwright-core"
import { afterAll, afterEach, beforeAll, describe, expect, it } from "vitest"
import { type Browser, check, eventually, launch, open, shoot, signIn, type Watched } from "../../browser.ts"
import { repositories, store } from "../../history.ts"
import { type Options, type Site, startMemory, user } from "../../site.ts"

const leftOut = Servers.leftOut("the trend in Chromium")

const trend = (page: Page) => page.getByRole("region", { name: "Trend", exact: true })
const growers = (page: Page) => page.getByRole("region", { name: "What grew" })
const caption = (page: Page) => trend(page).getByRole("status")
const chart = (page: Page) => trend(page).getByRole("application")
const text = async (page: Page) => (await growers(page).innerText()).replace(/\s+/g, " ")
const pick = (page: Page, name: string) => page.getByRole("radio", { name, exact: true }).check({ force: true })
/** How many pixels of the canvas are not empty. */
const drawn = (page: Page) =>
  page.evaluate(() => {
    const canvas = document.querySelector<HTMLCanvasElement>(".chart canvas")
    const data = canvas?.getContext("2d")?.getImageData(0, 0, canvas.width, canvas.height).data ?? []
    let inked = 0
    for (let i = 3; i < data.length; i += 4) if (data[i]! > 0) inked++
    return inked
  })

describe.skipIf(leftOut)("the trend", { timeout: 90_000 }, () => {
  let browser: Browser
  let site: Site
  const begun = DateTime.nowUnsafe()
  let watched: Watched | undefined
  const sites: Array<Site> = []

  const started = async (options: Options = {}, kept?: number) => {
    const site = await startMemory(
      { repositories: await Effect.runPromise(repositories(0)) },
      // The last point is a crawl of the server itself.
      { store: store(begun, kept), crawled: false, ...options }
    )
    sites.push(site)
    return site
  }

  beforeAll(async () => {
    browser = await launch()
    site = await started({ capacity: 2_000_000 })
  })
  afterAll(async () => {
    await browser.close()
    await Promise.all(sites.map((site) => site.stop()))
  })
  afterEach(async () => {
    await watched?.page.evaluate(() => localStorage.clear()).catch(() => undefined)
    await watched?.page.close()
    watched = undefined
  })

  /** Signs in, and records the requests for the history. */
  const signedIn = async (url = site.url) => {
    watched = await open(browser)
    const { page } = watched
    const requests: Array<string> = []
    page.on("request", (request) => {
      const { pathname, search } = new URL(request.url())
      if (/\/(history|growth)$|Chart-/.test(pathname)) requests.push(decodeURIComponent(pathname + search))
    })
    await page.goto(url)
    await signIn(page, user)
    await page.getByRole("region", { name: "Summary" }).waitFor()
    return { page, requests }
  }
  const shown = (page: Page) => trend(page).locator("canvas").waitFor()

  it("is drawn, and shows the point under the pointer", async () => {
    const { page } = await signedIn()
    await shown(page)
    await eventually(() => drawn(page)).toBeGreaterThan(1000)
    await eventually(() => caption(page).innerText()).toMatch(/^\+\d+\sKiB \(\+\d+ %\) on disk from/)
    await chart(page).scrollIntoViewIfNeeded()
    const box = (await chart(page).boundingBox())!
    await page.mouse.move(box.x + box.width / 2, box.y + box.height / 2)
    await eventually(() => caption(page).innerText()).toMatch(
      /^\d+ \w+ \d{4}, \d\d:\d\d On disk \d+\sKiB · Unique \d+\sKiB · Size [\d.]+\sMiB$/
    )
    await page.mouse.move(0, 0)
    await eventually(() => caption(page).innerText()).toMatch(/on disk from/)
    await check(watched!, "trend", [], true)
  })

  it("can be used with the keyboard alone", async () => {
    const { page } = await signedIn(`${site.url}#/?map=0`)
    await shown(page)
    const isChart = () => page.evaluate(() => document.activeElement?.getAttribute("role") === "application")
    for (let i = 0; i < 30 && !(await isChart()); i++) await page.keyboard.press("Tab")
    expect(await isChart()).toBe(true)
    const today = new Intl.DateTimeFormat("en-GB", { dateStyle: "medium", timeZone: "UTC" })
    const day = (daysAgo: number) => today.format(DateTime.toEpochMillis(begun) - daysAgo * 86_400_000)
    await page.keyboard.press("ArrowLeft")
    await eventually(() => caption(page).innerText()).toMatch(/Size/)
    await page.keyboard.press("ArrowLeft")
    await page.keyboard.press("ArrowLeft")
    await eventually(() => caption(page).innerText()).toContain(day(2))
    await page.keyboard.press("Home")
    await eventually(() => caption(page).innerText()).toContain(day(29))
    await page.keyboard.press("ArrowRight")
    await eventually(() => caption(page).innerText()).toContain(day(28))
    await shoot(page, "trend-keyboard")
    await page.keyboard.press("Escape")
    await eventually(() => caption(page).innerText()).toMatch(/on disk from/)
    await page.keyboard.press("Tab")
    await page.keyboard.press("Enter")
    const rows = trend(page).getByRole("row")
    await eventually(() => rows.count()).toBe(1 + 30)
    expect(await rows.nth(1).innerText()).toMatch(/On disk|KiB/)
    await check(watched!, "trend-table", [], true)
  })

  it("has the period, the lines, and what grew by which size in the address", async () => {
    const { requests, page } = await signedIn(`${site.url}#/acme/`)
    await shown(page)
    await pick(page, "7 days")
    await pick(page, "Namespaces")
    await pick(page, "Unique")
    await trend(page).getByRole("button", { name: /^Size/ }).click()
    await eventually(() => new URL(page.url()).hash).toBe(
      "#/acme/?period=7d&lines=disk_size,unique_size&by=unique_size&of=namespaces"
    )
    await eventually(() => requests.at(-1)).toBe(
      "/namespaces/acme/growth?from=7d&by=unique_size&of=namespaces&limit=7&embed=1"
    )
    await page.reload()
    await shown(page)
    expect(await page.getByRole("radio", { checked: true }).evaluateAll((radios) => radios.length)).toBe(4)
    for (const name of ["7 days", "Namespaces", "Unique"])
      expect(await page.getByRole("radio", { name, exact: true }).isChecked()).toBe(true)
    expect(await trend(page).getByRole("button", { name: /^Size/ }).getAttribute("aria-pressed")).toBe("false")
    await growers(page).getByRole("link", { name: "shop/" }).waitFor()
    expect(watched!.complaints()).toEqual([])
  })

  it("follows the current place, and shows gaps as gaps", async () => {
    const { requests, page } = await signedIn()
    await shown(page)
    expect(requests.filter((path) => path.includes("/history"))).toEqual(["/history?from=30d"])
    await page.goto(`${site.url}#/acme/vault/secrets`)
    await eventually(() => caption(page).innerText()).toContain("The size of 5 points is unknown")
    expect(requests.filter((path) => path.includes("/history")).at(-1)).toBe(
      "/images/acme/vault/secrets/history?from=30d"
    )
    // What grew in a single image is itself.
    await eventually(() => growers(page).count()).toBe(0)
    await chart(page).focus()
    for (let i = 0; i < 10; i++) await page.keyboard.press("ArrowLeft")
    await eventually(() => caption(page).innerText()).toMatch(/On disk unknown · Unique unknown · Size unknown$/)
    await check(watched!, "trend-gaps", [], true)
    await page.goto(`${site.url}#/acme/shop/`)
    await eventually(() => requests.filter((path) => path.includes("/history")).at(-1)).toBe(
      "/namespaces/acme/shop/history?from=30d"
    )
  })

  it("shows what grew, what is new and what is gone, in words and numbers", async () => {
    const { page } = await signedIn()
    await eventually(() => text(page)).toMatch(/acme\/shop\/api 251 KiB 438 KiB \+187 KiB \+187 KiB \+74 %/)
    expect(await text(page)).toMatch(/library\/tools\/scanner new – 49.4 KiB \+49.4 KiB \+49.4 KiB/)
    expect(await text(page)).toMatch(/acme\/old\/legacy gone 78.7 KiB – ±0 B −78.7 KiB/)
    await growers(page).getByRole("link", { name: "acme/shop/api" }).click()
    await eventually(() => new URL(page.url()).hash).toBe("#/acme/shop/api")
    await eventually(() => page.locator(".row .name-link").allTextContents()).toContain("build-0")
  })

  it("shows moved bytes apart from new ones, and what could not be read before", async () => {
    watched = await open(browser)
    const { page } = watched
    const base = { before: 100_000, after: 5_350_000, change: 5_250_000, percent: 5250, new_bytes: 250_000 }
    const items = [
      { name: "acme/shop/api", ...base, freed_bytes: 0, moved_bytes: 5_000_000, unread_bytes: 0 },
      {
        name: "library/base/debian",
        before: 5_000_000,
        after: 0,
        change: -5_000_000,
        percent: -100,
        new_bytes: 0,
        freed_bytes: 0,
        moved_bytes: -5_000_000,
        unread_bytes: 0
      }
    ]
    await page.route(/\/growth\?/, async (route) => {
      const answer = await route.fetch()
      const json = { ...((await answer.json()) as object), unread_bytes: 90_000, matching: 2, _embedded: { items } }
      await route.fulfill({ response: answer, json })
    })
    await page.goto(`${site.url}#/?map=0`)
    await signIn(page, user)
    await eventually(() => text(page)).toMatch(
      /api 97.7 KiB 5.10 MiB \+244 KiB \+5.01 MiB \+5,250 % 4.77 MiB moved here/
    )
    expect(await text(page)).toMatch(/debian 4.77 MiB 0 B ±0 B −4.77 MiB −100 % 4.77 MiB moved away/)
    expect(await text(page)).toContain("87.9 KiB of it could not be read at one of the two times")
    await check(watched!, "growers-moved", [], true)
    await page.setViewportSize({ width: 400, height: 900 })
    await shoot(page, "growers-moved-narrow")
    expect(await page.evaluate(() => document.documentElement.scrollWidth)).toBe(400)
  })

  it("shows the first of many growers, more on a click, and unknown changes as unknown", async () => {
    watched = await open(browser)
    const { page } = watched
    const items = Array.from({ length: 150 }, (_, i) => ({
      name: `group/a-project-with-a-rather-long-name/service-${i}`,
      before: 1000,
      after: i === 6 ? null : 1000 + (150 - i) * 10,
      change: i === 6 ? null : (150 - i) * 10,
      percent: i === 6 ? null : 150 - i
    }))
    await page.route(/\/growth\?/, async (route) => {
      const answer = await route.fetch()
      const limit = Number(new URL(route.request().url()).searchParams.get("limit"))
      const json = { ...((await answer.json()) as object), matching: 150, _embedded: { items: items.slice(0, limit) } }
      await route.fulfill({ response: answer, json })
    })
    await page.setViewportSize({ width: 400, height: 900 })
    await page.goto(`${site.url}#/?map=0`)
    await signIn(page, user)
    const rows = growers(page).getByRole("row")
    await eventually(() => rows.count()).toBe(1 + 7)
    expect((await rows.nth(7).innerText()).replace(/\s+/g, " ")).toMatch(/service-6 unknown$/)
    expect(await page.evaluate(() => document.documentElement.scrollWidth)).toBe(400)
    await check(watched!, "growers-many-narrow", [], true)
    await growers(page).getByRole("button", { name: "Show 100 of 150" }).click()
    await eventually(() => rows.count()).toBe(1 + 100)
    await growers(page).getByText("And 50 more changed.").waitFor()
  })

  it("shows when the registry will be full, and how this is computed", async () => {
    const { page } = await signedIn()
    await growers(page)
      .getByText(/^Full in about \d+ days, on \d+ \w+ \d{4}\.$/)
      .click()
    const method = await text(page)
    expect(method).toMatch(/\+\d.* KiB on disk a day: the median .* Theil and Sen/)
    expect(method).toMatch(/Based on 61 days from .* and a capacity of 1.91 MiB\./)
    await check(watched!, "trend-projection", [], true)
    await page.goto(`${site.url}#/acme/`)
    await eventually(() => text(page)).toContain("shop/api")
    expect(await text(page)).not.toContain("Full in")
  })

  it("requests nothing that is not shown", async () => {
    const { requests, page } = await signedIn(`${site.url}#/?trend=0`)
    await page.locator(".tile").first().waitFor()
    await page.waitForTimeout(500)
    // The first figure says when the registry will be full.
    expect(requests).toEqual(["/growth?from=30d&by=new_bytes&of=images&limit=7&embed=1"])
    expect(await page.getByRole("region", { name: "History" }).count()).toBe(0)
    await page.getByRole("button", { name: "Trend", exact: true }).click()
    await shown(page)
    expect(requests.map((path) => path.replace(/.*(Chart).*\.(\w+)$/, "$1.$2")).toSorted()).toEqual([
      "/growth?from=30d&by=new_bytes&of=images&limit=7&embed=1",
      "/history?from=30d",
      "Chart.css",
      "Chart.js"
    ])
    await page.getByRole("searchbox").fill("api")
    await eventually(() => page.getByRole("region", { name: "History" }).count()).toBe(0)
  })

  it("waits until it is scrolled to", async () => {
    watched = await open(browser)
    const { page } = watched
    await page.setViewportSize({ width: 400, height: 500 })
    const requests: Array<string> = []
    page.on("request", (request) => requests.push(new URL(request.url()).pathname))
    await page.goto(site.url)
    await signIn(page, user)
    await page.getByRole("region", { name: "History" }).waitFor()
    await page.waitForTimeout(500)
    expect(requests.filter((path) => path.endsWith("/history"))).toEqual([])
    await page.getByRole("region", { name: "History" }).scrollIntoViewIfNeeded()
    await shown(page)
    expect(requests.filter((path) => path.endsWith("/history"))).toEqual(["/history"])
  })

  it("is absent without a history", async () => {
    const none = await startMemory({ repositories: await Effect.runPromise(repositories(0)) })
    sites.push(none)
    const { requests, page } = await signedIn(none.url)
    await page.locator(".tile").first().waitFor()
    await page.waitForTimeout(500)
    expect(await page.getByRole("region", { name: "History" }).count()).toBe(0)
    expect(await page.getByRole("button", { name: "Trend", exact: true }).count()).toBe(0)
    expect(requests).toEqual([])
  })

  it("says that history has just begun", async () => {
    const young = await started({}, 0)
    const { page } = await signedIn(young.url)
    await eventually(() => trend(page).innerText()).toMatch(/history begins at .*Come back after the next crawl/)
    expect(await trend(page).innerText()).toMatch(/On disk 724\sKiB/)
    await eventually(() => text(page)).toMatch(/nothing to compare with yet: history begins at/)
    await check(watched!, "trend-young", [], true)
  })

  it("shows a failure in its own panel only, and tries again on a click", async () => {
    watched = await open(browser)
    const { page } = watched
    let broken = true
    await page.route(/\/history\?/, (route) =>
      broken
        ? route.fulfill({
            status: 503,
            contentType: "application/problem+json",
            body: JSON.stringify({ detail: "the history could not be read for now" })
          })
        : route.fallback()
    )
    await page.goto(site.url)
    await signIn(page, user)
    await trend(page).getByRole("alert").getByText("The history could not be read for now.").waitFor()
    await growers(page).getByRole("link", { name: "acme/shop/api" }).waitFor()
    expect(await page.locator(".tile").count()).toBeGreaterThan(3)
    await check(watched!, "trend-failed", [/503/], true)
    broken = false
    await trend(page).getByRole("button", { name: "Try again" }).click()
    await shown(page)
  })

  it("continues with newer figures", async () => {
    const growing = await started({}, 3)
    watched = await open(browser)
    const { page } = watched
    await page.clock.install()
    await page.goto(`${growing.url}#/?map=0`)
    await signIn(page, user)
    await shown(page)
    await trend(page).getByText("Figures as a table").click()
    const rows = trend(page).getByRole("row")
    await eventually(() => rows.count()).toBe(1 + 4)
    await growing.refresh()
    await page.clock.fastForward("00:31")
    await page.getByRole("button", { name: "Show newer figures" }).click()
    await eventually(() => rows.count()).toBe(1 + 5)
    expect(watched.complaints()).toEqual([])
  })

  it("works behind a prefix", async () => {
    const behind = await started({ prefix: "/registry" }, 10)
    const { requests, page } = await signedIn(`${behind.url}#/acme/`)
    await shown(page)
    expect(requests).toContain("/registry/namespaces/acme/history?from=30d")
    expect(watched!.complaints()).toEqual([])
  })

  it("has the colours of the theme, and fits small screens", async () => {
    const { page } = await signedIn(`${site.url}#/?map=0`)
    await shown(page)
    const has = (colour: string) =>
      page.evaluate((colour) => {
        const canvas = document.querySelector<HTMLCanvasElement>(".chart canvas")!
        const { data } = canvas.getContext("2d")!.getImageData(0, 0, canvas.width, canvas.height)
        let pixels = 0
        for (let i = 0; i < data.length; i += 4)
          if (`${data[i]} ${data[i + 1]} ${data[i + 2]} ${data[i + 3]}` === colour) pixels++
        return pixels > 50
      }, colour)
    const [light, dark] = ["35 88 184 255", "143 181 255 255"]
    // Chromium advises those who read a canvas, which this test does and the page does not.
    const read = [/willReadFrequently/]
    await eventually(() => has(light)).toBe(true)
    expect(await has(dark)).toBe(false)
    await page.emulateMedia({ colorScheme: "dark" })
    await eventually(() => has(dark)).toBe(true)
    expect(await has(light)).toBe(false)
    await check(watched!, "trend-dark", read, true)
    await page.setViewportSize({ width: 360, height: 740 })
    const width = () => page.evaluate(() => document.documentElement.scrollWidth)
    await eventually(width).toBe(360)
    await eventually(async () => (await trend(page).locator("canvas").boundingBox())!.width).toBeLessThan(320)
    await check(watched!, "trend-narrow-dark", read, true)
    await page.emulateMedia({ colorScheme: "light" })
    await eventually(() => has(light)).toBe(true)
    await check(watched!, "trend-narrow", read, true)
  })

  it("shows an earlier snapshot, and leads back to now", async () => {
    const { page } = await signedIn(`${site.url}#/?flat=1`)
    const names = () => page.locator(".row .name-link").allTextContents()
    await eventually(names).toContain("library/tools/scanner")
    await shown(page)
    const day = new Date(DateTime.toEpochMillis(begun) - 10 * 86_400_000).toISOString().slice(0, 10)
    await page.getByLabel("As of").fill(day)
    await page.getByText("This is an earlier snapshot.").waitFor()
    expect(new URL(page.url()).hash).toBe(`#/?flat=1&past=${day}T23:59:59.999Z`)
    await eventually(names).toContain("acme/old/legacy")
    expect(await names()).not.toContain("library/tools/scanner")
    // It could not be read then.
    await page.getByRole("row").filter({ hasText: "acme/vault/secrets" }).getByText("unknown").first().waitFor()
    await check(watched!, "earlier-snapshot", [], true)
    await page.getByRole("link", { name: "acme/old/legacy" }).first().click()
    await page.getByRole("row").filter({ hasText: "0.9" }).waitFor()
    await page.reload()
    await page.getByText("This is an earlier snapshot.").waitFor()
    await page.getByRole("row").filter({ hasText: "0.9" }).waitFor()
    await page.getByRole("button", { name: "Back to now" }).click()
    await eventually(() => page.getByText("This is an earlier snapshot.").count()).toBe(0)
    expect(watched!.complaints()).toEqual([])
  })

  it("links to an earlier snapshot from the trend and from deleted entities", async () => {
    const { page } = await signedIn()
    await shown(page)
    await growers(page).getByRole("link", { name: "acme/old/legacy" }).click()
    await page.getByText("This is an earlier snapshot.").waitFor()
    await eventually(() => page.locator(".row .name-link").allTextContents()).toEqual(["0.9"])
    await page.goto(`${site.url}#/`)
    await eventually(() => page.getByText("This is an earlier snapshot.").count()).toBe(0)
    await shown(page)
    await chart(page).focus()
    await page.keyboard.press("Home")
    await page.keyboard.press("Enter")
    await page.getByText("This is an earlier snapshot.").waitFor()
    await eventually(() => page.getByRole("region", { name: "Summary" }).innerText()).toMatch(/574\sKiB|574\s+KiB/)
    await page.goto(`${site.url}#/?past=2001-01-01T00:00:00Z`)
    await page.getByRole("alert").getByText("no snapshot is kept that is as old").waitFor()
    await page.getByRole("button", { name: "Back to now" }).click()
    await page.getByRole("region", { name: "Summary" }).waitFor()
  })
})
