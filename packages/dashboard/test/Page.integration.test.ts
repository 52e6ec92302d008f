/**
 * The page in a real browser, on the server itself.
 */
import { Registry } from "@gitlab-registry-usage/core"
import { Servers } from "@gitlab-registry-usage/test-servers"
import { Deferred, Effect } from "effect"
import { readFileSync } from "node:fs"
import type { Page } from "playwright-core"
import { afterAll, afterEach, beforeAll, describe, expect, it } from "vitest"
import { type Browser, check, eventually, launch, open, signIn, type Watched } from "./browser.ts"
import { repositories } from "./registries.ts"
import { type Site, startDemo, startMemory, user } from "./site.ts"

const leftOut = Servers.leftOut("the page in Chromium")

/** The figures of the demonstration, as its own expectations state them. */
const total = "≥ 2.70 MiB"

const tile = (page: Page, name: RegExp) => page.getByRole("region", { name: "Map" }).getByRole("button", { name })
const row = (page: Page, name: string) =>
  page.getByRole("row").filter({ has: page.getByRole("link", { name, exact: true }) })
const names = (page: Page) => page.locator(".row .name-link").allTextContents()
const detail = (page: Page) => page.getByRole("complementary")

describe.skipIf(leftOut)("the page", { timeout: 90_000 }, () => {
  let browser: Browser
  let demo: Site
  let watched: Watched | undefined
  const sites: Array<Site> = []

  beforeAll(async () => {
    browser = await launch()
    demo = await startDemo()
  })
  afterAll(async () => {
    await browser.close()
    await Promise.all([demo, ...sites].map((site) => site.stop()))
  })
  afterEach(async () => {
    await watched?.page.evaluate(() => localStorage.clear()).catch(() => undefined)
    await watched?.page.close()
    watched = undefined
  })

  const visit = async (url = demo.url) => {
    watched = await open(browser)
    await watched.page.goto(url)
    return watched.page
  }
  const signedIn = async (url = demo.url) => {
    const page = await visit(url)
    await signIn(page, user)
    await page.getByRole("region", { name: "Summary" }).waitFor()
    return page
  }
  const another = async (site: Promise<Site>) => {
    const started = await site
    sites.push(started)
    return started
  }

  it("is the target of a redirect from the root, and shows the form to sign in", async () => {
    const page = await visit(new URL("../", demo.url).href)
    expect(page.url()).toBe(demo.url)
    await page.getByLabel("User name").waitFor()
    await eventually(() => page.evaluate(() => document.activeElement?.getAttribute("name"))).toBe("username")
    await check(watched!, "login")
  })

  it("distinguishes a wrong password from a server that is down", async () => {
    const site = await another(startDemo())
    const page = await visit(site.url)
    await signIn(page, { username: user.username, password: "wrong" })
    await eventually(() => page.getByRole("alert").textContent()).toMatch(/not accepted/)
    await check(watched!, "login-wrong", [/401/])
    await site.stop()
    await signIn(page, user)
    await eventually(() => page.getByRole("alert").textContent()).toMatch(/cannot be reached/)
    await check(watched!, "login-down", [/ERR_CONNECTION/])
  })

  it("shows the figures first", async () => {
    const page = await signedIn()
    const summary = page.getByRole("region", { name: "Summary" })
    const text = (await summary.innerText()).replace(/\s+/g, " ")
    expect(text).toContain(`On disk ${total} 12 repositories, 139 tags`)
    expect(text).toContain("Size ≥ 81.4 MiB 30.1 × what is stored")
    expect(text).toContain("Shared 47 % 1.28 MiB across repositories")
    expect(text).toContain("Last refresh just now took")
    expect(text).toContain("Not readable 1 1 repository, see why")
    await eventually(() => names(page)).toEqual(["acme/", "library/", "group/tags/"])
    await check(watched!, "overview")
  })

  it("zooms into group, project, repository and tag, and back", async () => {
    const page = await signedIn()
    await tile(page, /namespace acme\/$/).click({ position: { x: 12, y: 8 } })
    await eventually(() => page.url()).toBe(`${demo.url}#/acme/`)
    await check(watched!, "zoom-group")
    await tile(page, /namespace acme\/shop\/$/).click({ position: { x: 12, y: 8 } })
    await eventually(() => names(page)).toEqual(["api", "cache", "web/", "web", "chart", "empty"])
    await tile(page, /repository acme\/shop\/api$/).click()
    await tile(page, /tag acme\/shop\/api:1.0.0$/).waitFor()
    await eventually(() => names(page)).toEqual(["1.0.0", "1.1.0", "1.2.0", "latest"])
    expect(await page.locator(".treemap-omitted").innerText()).toContain("1 tag without bytes of their own")
    await check(watched!, "zoom-repository")
    await tile(page, /tag acme\/shop\/api:1.1.0$/).click()
    await detail(page).getByText("6 blobs").waitFor()
    await page.goBack()
    await eventually(() => detail(page).count()).toBe(0)
    await page.getByRole("navigation", { name: "Place" }).getByRole("link", { name: "acme" }).click()
    await tile(page, /namespace acme\/shop\/$/).waitFor()
    await page.reload()
    await tile(page, /namespace acme\/shop\/$/).waitFor()
    expect(page.url()).toBe(`${demo.url}#/acme/`)
  })

  it("can be used with the keyboard alone", async () => {
    const page = await visit()
    await eventually(() => page.evaluate(() => document.activeElement?.getAttribute("name"))).toBe("username")
    await page.keyboard.type(user.username)
    await page.keyboard.press("Tab")
    await page.keyboard.type(user.password)
    await page.keyboard.press("Enter")
    await page.getByRole("region", { name: "Summary" }).waitFor()
    await page.keyboard.press("/")
    await eventually(() => page.evaluate(() => document.activeElement?.getAttribute("type"))).toBe("search")
    const focus = () => page.evaluate(() => document.activeElement?.getAttribute("aria-label") ?? "")
    for (let i = 0; i < 12 && !(await focus()).endsWith("namespace acme/"); i++) await page.keyboard.press("Tab")
    expect(await focus()).toMatch(/namespace acme\/$/)
    await page.keyboard.press("ArrowDown")
    await eventually(focus).toMatch(/namespace acme\/shop\/$/)
    await page.keyboard.press("ArrowDown")
    await eventually(focus).toMatch(/repository/)
    await check(watched!, "keyboard-map")
    const repository = /repository (.*)$/.exec(await focus())?.[1]
    expect(repository).toMatch(/^acme\/shop\//)
    await page.keyboard.press("Enter")
    await eventually(() => page.url()).toBe(`${demo.url}#/${repository}`)
    await eventually(focus).toContain(`, tag ${repository}:`)
    await page.keyboard.press("Escape")
    await eventually(() => page.url()).toBe(`${demo.url}#/acme/shop/`)
    await eventually(focus).toContain(`repository ${repository}`)
    await page.keyboard.press("Escape")
    await page.keyboard.press("Escape")
    await eventually(() => page.url()).toBe(`${demo.url}#/`)
    const focusedRow = () => page.evaluate(() => document.querySelector("tr:focus .name-link")?.textContent ?? "")
    for (let i = 0; i < 12 && (await focusedRow()) === ""; i++) await page.keyboard.press("Tab")
    const before = await names(page)
    expect(await focusedRow()).toBe(before[0])
    await page.keyboard.press("ArrowRight")
    await eventually(async () => (await names(page)).length).toBeGreaterThan(before.length)
    await page.keyboard.press("ArrowDown")
    await eventually(focusedRow).not.toBe(before[0])
    await page.keyboard.press("Space")
    await eventually(() => page.getByRole("checkbox", { checked: true }).count()).toBe(1)
    await page.keyboard.press("Enter")
    await eventually(() => page.url()).toBe(`${demo.url}#/acme/shop/`)
    await eventually(focusedRow).toBe("api")
    const current = await focusedRow()
    await page.keyboard.press("Enter")
    await eventually(() => detail(page).count()).toBe(1)
    await check(watched!, "keyboard-table")
    await page.keyboard.press("Escape")
    await eventually(() => detail(page).count()).toBe(0)
    await eventually(focusedRow).toBe(current)
  })

  it("searches repositories and their tags", async () => {
    const page = await signedIn()
    await page.getByRole("searchbox").fill("WEB")
    await eventually(() => names(page)).toEqual(["acme/shop/web/nightly", "acme/shop/web"])
    await page.getByRole("searchbox").fill("web:night-00")
    await eventually(async () => (await names(page)).length).toBe(9)
    expect(new URL(page.url()).hash).toBe("#/?q=web:night-00")
    await eventually(() => page.getByRole("status").first().innerText()).toBe("9 tags")
    await check(watched!, "search")
    await page.getByRole("searchbox").fill("nothing:at-all")
    await page.getByText("Nothing matches.").waitFor()
    await check(watched!, "search-nothing")
    await page.getByRole("searchbox").press("Escape")
    await eventually(() => names(page)).toEqual(["acme/", "library/", "group/tags/"])
  })

  it("sorts the whole set, and groups it or not", async () => {
    const page = await signedIn()
    await page.getByRole("button", { name: "Group", exact: true }).click()
    await eventually(async () => (await names(page)).slice(0, 3)).toEqual([
      "library/base/node",
      "acme/shop/api",
      "acme/shop/cache"
    ])
    await page.getByRole("button", { name: "Size", exact: true }).click()
    await eventually(async () => (await names(page))[0]).toBe("acme/shop/web/nightly")
    await page.getByRole("button", { name: "Name", exact: true }).click()
    await eventually(async () => (await names(page))[0]).toBe("acme/shop/api")
    const sorted = await names(page)
    expect(sorted).toEqual(sorted.toSorted())
    await eventually(() => page.getByRole("columnheader", { name: "Name" }).getAttribute("aria-sort")).toBe("ascending")
    await page.getByRole("button", { name: "Unique", exact: true }).click()
    await eventually(async () => (await names(page))[0]).toBe("acme/shop/api")
    // What is unknown comes last in either direction.
    await eventually(async () => (await names(page)).at(-1)).toBe("acme/vault/secrets")
    await page.getByRole("button", { name: "Unique", exact: true }).click()
    await eventually(async () => (await names(page)).at(-1)).toBe("acme/vault/secrets")
    await eventually(() => new URL(page.url()).hash).toBe("#/?sort=unique_size&flat=1")
    await check(watched!, "flat")
  })

  it("shows the blobs of a tag, the tags they are charged to, and the tags that share them", async () => {
    const page = await signedIn(`${demo.url}#/?at=acme/shop/api:1.2.0`)
    const text = async () => (await detail(page).innerText()).replace(/\s+/g, " ")
    await eventually(text).toContain("6 blobs")
    expect(await text()).toContain("On disk 89.3 KiB Size 638 KiB Unique 0 B")
    expect(await text()).toContain("charged to library/base/debian:12")
    await detail(page).getByText("shared with 1 other tag").first().click()
    expect(await detail(page).getByRole("link", { name: "acme/shop/api:latest" }).count()).toBeGreaterThan(0)
    await check(watched!, "detail-tag")
    await detail(page).getByRole("link", { name: "library/base/debian:12" }).first().click()
    await eventually(text).toContain("Tag library/base/debian:12")
    await page.goto(`${demo.url}#/?at=library/base/debian`)
    await eventually(text).toContain("On disk 274 KiB Size 548 KiB Unique 0 B")
    await detail(page).getByRole("link", { name: "12", exact: true }).waitFor()
    await check(watched!, "detail-repository")
    await page.goto(`${demo.url}#/?at=library/`)
    await eventually(text).toContain("Unique 766 KiB")
    await check(watched!, "detail-namespace")
    await detail(page).getByRole("button", { name: "Close" }).click()
    await eventually(() => detail(page).count()).toBe(0)
  })

  it("shows what could not be read, and why", async () => {
    const page = await signedIn()
    await page.getByRole("link", { name: /see why/ }).click()
    await detail(page).getByRole("link", { name: "acme/vault/secrets" }).waitFor()
    expect(await detail(page).innerText()).toContain("Denied")
    await check(watched!, "unreadable")
    await page.goto(`${demo.url}#/acme/vault/`)
    await row(page, "secrets").waitFor()
    expect((await row(page, "secrets").innerText()).match(/unknown/g)).toHaveLength(3)
    expect(await row(page, "secrets").getByRole("checkbox").isDisabled()).toBe(true)
    await check(watched!, "unreadable-repository")
  })

  it("shows what deleting the selection would free", async () => {
    const page = await signedIn(`${demo.url}#/acme/shop/api`)
    const chosen = page.getByRole("region", { name: "Chosen" })
    await row(page, "1.2.0").getByRole("checkbox").check()
    await eventually(() => chosen.innerText()).toMatch(/would free\s0\sB/)
    await row(page, "latest").getByRole("checkbox").check()
    await eventually(() => chosen.innerText()).toMatch(/2 chosen. Deleting all of them would free\s89.3\sKiB/)
    await check(watched!, "selected")
    await page.goto(`${demo.url}#/`)
    await row(page, "acme/").getByRole("checkbox").check()
    await eventually(() => chosen.innerText()).toMatch(/would free\s1.34\sMiB \(131 tags in 6 repositories\)/)
    await chosen.getByRole("button", { name: "Clear" }).click()
    await eventually(() => page.getByRole("checkbox", { checked: true }).count()).toBe(0)
  })

  it("downloads every repository of the place as CSV, in bytes and in its order, and the tags on demand", async () => {
    const page = await signedIn(`${demo.url}#/?sort=name`)
    const downloaded = async (name: string) => {
      const button = page.getByRole("button", { name, exact: true })
      const [download] = await Promise.all([page.waitForEvent("download"), button.click()])
      return [download.suggestedFilename(), readFileSync(await download.path(), "utf8").split("\r\n")] as const
    }
    const instant = /\d{4}-\d\d-\d\dT\d{4}Z\.csv$/
    const [name, lines] = await downloaded("CSV")
    expect(name).toMatch(new RegExp(`^registry-usage-${instant.source}`))
    expect(lines.slice(0, 2)).toEqual([
      "repository,tag,size,disk_size,unique_size,tags",
      "acme/shop/api,,2613760,556320,514320,4"
    ])
    expect(lines).toHaveLength(1 + 12 + 1)
    expect(lines.find((line) => line.startsWith("acme/vault/secrets"))).toMatch(/^acme\/vault\/secrets,,,,,/)
    await page.goto(`${demo.url}#/acme/shop/?sort=name`)
    await row(page, "api").waitFor()
    const [shop, tags] = await downloaded("CSV with tags")
    expect(shop).toMatch(new RegExp(`^registry-usage-acme-shop-${instant.source}`))
    expect(tags.filter((line) => line.startsWith("acme/shop/api,"))).toHaveLength(1 + 4)
    expect(tags.every((line, i) => i === 0 || line === "" || line.startsWith("acme/shop/"))).toBe(true)
  })

  it("finds tags without a colon where no repository has the text in its name", async () => {
    const page = await signedIn(`${demo.url}#/?q=1.0.0`)
    await page.getByText("acme/shop/api:1.0.0").first().waitFor()
    await page.getByLabel("Search for repository:tag").fill("shop")
    await row(page, "acme/shop/api").waitFor()
  })

  it("says where an address leads nowhere, and offers the nearest place", async () => {
    const page = await signedIn(`${demo.url}#/acme/no/such/thing`)
    await page.getByRole("heading", { name: "There is no such place" }).waitFor()
    await check(watched!, "nowhere")
    await page.getByRole("link", { name: "Show acme/", exact: true }).click()
    await row(page, "shop/").waitFor()
    await page.goto(`${demo.url}#/?past=2001-01-01T00:00:00Z`)
    await page.getByRole("heading", { name: "The figures cannot be shown" }).waitFor()
    await page.getByRole("button", { name: "Back to now" }).click()
    await row(page, "acme/").waitFor()
  })

  it("counts in KiB or in kB, and remembers it", async () => {
    const page = await signedIn()
    await page.getByRole("radio", { name: "kB", exact: true }).check({ force: true })
    await eventually(() => page.getByRole("region", { name: "Summary" }).innerText()).toMatch(/2.83\sMB/)
    await page.reload()
    await eventually(() => page.getByRole("region", { name: "Summary" }).innerText()).toMatch(/2.83\sMB/)
  })

  it("is dark if the system is, or if the user chooses so", async () => {
    const page = await signedIn()
    const ground = () => page.evaluate(() => getComputedStyle(document.documentElement).backgroundColor)
    const light = await ground()
    await page.emulateMedia({ colorScheme: "dark" })
    const dark = await ground()
    expect(dark).not.toBe(light)
    await check(watched!, "dark")
    await page.goto(`${demo.url}#/?at=acme/shop/web:2.1.0`)
    await detail(page).getByText("7 blobs").waitFor()
    await check(watched!, "dark-detail")
    await page.getByRole("button", { name: /^Colours/ }).click()
    await eventually(ground).toBe(light)
    await page.getByRole("button", { name: /^Colours/ }).click()
    await page.emulateMedia({ colorScheme: "light" })
    await eventually(ground).toBe(dark)
  })

  it("fits 360 pixels", async () => {
    const page = await visit()
    await page.setViewportSize({ width: 360, height: 740 })
    await check(watched!, "narrow-login")
    await signIn(page, user)
    await page.getByRole("region", { name: "Summary" }).waitFor()
    const width = () => page.evaluate(() => document.documentElement.scrollWidth)
    expect(await width()).toBe(360)
    await check(watched!, "narrow")
    await row(page, "acme/").getByRole("button", { name: /^Open/ }).click()
    await row(page, "acme/").getByRole("checkbox").check()
    await row(page, "shop/").scrollIntoViewIfNeeded()
    expect(await width()).toBe(360)
    await check(watched!, "narrow-table")
    await page.goto(`${demo.url}#/?at=acme/shop/web:2.1.0`)
    await detail(page).getByText("7 blobs").waitFor()
    expect(await width()).toBe(360)
    await check(watched!, "narrow-detail")
  })

  it("keeps the session when the tab is loaded again, and ends it on signing out", async () => {
    const page = await visit(`${demo.url}#/acme/`)
    await signIn(page, user)
    await page.getByRole("region", { name: "Summary" }).waitFor()
    await page.reload()
    await page.getByRole("region", { name: "Summary" }).waitFor()
    await page.getByRole("button", { name: "Sign out" }).click()
    await page.getByLabel("User name").waitFor()
    expect(page.url()).toBe(`${demo.url}#/`)
    expect(await page.evaluate(() => Object.keys(sessionStorage))).toEqual([])
    await page.reload()
    await page.getByLabel("User name").waitFor()
    expect(watched!.complaints()).toEqual([])
  })

  it("returns to the same place after the token has expired", async () => {
    const site = await another(startDemo({ tokenLife: "6 seconds" }))
    const page = await signedIn(`${site.url}#/acme/shop/`)
    await page.waitForTimeout(7_000)
    await row(page, "api").getByRole("button", { name: /^Open/ }).click()
    await page.getByText("Your session has ended").waitFor()
    await eventually(() => page.evaluate(() => document.activeElement?.getAttribute("name"))).toBe("username")
    await check(watched!, "expired", [/401/])
    await signIn(page, user)
    await row(page, "api").waitFor()
    expect(page.url()).toBe(`${site.url}#/acme/shop/`)
  })

  it("keeps what is loaded when the server goes down, and tries again", async () => {
    const site = await another(startDemo())
    const page = await signedIn(`${site.url}#/acme/shop/`)
    await site.stop()
    await row(page, "api").getByRole("button", { name: /^Open/ }).click()
    await page.getByText("No tags: the server cannot be reached.").waitFor()
    await page.goto(`${site.url}#/acme/shop/?at=acme/shop/api:1.0.0`)
    await page.getByText("The tag cannot be shown: the server cannot be reached.").waitFor()
    await check(watched!, "server-down", [/ERR_(CONNECTION|EMPTY)/])
    await page.getByRole("complementary").getByRole("button", { name: "Try again" }).click()
    await page.getByText("The tag cannot be shown: the server cannot be reached.").waitFor()
  })

  it("says that a registry is empty", async () => {
    const site = await another(startMemory({ repositories: [] }))
    const page = await signedIn(site.url)
    await page.getByRole("heading", { name: "The registry is empty" }).waitFor()
    await check(watched!, "empty")
  })

  it("waits for the first crawl, and then updates by itself", async () => {
    const gate = Deferred.makeUnsafe<void>()
    const site = await another(
      startMemory({ repositories: await repositories(3, 2), before: () => Deferred.await(gate) }, { crawled: false })
    )
    const page = await visit(site.url)
    await signIn(page, user)
    await page.getByRole("heading", { name: "There are no figures yet" }).waitFor()
    await check(watched!, "first-crawl", [/503/])
    Deferred.doneUnsafe(gate, Effect.void)
    await page.getByRole("region", { name: "Summary" }).waitFor()
  })

  it("says that the figures are stale when a later crawl failed", async () => {
    let broken = false
    const site = await another(
      startMemory({
        repositories: await repositories(3, 2),
        before: (operation) =>
          // Refused credentials end a crawl at once.
          broken ? Effect.fail(new Registry.Unauthorized({ detail: `no ${operation} any more` })) : Effect.void
      })
    )
    broken = true
    await site.refresh()
    const page = await signedIn(site.url)
    await page.getByText("stale: a later crawl failed").waitFor()
    await check(watched!, "stale")
  })

  it("marks the repositories with figures of an earlier crawl", async () => {
    let broken = false
    const site = await another(
      startMemory({
        repositories: await repositories(3, 2),
        before: (_, target) =>
          broken && target.includes("service-1")
            ? Effect.fail(new Registry.Unreachable({ detail: "down" }))
            : Effect.void
      })
    )
    broken = true
    await site.refresh()
    const page = await signedIn(`${site.url}#/?flat=1`)
    await page.getByText("1 repository as before, see why").click()
    await detail(page).getByText("The figures of an earlier crawl are shown instead.").waitFor()
    expect(await row(page, "group-1/project-1/service-1").innerText()).toContain("stale")
    await check(watched!, "kept")
  })

  it("offers newer figures, and shows them on a click", async () => {
    const site = await another(startMemory({ repositories: await repositories(3, 2) }))
    watched = await open(browser)
    const { page } = watched
    await page.clock.install()
    await page.goto(site.url)
    await signIn(page, user)
    await page.getByText(/^took /).waitFor()
    await site.refresh()
    await page.clock.fastForward("00:31")
    await page.getByRole("button", { name: "Show newer figures" }).click()
    await page.getByText(/^took /).waitFor()
    expect(watched.complaints()).toEqual([])
  })

  it("works behind a prefix", async () => {
    const site = await another(startDemo({ prefix: "/registry" }))
    expect(new URL(site.url).pathname).toBe("/registry/ui/")
    const page = await signedIn(`${site.url}#/acme/shop/api`)
    await row(page, "1.0.0").waitFor()
    expect(watched!.complaints()).toEqual([])
  })
})
