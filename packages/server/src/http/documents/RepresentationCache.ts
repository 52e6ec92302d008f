/** The cache of a snapshot's documents. It lives as long as the snapshot. */
import { DateTime, Effect, Fiber } from "effect"
import { type Snapshot, Usage } from "@gitlab-registry-usage/core"
import { hash } from "node:crypto"
import { version } from "../../Version.ts"
import * as Encoding from "../wire/Encoding.ts"
import { type Response, type Body, isStream } from "../wire/Message.ts"
import { blocks, collect } from "../wire/Chunks.ts"

/** The largest document that is cached (bytes). A larger one is rendered for each request, or cached compressed. */
const maximumKept = 4 * 1024 * 1024
/** The size of the cache of one snapshot (bytes). The least recently read documents are removed first. */
const maximumOfSnapshot = 64 * 1024 * 1024
/** Smaller documents are not compressed (bytes). */
const minimumCompressed = 1400

/** A document of a snapshot in all its codings. */
export interface Rendered {
  /** The entity tag of the document without coding, without quotes. */
  readonly etag: string
  readonly headers: Readonly<Record<string, string>>
  /** The whole document, if it is small enough. */
  readonly bytes: Buffer | undefined
  readonly pieces: () => Iterable<string>
  readonly codings: Map<Encoding.Encoding, Fiber.Fiber<Buffer | undefined>>
  /** The responses by coding (`identity`, `br`, `gzip`) and, with status 304, by entity tag. */
  readonly answers: Map<string, Response>
  /** Whether it was read since the last eviction. */
  used: boolean
}

/** The documents of one snapshot by their address. */
export class Memory {
  /** The documents that are being rendered. */
  readonly making = new Map<string, Fiber.Fiber<Rendered>>()
  readonly #documents = new Map<string, Rendered>()
  readonly #sizes = new Map<Rendered, number>()
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

  get(key: string): Rendered | undefined {
    const rendered = this.#documents.get(key)
    if (rendered !== undefined) rendered.used = true
    return rendered
  }

  set(key: string, rendered: Rendered): void {
    this.#documents.set(key, rendered)
    this.grow(rendered, key.length * 2 + (rendered.bytes?.length ?? 0) + 500)
  }

  /** Adds bytes of a document to the size, and removes other documents if the cache is too large. */
  grow(rendered: Rendered, bytes: number): void {
    this.#sizes.set(rendered, (this.#sizes.get(rendered) ?? 0) + bytes)
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

const memories = new WeakMap<Snapshot.Snapshot, Memory>()

/** The cache of this snapshot. */
export const memoryOf = (snapshot: Snapshot.Snapshot): Memory => {
  let memory = memories.get(snapshot)
  if (memory === undefined) memories.set(snapshot, (memory = new Memory(snapshot)))
  return memory
}

const made = Effect.fnUntraced(function* (
  memory: Memory,
  key: string,
  contentType: string,
  headers: Readonly<Record<string, string>>,
  pieces: () => Iterable<string>
): Effect.fn.Return<Rendered> {
  const rendered: Rendered = {
    etag: hash("sha256", `${memory.id}\n${key}`, "base64url").slice(0, 27),
    headers: {
      "content-type": contentType,
      "cache-control": "private, no-cache",
      vary: "Accept, Accept-Encoding, Authorization",
      ...headers
    },
    bytes: yield* collect(pieces(), maximumKept),
    pieces,
    codings: new Map(),
    answers: new Map(),
    used: false
  }
  memory.set(key, rendered)
  return rendered
})

/**
 * Renders a document and caches it, with its bytes if it is small enough. Concurrent requests wait for the same
 * rendering.
 */
export const make = (...[memory, key, ...rest]: Parameters<typeof made>): Effect.Effect<Rendered> =>
  Effect.suspend(() => {
    const underWay = memory.making.get(key)
    if (underWay !== undefined) return Fiber.join(underWay)
    const making = Effect.ensuring(
      made(memory, key, ...rest),
      Effect.sync(() => memory.making.delete(key))
    )
    return Effect.flatMap(Effect.forkDetach(making, { startImmediately: true }), (fiber) => {
      if (fiber.pollUnsafe() === undefined) memory.making.set(key, fiber)
      return Fiber.join(fiber)
    })
  })

/** A document too large for the cache is cached compressed, up to the same size. */
const compressed = (rendered: Rendered, encoding: Encoding.Encoding): Effect.Effect<Buffer | undefined> => {
  if (rendered.bytes !== undefined) return Encoding.compress(encoding, rendered.bytes)
  return Effect.callback((resume) => {
    const stream = Encoding.stream(encoding)
    const parts: Array<Buffer> = []
    let size = 0
    stream.on("data", (part: Buffer) => {
      parts.push(part)
      size += part.length
      if (size > maximumKept) stream.destroy()
    })
    stream.on("close", () => resume(Effect.succeed(size > maximumKept ? undefined : Buffer.concat(parts, size))))
    const all = blocks(rendered.pieces())
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
const encoded = (memory: Memory, rendered: Rendered, encoding: Encoding.Encoding) =>
  Effect.suspend(() => {
    const underWay = rendered.codings.get(encoding)
    if (underWay !== undefined) return Fiber.join(underWay)
    // The fiber is not a child of the first request, because others wait for it, too.
    return Effect.flatMap(
      Effect.forkDetach(
        Effect.tap(compressed(rendered, encoding), (bytes) =>
          Effect.sync(() => memory.grow(rendered, bytes?.length ?? 0))
        )
      ),
      (fiber) => {
        rendered.codings.set(encoding, fiber)
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

const notModified = (rendered: Rendered, etag: string): Response => {
  const made = rendered.answers.get(etag)
  if (made !== undefined) return made
  const { "cache-control": cacheControl, vary } = rendered.headers
  const answer = { status: 304, headers: { etag, "cache-control": cacheControl!, vary: vary! } }
  rendered.answers.set(etag, answer)
  return answer
}

const complete = (rendered: Rendered, coding: keyof typeof suffixes, body: Body): Response => {
  const headers = { ...rendered.headers, etag: `"${rendered.etag}${suffixes[coding]}"` }
  const answer: Response = {
    status: 200,
    headers: coding === "identity" ? headers : { ...headers, "content-encoding": coding },
    body
  }
  if (!isStream(body)) rendered.answers.set(coding, answer)
  return answer
}

/** Responds with a document in a coding that the client accepts, or with 304 if the client has it. */
export const answer = (
  memory: Memory,
  rendered: Rendered,
  ifNoneMatch: string | undefined,
  encoding: Encoding.Encoding | undefined
): Response | Effect.Effect<Response> => {
  if (ifNoneMatch !== undefined) {
    // A single entity tag that had a 304 before needs no parsing.
    const again = ifNoneMatch.startsWith('"') ? rendered.answers.get(ifNoneMatch) : undefined
    if (again !== undefined) return again
    const known = knownTag(ifNoneMatch, rendered.etag)
    if (known !== undefined) return notModified(rendered, known)
  }
  const { bytes, pieces } = rendered
  const small = bytes !== undefined && bytes.length < minimumCompressed
  const coding = small || encoding === undefined ? "identity" : encoding
  const made = rendered.answers.get(coding)
  if (made !== undefined) return made
  if (coding === "identity") {
    // Node sends a short string together with the headers in one write.
    const body = small ? bytes.toString() : (bytes ?? { pieces, encoding: undefined })
    return complete(rendered, coding, body)
  }
  return Effect.map(encoded(memory, rendered, coding), (bytes) =>
    complete(rendered, coding, bytes ?? { pieces, encoding: coding })
  )
}
