/**
 * A real browser, and what it complains about.
 */
import axe from "axe-core"
import { mkdirSync, mkdtempSync, rmSync } from "node:fs"
import { tmpdir } from "node:os"
import { join } from "node:path"
import { fileURLToPath } from "node:url"
import { type BrowserContext, chromium, type Page } from "playwright-core"

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

/** A page that remembers every error that was written to its console, and every violation of its policy. */
export interface Watched {
  readonly page: Page
  /** What was complained about since the last call. */
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
      const told = complaints
      complaints = []
      return told
    }
  }
}

/** Keeps a picture of the page. */
export const shoot = (page: Page, name: string, fullPage = false) =>
  page.screenshot({ path: join(screenshots, `${name}.png`), fullPage, animations: "disabled" })

/** What axe finds that is serious or critical: rule, and where. */
export const serious = async (page: Page): Promise<ReadonlyArray<string>> => {
  // The policy of the page allows no foreign script in it; what is evaluated by the debugger is not under it.
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

export const signIn = async (page: Page, user: { readonly username: string; readonly password: string }) => {
  await page.getByLabel("User name").fill(user.username)
  await page.getByLabel("Password").fill(user.password)
  await page.getByRole("button", { name: "Sign in" }).click()
}
