import type { Names } from "@gitlab-registry-usage/core"
import { Crawl, Hal, NamespaceResources, Registry, Usage, UsageResources } from "@gitlab-registry-usage/core"
import { RegistryMemory } from "@gitlab-registry-usage/core/testing"
import { describe, expect, it } from "@effect/vitest"
import { DateTime, Effect } from "effect"
import fc from "fast-check"
import { inventoryOf, model } from "../model.ts"
import { images as registryImages, repository } from "../registries.ts"

const viewOf = (usage: Usage.Usage, stale = false): UsageResources.View => ({
  root: "",
  base: "/images",
  snapshot: { takenAt: DateTime.makeUnsafe(1500), duration: 0, stale, usage }
})

const view = Effect.gen(function* () {
  const { docker } = yield* registryImages
  const inventory = yield* Crawl.crawl().pipe(
    Effect.provide(
      RegistryMemory.layer({
        repositories: [
          repository("group/app", { "1.0": docker }),
          repository("group/empty", {}),
          repository("group/gone", {}, new Registry.NotFound({ detail: "unknown" }))
        ]
      })
    )
  )
  return viewOf(Usage.measure(inventory, { accounting: "layers" }))
})

const sizes = (size: number | null) => ({ size, disk_size: size, unique_size: size })

describe("Hal.render of the usage resources", () => {
  it.effect("embeds as deep as asked", () =>
    Effect.gen(function* () {
      const shown = yield* view
      const images = UsageResources.images(shown)
      const at = (embed: number) => Hal.render(images, { embed, links: false })
      const app = { name: "group/app", ...sizes(5300), tags: 1 }
      const empty = { name: "group/empty", ...sizes(0), tags: 0 }
      const gone = { name: "group/gone", ...sizes(null), tags: null }
      const tag = { name: "1.0", ...sizes(5300) }
      const state = {
        timestamp: 1.5,
        duration: 0,
        ...sizes(5300),
        partial: true,
        images: 3,
        tags: 1,
        gaps: 1,
        accounting: "layers"
      }
      expect(at(0)).toEqual(state)
      expect(at(1)).toEqual({ ...state, _embedded: { items: [app, empty, gone] } })
      expect(at(2)).toEqual({
        ...state,
        _embedded: {
          items: [{ ...app, _embedded: { related: {} } }, { ...empty, _embedded: { related: {} } }, gone]
        }
      })
      expect(at(3)).toEqual({
        ...state,
        _embedded: {
          items: [
            { ...app, _embedded: { related: { _embedded: { items: [tag] } } } },
            { ...empty, _embedded: { related: { _embedded: { items: [] } } } },
            gone
          ]
        }
      })
      expect(at(Infinity)).toEqual(at(3))
      const { docker } = yield* registryImages
      expect(UsageResources.tag(shown, 0, 0).state).toEqual({
        ...tag,
        digest: docker.digest,
        layers: 2,
        media_type: docker.mediaType
      })
    })
  )

  it.effect("links with names as one percent-encoded segment", () =>
    Effect.gen(function* () {
      const links = (resource: Hal.Resource) => Hal.render(resource, { embed: 0, links: true })["_links"]
      const shown = yield* view
      expect(links(UsageResources.images(shown))).toEqual({
        self: { href: "/images" },
        items: ["app", "empty", "gone"].map((name) => ({ href: `/images/group%2F${name}`, title: `group/${name}` }))
      })
      expect(links(UsageResources.image(shown, 0))).toEqual({
        self: { href: "/images/group%2Fapp" },
        collection: { href: "/images" },
        namespace: { href: "/namespaces/group" },
        related: { href: "/images/group%2Fapp/tags", title: "tags" }
      })
      expect(links(UsageResources.image(shown, 2))).toEqual({
        self: { href: "/images/group%2Fgone" },
        collection: { href: "/images" },
        namespace: { href: "/namespaces/group" }
      })
      expect(links(UsageResources.tags(shown, 0))).toEqual({
        self: { href: "/images/group%2Fapp/tags" },
        up: { href: "/images/group%2Fapp" },
        items: [{ href: "/images/group%2Fapp/tags/1.0", title: "1.0" }]
      })
      expect(links(UsageResources.tag(shown, 0, 0))).toEqual({
        self: { href: "/images/group%2Fapp/tags/1.0" },
        collection: { href: "/images/group%2Fapp/tags" },
        blobs: { href: "/images/group%2Fapp/tags/1.0/blobs" }
      })
    })
  )

  it("every href names a resource whose self link it is, in any registry", () => {
    const resolve = (shown: UsageResources.View, href: string): Hal.Resource => {
      const [, base, image, tags, tag, blobs] = href.split("/").map(decodeURIComponent)
      if (base === "namespaces") return NamespaceResources.namespace(shown, image ?? "")!
      expect(base).toBe("images")
      if (image === undefined) return UsageResources.images(shown)
      const r = Usage.findRepository(shown.snapshot.usage, image as Names.RepositoryName)!
      if (tags === undefined) return UsageResources.image(shown, r)
      if (tag === undefined) return UsageResources.tags(shown, r)
      const number = Usage.findTag(shown.snapshot.usage, r, tag as Names.TagName)!
      return blobs === undefined ? UsageResources.tag(shown, r, number) : UsageResources.blobs(shown, r, number)
    }
    const hrefs = (resource: Hal.Resource) =>
      Object.values(resource.links())
        .flat()
        .map((link) => (link as Hal.Link).href)
    fc.assert(
      fc.property(model, (model) => {
        const shown = viewOf(Usage.measure(inventoryOf(model)))
        const seen = new Set<string>()
        const pending = ["/images"]
        for (let href = pending.pop(); href !== undefined; href = pending.pop()) {
          // The root lies above what a snapshot has.
          if (seen.has(href) || href === "/") continue
          seen.add(href)
          const resource = resolve(shown, href)
          expect(resource.links()["self"]).toEqual({ href })
          pending.push(...hrefs(resource))
        }
        const tags = model.repositories.reduce((sum, repository) => sum + repository.tags.length, 0)
        const images = [...seen].filter((href) => href.startsWith("/images"))
        expect(images.length).toBe(1 + 2 * model.repositories.length + 2 * tags)
      })
    )
  })

  it("in pieces is the same document", () =>
    fc.assert(
      fc.property(model, fc.nat(4), fc.boolean(), (model, embed, links) => {
        const view = viewOf(Usage.measure(inventoryOf(model)))
        for (const resource of [UsageResources.images(view), NamespaceResources.namespace(view, "")!]) {
          const rendering = { embed, links }
          expect(JSON.parse([...Hal.chunks(resource, rendering)].join(""))).toEqual(
            JSON.parse(JSON.stringify(Hal.render(resource, rendering)))
          )
        }
      })
    ))

  it("survives JSON unchanged, whatever the registry", () =>
    fc.assert(
      fc.property(model, fc.nat(4), fc.boolean(), (model, embed, links) => {
        const document = Hal.render(UsageResources.images(viewOf(Usage.measure(inventoryOf(model)), true)), {
          embed,
          links
        })
        expect(JSON.parse(JSON.stringify(document))).toEqual(document)
        expect(document["stale"]).toBe(true)
      })
    ))
})
