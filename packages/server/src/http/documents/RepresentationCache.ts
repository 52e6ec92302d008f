/** The cache of a snapshot's documents. It lives as long as the snapshot. */
import { DateTime, Effect, Fiber } from "effect"
import { type Snapshot, Usage } from "@gitlab-registry-usage/core"
import { hash } from "node:crypto"
import { version } from "../../Version.ts"
import * as Encoding from "../wire/Encoding.ts"
import { type Response, type Body, isStream } from "../wire/Message.ts"
import { blocks, collect } from "../wire/Chunks.ts"

/** The largest document that is cached (bytes). A larger one is rendered for each request, or cached compressed. */
const maximumCached = 4 * 1024 * 1024
/** The size of the cache of one snapshot (bytes). The least recently read documents are removed first. */
const maximumOfSnapshot = 64 * 1024 * 1024
/** Smaller documents are not compressed (bytes). */
const minimumCompressed = 1400

/** A document of a snapshot in all its codings. */
export interface CachedDocument {
  /** The entity tag of the document without coding, without quotes. */
  readonly etag: string
  readonly headers: Readonly<Record<string, string>>
  /** The whole document, if it is small enough. */
  readonly bytes: Buffer | undefined
  readonly chunks: () => Iterable<string>
  readonly codings: Map<Encoding.Encoding, Fiber.Fiber<Buffer | undefined>>
  /** The responses by coding (`identity`, `br`, `gzip`) and, with status 304, by entity tag. */
  readonly responses: Map<string, Response>
  /** Whether it was read since the last eviction. */
  used: boolean
}

/** The documents of one snapshot by their address. */
export class DocumentCache {
  /** The documents that are being rendered. */
  readonly rendering = new Map<string, Fiber.Fiber<CachedDocument>>()
  readonly #documents = new Map<string, CachedDocument>()
  readonly #sizes = new Map<CachedDocument, number>()
  /**
   * Identifies the snapshot and the version of the server, which determine the entity tags. Replicas of one version
   * have the same.
   */
  readonly id: string
  #size = 0

  constructor({ duration, stale, takenAt, usage }: Snapshot.Snapshot) {
    const sizes = Usage.total(usage)
    const instant = DateTime.toEpochMillis(takenAt)
    this.id = JSON.stringify([version, instant, duration, stale, usage.accounting, sizes?.size, sizes?.diskSize])
  }

  get(key: string): CachedDocument | undefined {
    const document = this.#documents.get(key)
    if (document !== undefined) document.used = true
    return document
  }

  set(key: string, document: CachedDocument): void {
    this.#documents.set(key, document)
    this.grow(document, key.length * 2 + (document.bytes?.length ?? 0) + 500)
  }

  /** Adds bytes of a document to the size, and removes other documents if the cache is too large. */
  grow(document: CachedDocument, bytes: number): void {
    this.#sizes.set(document, (this.#sizes.get(document) ?? 0) + bytes)
    this.#size += bytes
    for (const [key, oldest] of this.#documents) {
      if (this.#size <= maximumOfSnapshot) return
      this.#documents.delete(key)
      if (oldest.used) {
        // A second chance: a document that was read since the last eviction goes to the end.
        oldest.used = false
        this.#documents.set(key, oldest)
        continue
      }
      this.#size -= this.#sizes.get(oldest) ?? 0
      this.#sizes.delete(oldest)
    }
  }

  /** The size of the cache in bytes. */
  get size(): number {
    return this.#size
  }
}

const caches = new WeakMap<Snapshot.Snapshot, DocumentCache>()

/** The cache of this snapshot. */
export const cacheOf = (snapshot: Snapshot.Snapshot): DocumentCache => {
  let cache = caches.get(snapshot)
  if (cache === undefined) caches.set(snapshot, (cache = new DocumentCache(snapshot)))
  return cache
}

const render = Effect.fnUntraced(function* (
  cache: DocumentCache,
  key: string,
  contentType: string,
  headers: Readonly<Record<string, string>>,
  chunks: () => Iterable<string>
): Effect.fn.Return<CachedDocument> {
  const document: CachedDocument = {
    etag: hash("sha256", `${cache.id}\n${key}`, "base64url").slice(0, 27),
    headers: {
      "content-type": contentType,
      "cache-control": "private, no-cache",
      vary: "Accept, Accept-Encoding, Authorization",
      ...headers
    },
    bytes: yield* collect(chunks(), maximumCached),
    chunks,
    codings: new Map(),
    responses: new Map(),
    used: false
  }
  cache.set(key, document)
  return document
})

/**
 * Renders a document and caches it, with its bytes if it is small enough. Concurrent requests wait for the same
 * rendering.
 */
export const make = (...[cache, key, ...rest]: Parameters<typeof render>): Effect.Effect<CachedDocument> =>
  Effect.suspend(() => {
    const underWay = cache.rendering.get(key)
    if (underWay !== undefined) return Fiber.join(underWay)
    const rendering = Effect.ensuring(
      render(cache, key, ...rest),
      Effect.sync(() => cache.rendering.delete(key))
    )
    return Effect.flatMap(Effect.forkDetach(rendering, { startImmediately: true }), (fiber) => {
      if (fiber.pollUnsafe() === undefined) cache.rendering.set(key, fiber)
      return Fiber.join(fiber)
    })
  })

/** A document too large for the cache is cached compressed, up to the same size. */
const compressed = (document: CachedDocument, encoding: Encoding.Encoding): Effect.Effect<Buffer | undefined> => {
  if (document.bytes !== undefined) return Encoding.compress(encoding, document.bytes)
  return Effect.callback((resume) => {
    const stream = Encoding.stream(encoding)
    const parts: Array<Buffer> = []
    let size = 0
    stream.on("data", (part: Buffer) => {
      parts.push(part)
      size += part.length
      if (size > maximumCached) stream.destroy()
    })
    stream.on("close", () => resume(Effect.succeed(size > maximumCached ? undefined : Buffer.concat(parts, size))))
    const all = blocks(document.chunks())
    const next = () => {
      if (stream.destroyed) return
      const { done, value } = all.next()
      if (done === true) stream.end()
      else stream.write(value, () => setImmediate(next))
    }
    next()
  })
}

/** The document in a coding, compressed once; `undefined` if it is too large for the cache. */
const encoded = (cache: DocumentCache, document: CachedDocument, encoding: Encoding.Encoding) =>
  Effect.suspend(() => {
    const underWay = document.codings.get(encoding)
    if (underWay !== undefined) return Fiber.join(underWay)
    // The fiber is not a child of the first request, because others wait for it, too.
    return Effect.flatMap(
      Effect.forkDetach(
        Effect.tap(compressed(document, encoding), (bytes) =>
          Effect.sync(() => cache.grow(document, bytes?.length ?? 0))
        )
      ),
      (fiber) => {
        document.codings.set(encoding, fiber)
        return Fiber.join(fiber)
      }
    )
  })

const suffixes = { br: "-br", gzip: "-gz", identity: "" } as const

/** The entity tag in `If-None-Match` that is of this document, in any coding (RFC 9110, section 13.1.2). */
const knownTag = (ifNoneMatch: string, etag: string): string | undefined => {
  if (ifNoneMatch.trim() === "*") return `"${etag}"`
  for (const [, tag] of ifNoneMatch.matchAll(/(?:W\/)?"([^"]*)"/g)) {
    if (tag === etag || tag === `${etag}-br` || tag === `${etag}-gz`) return `"${tag}"`
  }
  return undefined
}

const notModified = (document: CachedDocument, etag: string): Response => {
  const known = document.responses.get(etag)
  if (known !== undefined) return known
  const { "cache-control": cacheControl, vary } = document.headers
  const response = { status: 304, headers: { etag, "cache-control": cacheControl!, vary: vary! } }
  document.responses.set(etag, response)
  return response
}

const complete = (document: CachedDocument, coding: keyof typeof suffixes, body: Body): Response => {
  const headers = { ...document.headers, etag: `"${document.etag}${suffixes[coding]}"` }
  const response: Response = {
    status: 200,
    headers: coding === "identity" ? headers : { ...headers, "content-encoding": coding },
    body
  }
  if (!isStream(body)) document.responses.set(coding, response)
  return response
}

/** Responds with a document in a coding that the client accepts, or with 304 if the client has it. */
export const respond = (
  cache: DocumentCache,
  document: CachedDocument,
  ifNoneMatch: string | undefined,
  encoding: Encoding.Encoding | undefined
): Response | Effect.Effect<Response> => {
  if (ifNoneMatch !== undefined) {
    // A single entity tag that had a 304 before needs no parsing.
    const again = ifNoneMatch.startsWith('"') ? document.responses.get(ifNoneMatch) : undefined
    if (again !== undefined) return again
    const tag = knownTag(ifNoneMatch, document.etag)
    if (tag !== undefined) return notModified(document, tag)
  }
  const { bytes, chunks } = document
  const small = bytes !== undefined && bytes.length < minimumCompressed
  const coding = small || encoding === undefined ? "identity" : encoding
  const known = document.responses.get(coding)
  if (known !== undefined) return known
  if (coding === "identity") {
    // Node sends a short string together with the headers in one write.
    const body = small ? bytes.toString() : (bytes ?? { chunks, encoding: undefined })
    return complete(document, coding, body)
  }
  return Effect.map(encoded(cache, document, coding), (bytes) =>
    complete(document, coding, bytes ?? { chunks, encoding: coding })
  )
}
