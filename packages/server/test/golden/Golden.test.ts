import { afterAll, beforeAll, describe, expect, it } from "@effect/vitest"
import { Effect, Layer, ManagedRuntime } from "effect"
import { appLayer, basic, get, send } from "../app.ts"
import { repositories } from "./golden.ts"
import recorded from "./original-rest-0.1.8.json" with { type: "json" }

interface Entry {
  readonly group: string
  readonly id: string
  readonly request: { readonly method: string; readonly path: string; readonly auth: string }
  readonly status: number
  readonly headers: Readonly<Record<string, string>>
  readonly json?: unknown
}
const entries = recorded.entries as ReadonlyArray<Entry>
const groupOf = (...groups: ReadonlyArray<string>) => entries.filter(({ group }) => groups.includes(group))

const runtime = ManagedRuntime.make(
  Layer.unwrap(Effect.map(repositories, (repositories) => appLayer({ repositories }, { accounting: "layers" })))
)
beforeAll(() => runtime.runPromise(Effect.void))
afterAll(() => runtime.dispose())

/** Requests that the original took for something else than they say, or failed at. Here they are told so. */
const refusedNow: Readonly<Record<string, string>> = {
  "/images?embed=-1": "a depth is not negative",
  "/images?embed=+1": "a plus sign is a space in a query, and a space is no depth",
  "/images?embed=1.5": "a depth is whole",
  "/images?embed=on": "no word for yes or no",
  "/images?embed=%20true": "a space before the word",
  "/images?embed=%C2%B2": "the original failed with 500",
  "/images?embed=%D9%A2": "a digit of another script",
  "/images?links=2": "links is a yes or no, 1 among them, 2 not",
  "/images?links=on": "no word for yes or no",
  "/images?embed=1&embed=2": "given twice"
}

type Json = null | boolean | number | string | ReadonlyArray<Json> | { readonly [key: string]: Json }

/** What the recorded answers would be without the original's defects. */
const corrected = (json: Json, parent = ""): Json => {
  if (Array.isArray(json)) return json.map((item) => corrected(item, parent))
  if (typeof json !== "object" || json === null) return json
  const result = Object.fromEntries(Object.entries(json).map(([key, value]) => [key, corrected(value, key)]))
  const links = result["_links"] as { [relation: string]: { href: string } } | undefined
  // A tag's self link named /images/<tag>: it is where the tag is.
  const collection = links?.["collection"]?.href
  if (collection?.endsWith("/tags") === true) {
    links!["self"] = { href: `${collection}/${encodeURIComponent(String(result["name"]))}` }
  }
  // The links to tags were titled with the image's name: they have the tag's.
  const items = links?.["items"]
  if (Array.isArray(items)) {
    for (const item of items as Array<{ href: string; title: string }>) {
      item.title = decodeURIComponent(item.href.slice(item.href.lastIndexOf("/") + 1))
    }
  }
  // An empty list of tags had no items: it is an empty list.
  if (parent === "related" || parent === "") {
    const embedded = result["_embedded"] as Record<string, Json> | undefined
    if (embedded !== undefined && Object.keys(embedded).length === 0) result["_embedded"] = { items: [] }
  }
  return result
}

/** What our answers have beside the recorded: more is allowed, but only this. */
const additions: Readonly<Record<string, ReadonlySet<string>>> = {
  state: new Set(
    "unique_size partial tags gaps stale digest media_type layers foreign_size size disk_size images accounting duration".split(
      " "
    )
  ),
  _links: new Set(["namespace", "blobs"])
}

const compare = (ours: Json, theirs: Json, path: string): void => {
  if (Array.isArray(theirs)) {
    expect(Array.isArray(ours), path).toBe(true)
    expect((ours as ReadonlyArray<Json>).length, path).toBe(theirs.length)
    theirs.forEach((item, i) => compare((ours as ReadonlyArray<Json>)[i]!, item, `${path}[${i}]`))
  } else if (typeof theirs === "object" && theirs !== null) {
    const allowed = additions[path.slice(path.lastIndexOf(".") + 1)] ?? additions["state"]!
    const ourKeys = Object.keys(ours as object).filter((key) => key in theirs || !allowed.has(key))
    expect(ourKeys.toSorted(), path).toEqual(Object.keys(theirs).toSorted())
    for (const [key, value] of Object.entries(theirs))
      compare((ours as Record<string, Json>)[key]!, value, `${path}.${key}`)
  } else if (typeof theirs === "number" || theirs === "<unix seconds, float>") {
    expect(typeof ours, path).toBe("number")
  } else {
    expect(ours, path).toBe(theirs)
  }
}

describe("recorded answers of the original", () => {
  for (const entry of groupOf("embed", "links", "query", "image", "tags", "tag")) {
    const reason = refusedNow[entry.request.path]
    it(`${entry.id}${reason === undefined ? "" : `: refused, ${reason}`}`, () =>
      runtime.runPromise(
        Effect.gen(function* () {
          const answer = yield* get(entry.request.path)
          if (reason !== undefined) {
            expect(answer.status).toBe(400)
            expect(answer.headers["content-type"]).toBe("application/problem+json")
            return
          }
          expect(answer.status).toBe(entry.status)
          expect(answer.headers["content-type"]).toBe("application/hal+json")
          compare(answer.json as Json, corrected(entry.json as Json), "")
        })
      ))
  }

  /** Paths that mean something else here than in the original, and why. */
  const otherPaths: Readonly<Record<string, { readonly status: number; readonly why: string }>> = {
    "/images/group%2Fgone/tags/nope": { status: 404, why: "the original failed with 500" },
    "/images/group%252Fapp": { status: 404, why: "a segment is decoded once" },
    "/": { status: 200, why: "it tells where everything is" },
    "/images//group%2Fapp": { status: 404, why: "an empty segment names nothing" },
    "/images/%3Cb%3E%22%0A": { status: 400, why: "a control character" },
    "/images/%FF": { status: 400, why: "not UTF-8" },
    "/images/group/tags/inner": { status: 200, why: "the one thing that it can mean" },
    "/images/group/tags/inner/tags": { status: 200, why: "the one thing that it can mean" },
    "/images/group/tags/inner/tags/tags": { status: 200, why: "the one thing that it can mean" }
  }

  for (const entry of groupOf("paths")) {
    const other = otherPaths[entry.request.path]
    it(`${entry.request.path}${other === undefined ? "" : `: ${other.why}`}`, () =>
      runtime.runPromise(
        Effect.gen(function* () {
          const answer = yield* get(entry.request.path)
          expect(answer.status).toBe(other?.status ?? entry.status)
          if (answer.status >= 400) expect(answer.headers["content-type"]).toBe("application/problem+json")
          else if (entry.status === 200) compare(answer.json as Json, corrected(entry.json as Json), "")
        })
      ))
  }

  for (const entry of groupOf("methods").filter(
    ({ request }) => request.method !== "OPTIONS" && request.method !== "TRACE"
  )) {
    it(`${entry.id} ${entry.request.path}`, () =>
      runtime.runPromise(
        Effect.gen(function* () {
          expect((yield* get("/images")).status).toBe(200)
          const answer = yield* send(entry.request.path, { method: entry.request.method, headers: yield* bearer })
          expect(answer.status).toBe(entry.status)
          if (entry.status === 405) expect(answer.headers["allow"]).toBe("GET, HEAD, OPTIONS")
          if (entry.request.method === "HEAD") expect(answer.body).toBe("")
        })
      ))
  }

  /** Sign-ins that the original let in or broke at. */
  const refusedLogins: ReadonlySet<string> = new Set([
    "empty password",
    "filter injection: wildcard",
    "filter injection: extra clause",
    "filter injection: gid check by-pass attempt",
    "malformed filter"
  ])
  const legitimateLogins: ReadonlySet<string> = new Set(["user name with parentheses"])

  for (const entry of groupOf("auth_token").filter(({ request }) => request.method === "GET")) {
    it(`sign-in: ${entry.id}`, () =>
      runtime.runPromise(
        Effect.gen(function* () {
          const [scheme, text = ""] = entry.request.auth.split(/ (.*)/s)
          const colon = text.indexOf(":")
          const headers =
            scheme === "basic"
              ? basic(text.slice(0, colon), text.slice(colon + 1))
              : scheme === "valid"
                ? yield* bearer
                : {}
          const answer = yield* send("/auth_token", { headers })
          const status = refusedLogins.has(entry.id) ? 401 : legitimateLogins.has(entry.id) ? 200 : entry.status
          expect(answer.status).toBe(status)
          if (status === 200)
            expect((answer.json as { auth_token: string }).auth_token).toMatch(/^[\w-]+\.[\w-]+\.[\w-]+$/)
          else expect(answer.headers["www-authenticate"]).toMatch(/^Basic /)
        })
      ))
  }
})

const bearer = Effect.map(send("/auth_token", { headers: basic("alice", "alice-secret") }), ({ json }) => ({
  authorization: `Bearer ${(json as { auth_token: string }).auth_token}`
}))
