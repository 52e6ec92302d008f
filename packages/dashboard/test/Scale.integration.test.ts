/** The page with large registries: it draws only what is in sight. Measurements are printed. */
import { Servers } from "@gitlab-registry-usage/test-servers"
import type { Page } from "playwright-core"
import { afterAll, beforeAll, describe, expect, it } from "vitest"
import { type Browser, launch, open, shoot } from "./browser.ts"
import { fakeApi } from "./fakeApi.ts"
import { repositories } from "./registries.ts"
import { type Site, startDemo, startMemory, user } from "./site.ts"

const leftOut = Servers.leftOut("large registries in Chromium")

const milliseconds = (value: number) => `${Math.round(value)} ms`

/** Frames while the window scrolls down through the list in steps, in milliseconds between them. */
const scroll = (page: Page) =>
  page.evaluate(
    () =>
      new Promise<ReadonlyArray<number>>((resolve) => {
        const gaps: Array<number> = []
        let last = performance.now()
        const step = (now: number) => {
          gaps.push(now - last)
          last = now
          scrollBy(0, 120)
          if (gaps.length < 120) requestAnimationFrame(step)
          else resolve(gaps.slice(1))
        }
        requestAnimationFrame(step)
      })
  )

const measure = async (page: Page, name: string) => {
  await page.getByLabel("User name").fill(user.username)
  await page.getByLabel("Password").fill(user.password)
  const start = performance.now()
  await page.getByRole("button", { name: "Sign in" }).click()
  await page.locator(".tile").first().waitFor()
  const first = performance.now() - start
  const tiles = await page.locator(".tile").count()
  await shoot(page, `scale-${name}`)
  await page.getByRole("button", { name: "Group", exact: true }).click()
  const frames = [...(await scroll(page))].sort((a, b) => a - b)
  const rows = await page.locator(".row").count()
  const searching = performance.now()
  await page.evaluate(() => scrollTo(0, 0))
  await page.getByRole("searchbox").fill("service-77:1.1")
  await page.waitForFunction(() => /^\d[\d,]* tags$/.test(document.querySelector(".toolbar-status")?.textContent ?? ""))
  const found = performance.now() - searching
  await shoot(page, `scale-${name}-search`)
  console.log(
    `${name}: first treemap after ${milliseconds(first)}; frames while scrolling: median ${milliseconds(frames[60]!)}, ` +
      `95 % ${milliseconds(frames[112]!)}, longest ${milliseconds(frames.at(-1)!)}; ` +
      `search of tags ${milliseconds(found)}; ${tiles} tiles, ${rows} rows drawn`
  )
  expect(tiles).toBeLessThan(1_500)
  expect(rows).toBeLessThan(100)
}

describe.skipIf(leftOut)("a large registry", () => {
  let browser: Browser
  const sites: Array<Site> = []
  beforeAll(async () => {
    browser = await launch()
  })
  afterAll(async () => {
    await browser.close()
    await Promise.all(sites.map((site) => site.stop()))
  })

  it("of 1,000 repositories with 20 tags", async () => {
    const site = await startMemory({ repositories: await repositories(1_000, 20) })
    sites.push(site)
    const { complaints, page } = await open(browser)
    await page.goto(site.url)
    await measure(page, "1000x20")
    expect(complaints()).toEqual([])
    await page.close()
  }, 120_000)

  // So many manifests take too long to make: the page is the server's own, and the API is a fake.
  it("of 10,000 repositories with 50 tags", async () => {
    const site = await startDemo()
    sites.push(site)
    const { complaints, page } = await open(browser)
    await fakeApi(page, site.url, { images: 10_000, tags: 50 })
    await page.goto(site.url)
    await measure(page, "10000x50")
    expect(complaints()).toEqual([])
    await page.close()
  }, 120_000)
})
