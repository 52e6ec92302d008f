/** `/ui/`: the files of the dashboard, from a list that is made when the server starts. */
import { Context, Effect, FileSystem, Option, Path } from "effect"
import { Mime } from "effect/http"
import { hash } from "node:crypto"
import type { Response } from "../wire/Message.ts"

/** The files by their paths below `/ui/`, such as `assets/index-1a2b3c4d.js`. None where the dashboard was not built. */
export type Files = ReadonlyMap<string, Response>

/** The files that are served. */
export const Current = Context.Reference<Files>("@gitlab-registry-usage/server/DashboardFiles", {
  defaultValue: () => new Map()
})

/** Loads from here alone; no inline script, no frame, no form to elsewhere. */
const contentSecurityPolicy = [
  "default-src 'none'",
  "script-src 'self'",
  "style-src 'self'",
  "img-src 'self' data:",
  "font-src 'self'",
  "connect-src 'self'",
  "manifest-src 'self'",
  "base-uri 'none'",
  "form-action 'self'",
  "frame-ancestors 'none'"
].join("; ")

/** What a build puts under a name with a hash never changes. */
const immutable = /^assets\/.*-[A-Za-z0-9_-]{8,}\.\w+$/

/** What a file of this name is answered with. */
export const fileAnswer = (name: string, bytes: Uint8Array): Response => ({
  status: 200,
  headers: {
    "content-type": Option.getOrElse(Mime.getType(name), () => "application/octet-stream"),
    "cache-control": immutable.test(name) ? "public, max-age=31536000, immutable" : "no-cache",
    etag: `"${hash("sha256", bytes, "base64url").slice(0, 27)}"`,
    "content-security-policy": contentSecurityPolicy,
    "referrer-policy": "no-referrer"
  },
  body: Buffer.from(bytes)
})

/** Reads all files of a directory. One that is not there has none. */
export const load = Effect.fnUntraced(function* (
  directory: string
): Effect.fn.Return<Files, never, FileSystem.FileSystem | Path.Path> {
  const fs = yield* FileSystem.FileSystem
  const path = yield* Path.Path
  const names = yield* Effect.orElseSucceed(fs.readDirectory(directory, { recursive: true }), () => [])
  const files = new Map<string, Response>()
  for (const name of names) {
    const read = yield* Effect.option(fs.readFile(path.join(directory, name)))
    if (Option.isSome(read)) {
      const key = name.replaceAll("\\", "/")
      files.set(key, fileAnswer(key, read.value))
    }
  }
  return files
})

/** The file of this name below `/ui/`. */
export const find = (files: Files, name: string, ifNoneMatch: string | undefined): Response | undefined => {
  const file = files.get(name)
  if (file === undefined) return undefined
  const etag = file.headers["etag"]!
  return ifNoneMatch?.includes(etag) === true
    ? { status: 304, headers: { etag, "cache-control": file.headers["cache-control"]! } }
    : file
}
