/** A real browser, and the errors that it reports. */
import axe from "axe-core"
import { mkdirSync, mkdtempSync, rmSync } from "node:fs"
import { tmpdir } from "node:os"
import { join } from "node:path"
import { fileURLToPath } from "node:url"
import { type BrowserContext, chromium, type Page } from "playwright-core"
import { expect } from "vitest"

const executablePath = "/usr/bin/chromium"

const screenshots = fileURLToPath(new URL("screenshots/", import.meta.url))

/** A browser with an empty profile of its own. */
export interface Browser {
  readonly context: BrowserContext
  readonly close: () => Promise<void>
}

export const launch = async (
  options: Parameters<typeof chromium.launchPersistentContext>[1] = {}
): Promise<Browser> => {
  const profile = mkdtempSync(join(tmpdir(), "dashboard-chromium-"))
  mkdirSync(screenshots, { recursive: true })
  const context = await chromium.launchPersistentContext(profile, {
    executablePath,
    headless: true,
    acceptDownloads: true,
    viewport: { width: 1280, height: 860 },
    locale: "en-GB",
    timezoneId: "UTC",
    args: [
      "--no-sandbox",
      "--disable-gpu",
      "--disable-quic",
      "--no-first-run",
      "--disable-background-networking",
      "--disable-component-update",
      "--disable-sync"
    ],
    ...options
  })
  context.setDefaultTimeout(10_000)
  return {
    context,
    close: async () => {
      await context.close()
      rmSync(profile, { recursive: true, force: true, maxRetries: 5 })
    }
  }
}

/** A page that records every error on its console, and every violation of its policy. */
export interface Watched {
  readonly page: Page
  /** The errors since the last call. */
  readonly complaints: () => ReadonlyArray<string>
}

export const open = async ({ context }: Browser): Promise<Watched> => {
  const page = await context.newPage()
  let complaints: Array<string> = []
  page.on("console", (message) => {
    if (message.type() === "error" || message.type() === "warning") complaints.push(message.text())
  })
  page.on("pageerror", (error) => complaints.push(`uncaught: ${error.message}`))
  await page.addInitScript(() => {
    addEventListener("securitypolicyviolation", (event) => {
      console.error(`policy: ${event.violatedDirective} forbids ${event.blockedURI}`)
    })
  })
  return {
    page,
    complaints: () => {
      const recorded = complaints
      complaints = []
      return recorded
    }
  }
}

/** Saves a screenshot of the page. */
export const shoot = (page: Page, name: string, fullPage = false) =>
  page.screenshot({ path: join(screenshots, `${name}.png`), fullPage, animations: "disabled" })

/** What axe finds that is serious or critical: rule, and where. */
const serious = async (page: Page): Promise<ReadonlyArray<string>> => {
  // The policy of the page allows no foreign script; it does not apply to what the debugger evaluates.
  await page.evaluate(axe.source)
  const results = await page.evaluate(() =>
    (globalThis as unknown as { readonly axe: typeof axe }).axe.run(document, {
      resultTypes: ["violations"]
    })
  )
  return results.violations
    .filter(({ impact }) => impact === "serious" || impact === "critical")
    .flatMap(({ id, nodes }) => nodes.map(({ failureSummary, html }) => `${id}: ${html} ${failureSummary ?? ""}`))
}

/** Waits up to ten seconds for a value, however busy the machine is. */
export const eventually = <A>(read: () => A) => expect.poll(read, { timeout: 10_000 })

/** Saves a screenshot, and expects no error of axe or on the console, but for those expected. */
export const check = async (
  { complaints, page }: Watched,
  name: string,
  expected: ReadonlyArray<RegExp> = [],
  fullPage = false
) => {
  await page.mouse.move(0, 0)
  await page.waitForTimeout(250)
  await shoot(page, name, fullPage)
  expect(await serious(page)).toEqual([])
  expect(complaints().filter((complaint) => !expected.some((pattern) => pattern.test(complaint)))).toEqual([])
}

export const signIn = async (page: Page, user: { readonly username: string; readonly password: string }) => {
  await page.getByLabel("User name").fill(user.username)
  await page.getByLabel("Password").fill(user.password)
  await page.getByRole("button", { name: "Sign in" }).click()
}
