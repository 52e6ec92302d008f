/** Writes the pictures of the documentation: the page of the demo at 1440 × 900. */
import { Demo, DemoHistory } from "@gitlab-registry-usage/demo"
import { fileURLToPath } from "node:url"
import { launch, open, signIn } from "./browser.ts"
import { startDemo, user } from "./site.ts"

const path = (name: string) => fileURLToPath(new URL(`../../../docs/images/${name}.png`, import.meta.url))

const site = await startDemo({ store: DemoHistory.layer(Demo.repositories), capacity: 4_000_000, capacityUnit: "MB" })
const browser = await launch({ viewport: { width: 1440, height: 900 } })
try {
  const { page } = await open(browser)
  await page.goto(`${site.url}#/?trend=0&at=acme/shop/api:1.2.0`)
  await signIn(page, user)
  await page.getByText("shared with 1 other tag").first().click()
  await page.getByText(/full on/).waitFor()
  await page.waitForLoadState("networkidle")
  await page.screenshot({ path: path("dashboard"), animations: "disabled" })

  await page.goto(`${site.url}#/?map=0`)
  await page.getByRole("region", { name: "Trend" }).locator("canvas").waitFor()
  await page.getByRole("region", { name: "What grew" }).getByRole("row").nth(1).waitFor()
  await page.waitForLoadState("networkidle")
  await page.screenshot({ path: path("history"), animations: "disabled" })
} finally {
  await browser.close()
  await site.stop()
}
