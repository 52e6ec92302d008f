/** Responses in the shape of the API, for registries that would take minutes to make. */
import type { Page } from "playwright-core"

const sizes = (disk: number) => ({ size: 3 * disk, disk_size: disk, unique_size: disk >> 1 })

/** Answers requests for images and tags; all others go to the server. */
export const fakeApi = async (
  page: Page,
  url: string,
  { images, tags }: { readonly images: number; readonly tags: number }
) => {
  const api = new URL("../", url).href
  const items = Array.from({ length: images }, (_, i) => ({
    name: `group-${i % 40}/project-${i % 400}/service-${i}`,
    ...sizes((((i * 7919) % 9973) + 1) * 10_000),
    tags
  }))
  const disk = items.reduce((sum, item) => sum + item.disk_size, 0)
  const totals = {
    timestamp: Date.now() / 1000,
    ...sizes(disk),
    images,
    tags: images * tags,
    gaps: 0,
    accounting: "all",
    duration: 60_000
  }
  const json = (value: unknown) => ({ contentType: "application/hal+json", body: JSON.stringify(value) })
  const all = json({ ...totals, _embedded: { items } })
  await page.route(`${api}images?*`, (route) => route.fulfill(all))
  await page.route(`${api}images/*/tags?*`, (route) => {
    const filter = new URL(route.request().url()).searchParams.get("filter") ?? ""
    const names = Array.from({ length: tags }, (_, t) => `1.${t}.0`).filter((name) => name.includes(filter))
    return route.fulfill(json({ _embedded: { items: names.map((name, t) => ({ name, ...sizes(10_000 + t) })) } }))
  })
}
