import { afterEach, beforeEach, expect, layer, vi } from "@effect/vitest"
import { Effect, Layer } from "effect"
import { HttpServer } from "effect/http"
import * as halfred from "halfred"
import { bearerAuth, Client } from "ketting"
import * as traverson from "traverson"
import halAdapter from "traverson-hal"
import { appLayer, get, signedIn } from "./app.ts"
import { repositories } from "./golden.ts"

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

/** What the root links to that is no HAL document, or a second name for the images. */
const otherwise = new Set(["token", "unique_size", "documentation", "service-desc", "ui", "repositories"])

const warnings = vi.spyOn(console, "warn")
beforeEach(() => warnings.mockClear())
// ketting warns on the console.
afterEach(() => expect(warnings).not.toHaveBeenCalled())

layer(Layer.unwrap(Effect.map(repositories, (repositories) => appLayer({ repositories }))), {
  excludeTestServices: true
})("F19 HAL clients follow every link", (it) => {
  for (const embed of ["0", "1", "true"]) {
    it.effect(`ketting, embed=${embed}`, () =>
      Effect.gen(function* () {
        const origin = yield* base
        const { authorization } = yield* signedIn
        const client = new Client(`${origin}/images`)
        client.use(bearerAuth(authorization.slice("Bearer ".length)))
        client.use((request, next) => {
          const url = new URL(request.url)
          url.searchParams.set("links", "true")
          url.searchParams.set("embed", embed)
          return next(new Request(url, request))
        })
        const seen = new Set<string>()
        const pending = [`${origin}/images`]
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
        expect([...seen].map((url) => url.slice(origin.length)).toSorted()).toEqual(yield* everything)
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
          expect(Object.keys(image._links)).toEqual(["self", "collection", "namespace"])
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
      for (const path of yield* everything) {
        for (const query of ["links=true", "embed=1&links=true", "embed=2&links=true", "embed=true&links=true"]) {
          const { json } = yield* get(`${path}?${query}`)
          expect(halfred.parse(json).validationIssues(), `${path}?${query}`).toEqual([])
        }
      }
    })
  )
})
