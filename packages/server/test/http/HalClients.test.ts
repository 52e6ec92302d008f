import { afterEach, beforeEach, expect, layer, vi } from "@effect/vitest"
import { SnapshotStore } from "@gitlab-registry-usage/core"
import { DateTime, Effect, Layer } from "effect"
import { HttpServer } from "effect/http"
import * as halfred from "halfred"
import { bearerAuth, Client } from "ketting"
import * as traverson from "traverson"
import halAdapter from "traverson-hal"
import { appLayer, get, signedIn } from "../app.ts"
import { repositories } from "../golden/golden.ts"
import * as past from "../past.ts"

const base = Effect.map(
  HttpServer.HttpServer,
  ({ address }) => `http://127.0.0.1:${(address as { port: number }).port}`
)

/** The namespaces of names: the one that they lie in, those above, and the whole registry. */
const namespacesOf = (names: ReadonlyArray<string>) =>
  new Set(
    names.flatMap((name) => {
      const parts = name.split("/")
      return parts.map((_, i) => `/namespaces${i === 0 ? "" : `/${encodeURIComponent(parts.slice(0, i).join("/"))}`}`)
    })
  )

/** All that can be reached by links: the images, each image, its tags, each tag, its blobs, the namespaces, the root. */
const everything = Effect.map(repositories, (repositories) =>
  repositories
    .flatMap(({ name, tags, unreadable }) => {
      const image = `/images/${encodeURIComponent(name)}`
      return unreadable === undefined
        ? [
            image,
            `${image}/tags`,
            ...tags.flatMap((tag) => [`${image}/tags/${tag.name}`, `${image}/tags/${tag.name}/blobs`])
          ]
        : [image]
    })
    .concat("/images", "/", "/status", ...namespacesOf(repositories.map(({ name }) => name)))
    .toSorted()
)

/** What is told beside, where history is kept: the course of everything, and what grew. */
const courses = Effect.map(repositories, (repositories) => {
  const names = repositories.map(({ name }) => name)
  const below = (path: string) => path.replace(/^\/namespaces$/, "")
  return [
    ...names.map((name) => `/images/${encodeURIComponent(name)}/history`),
    ...[...namespacesOf(names)].flatMap((path) => [`${below(path)}/history`, `${below(path)}/growth`])
  ]
})

/** What the root links to that is no HAL document, or a second name for the images. */
const otherwise = new Set(["token", "unique_size", "documentation", "service-desc", "ui", "repositories"])

const warnings = vi.spyOn(console, "warn")
beforeEach(() => warnings.mockClear())
// ketting warns on the console.
afterEach(() => expect(warnings).not.toHaveBeenCalled())

/** A client that asks for links, and for so many levels. */
const kettingAt = Effect.fnUntraced(function* (origin: string, embed: string) {
  const { authorization } = yield* signedIn
  const client = new Client(`${origin}/images`)
  client.use(bearerAuth(authorization.slice("Bearer ".length)))
  client.use((request, next) => {
    const url = new URL(request.url)
    url.searchParams.set("links", "true")
    url.searchParams.set("embed", embed)
    return next(new Request(url, request))
  })
  return client
})

/** Every address that its links lead to, each of which is read. */
const followed = Effect.fnUntraced(function* (client: Client, origin: string, start: string) {
  const seen = new Set<string>()
  const pending = [`${origin}${start}`]
  for (let url = pending.pop(); url !== undefined; url = pending.pop()) {
    if (seen.has(url)) continue
    seen.add(url)
    const state = yield* Effect.promise(() => client.go(url!).get())
    for (const link of state.links.getAll()) {
      if (link.templated || otherwise.has(link.rel)) continue
      // A fragment names a part of the same document.
      pending.push(new URL(link.href, link.context).href.replace(/#.*/, ""))
    }
  }
  return [...seen].map((url) => url.slice(origin.length)).toSorted()
})

for (const keeps of [false, true]) {
  const store = keeps ? SnapshotStore.layerMemoryOf({ keep: Infinity }) : SnapshotStore.layerMemory
  const all = Effect.gen(function* () {
    return [...(yield* everything), ...(keeps ? yield* courses : [])].toSorted()
  })

  layer(Layer.unwrap(Effect.map(repositories, (repositories) => appLayer({ repositories }, { store }))), {
    excludeTestServices: true
  })(`F19 HAL clients follow every link, ${keeps ? "with" : "without"} history`, (it) => {
    for (const embed of ["0", "1", "true"]) {
      it.effect(`ketting, embed=${embed}`, () =>
        Effect.gen(function* () {
          const origin = yield* base
          const seen = yield* followed(yield* kettingAt(origin, embed), origin, "/images")
          expect(seen).toEqual(yield* all)
        })
      )
    }

    it.effect("traverson-hal", () =>
      Effect.gen(function* () {
        traverson.registerMediaType(halAdapter.mediaType, halAdapter)
        const origin = yield* base
        const headers = yield* signedIn
        const follow = (...relations: ReadonlyArray<string>) =>
          Effect.callback<{ name?: string; _links: Record<string, unknown> }, Error>((resume) =>
            traverson
              .from(`${origin}/images?links=true`)
              .jsonHal()
              .follow(...relations)
              .withRequestOptions({ headers, qs: { links: "true" } })
              .getResource((error, document) =>
                resume(
                  error === null ? Effect.succeed(document as { _links: Record<string, unknown> }) : Effect.fail(error)
                )
              )
          )
        for (const [r, { name, tags, unreadable }] of (yield* repositories).entries()) {
          const image = yield* follow(`items[${r}]`)
          expect(image.name).toBe(name)
          if (unreadable !== undefined) {
            expect(Object.keys(image._links)).toEqual([
              "self",
              "collection",
              "namespace",
              ...(keeps ? ["history"] : [])
            ])
            continue
          }
          expect(yield* follow(`items[${r}]`, "related", "up", "self")).toEqual(image)
          expect(yield* follow(`items[${r}]`, "collection", `items[${r}]`)).toEqual(image)
          for (const [t, tag] of tags.entries()) {
            expect((yield* follow(`items[${r}]`, "related", `items[${t}]`)).name).toBe(tag.name)
            yield* follow(`items[${r}]`, "related", `items[${t}]`, "collection", "up")
          }
        }
      })
    )

    it.effect("halfred finds nothing to object to in any document with links", () =>
      Effect.gen(function* () {
        halfred.enableValidation()
        for (const path of yield* all) {
          for (const query of ["links=true", "embed=1&links=true", "embed=2&links=true", "embed=true&links=true"]) {
            const { json } = yield* get(`${path}?${query}`)
            expect(halfred.parse(json).validationIssues(), `${path}?${query}`).toEqual([])
          }
        }
      })
    )
  })
}

const now = DateTime.nowUnsafe()

layer(
  Layer.unwrap(
    Effect.map(past.repositories(0), (repositories) => appLayer({ repositories }, { store: past.store(now) }))
  ),
  { excludeTestServices: true }
)("F19 HAL clients follow every link of the past", (it) => {
  const at = `?at=${DateTime.formatIso(past.taken(now)[30]!)}`
  /** What was there then, and what is there now. */
  const [then, today] = [
    ["group/app", "old/gone", "foo", "foo/history"],
    ["group/app", "group/sub/new", "foo", "foo/history"]
  ] as const
  const images = (names: ReadonlyArray<string>) => names.map((name) => `/images/${encodeURIComponent(name)}`)

  for (const embed of ["0", "1", "true"]) {
    it.effect(`ketting, embed=${embed}, stays in the snapshot, except for the link to the latest`, () =>
      Effect.gen(function* () {
        const origin = yield* base
        const seen = yield* followed(yield* kettingAt(origin, embed), origin, `/images${at}`)
        for (const path of images(then)) expect(seen).toContain(`${path}${at}`)
        for (const path of images(today)) expect(seen).toContain(path)
        for (const path of [...images(then), ...images(today)]) expect(seen).toContain(`${path}/history`)
        expect(seen).toContain(`/namespaces/old${at}`)
        expect(seen).not.toContain("/images/old%2Fgone")
      })
    )
  }

  it.effect("traverson-hal follows links to the snapshot, back to the latest, and through history", () =>
    Effect.gen(function* () {
      traverson.registerMediaType(halAdapter.mediaType, halAdapter)
      const origin = yield* base
      const headers = yield* signedIn
      const follow = (...relations: ReadonlyArray<string>) =>
        Effect.callback<Record<string, unknown>, Error>((resume) =>
          traverson
            .from(`${origin}/?links=true`)
            .jsonHal()
            .withTemplateParameters({ at: "10d" })
            .follow(...relations)
            .withRequestOptions({ headers, qs: { links: "true" } })
            .getResource((error, document) =>
              resume(error === null ? Effect.succeed(document as Record<string, unknown>) : Effect.fail(error))
            )
        )
      const past = yield* follow("at")
      expect(yield* follow("at", "items[1]", "related", "items[0]", "collection", "up")).toMatchObject({
        name: "old/gone"
      })
      expect(yield* follow("at", "items[1]", "collection")).toEqual(past)
      expect(yield* follow("at", "latest")).toEqual(yield* follow("images"))
      expect(yield* follow("at", "items[1]", "history", "up")).toMatchObject({ name: "old/gone" })
      expect(yield* follow("history", "growth", "history", "up")).toEqual(yield* follow("images"))
    })
  )

  it.effect("halfred finds nothing to object to", () =>
    Effect.gen(function* () {
      halfred.enableValidation()
      const below = [...images(then).flatMap((path) => [path, `${path}/tags`]), "/images", "/namespaces"]
      const paths = [...below.map((path) => `${path}${at}&`), "/history?", "/growth?", "/namespaces/old/growth?", "/?"]
      for (const path of paths) {
        for (const query of ["links=true", "embed=1&links=true", "embed=true&links=true"]) {
          const { json, status } = yield* get(`${path}${query}`)
          expect(status, path).toBe(200)
          expect(halfred.parse(json).validationIssues(), `${path}${query}`).toEqual([])
        }
      }
    })
  )
})
