import { createHash } from "node:crypto"
import * as Zlib from "node:zlib"
import { assert, describe, it } from "@effect/vitest"
import { MediaType } from "@gitlab-registry-usage/core"
import { Effect } from "effect"
import { decode } from "../../src/node.ts"
import { json, listen, name, overUndici, registryAt, tag, tagNames } from "../servers.ts"

const body = Buffer.from(`{"layers":[],"annotations":{"text":"${"text ".repeat(1000)}"}}`)
const digest = `sha256:${createHash("sha256").update(body).digest("hex")}`

/** A registry whose manifest comes with this content coding, and whose body is what `bytes` is. */
const compressing = (coding: string, bytes: Uint8Array) =>
  Effect.gen(function* () {
    const { url } = yield* listen((_, response) =>
      response
        .writeHead(200, {
          "content-type": MediaType.ociManifest,
          "content-encoding": coding,
          "docker-content-digest": digest
        })
        .end(bytes)
    )
    return yield* registryAt(url, { decode })
  })

const reason = <A, E extends { readonly reason: { readonly _tag: string; readonly detail: string } }, R>(
  effect: Effect.Effect<A, E, R>
) => Effect.map(Effect.flip(effect), (error) => error.reason)

describe("F120 content codings over a client that leaves them alone", () => {
  for (const [coding, bytes] of [
    ["gzip", Zlib.gzipSync(body)],
    ["X-GZIP", Zlib.gzipSync(body)],
    ["deflate", Zlib.deflateSync(body)],
    ["deflate", Zlib.deflateRawSync(body)],
    ["br", Zlib.brotliCompressSync(body)],
    ["zstd", Zlib.zstdCompressSync(body)],
    ["identity", body],
    ["", body],
    ["gzip, br", Zlib.brotliCompressSync(Zlib.gzipSync(body))]
  ] as const) {
    it.live(`${coding === "" ? "an empty one" : coding} is undone`, () =>
      Effect.gen(function* () {
        const registry = yield* compressing(coding, bytes)
        assert.deepStrictEqual(Buffer.from((yield* registry.manifest(name, tag)).body), body)
      }).pipe(overUndici)
    )
  }

  it.live("listings and the codes of errors are undone as well", () =>
    Effect.gen(function* () {
      const headers = { "content-encoding": "gzip" }
      const { asked, url } = yield* listen((_, response, { pathname }) =>
        pathname.endsWith("/tags/list")
          ? response.writeHead(200, headers).end(Zlib.gzipSync('{"tags":["a"]}'))
          : response.writeHead(404, headers).end(Zlib.gzipSync('{"errors":[{"code":"MANIFEST_UNKNOWN"}]}'))
      )
      const registry = yield* registryAt(url, { decode })
      assert.deepStrictEqual(yield* tagNames(registry), ["a"])
      assert.include((yield* reason(registry.manifest(name, tag))).detail, "404 MANIFEST_UNKNOWN")
      for (const { headers } of asked) assert.strictEqual(headers["accept-encoding"], "identity")
    }).pipe(overUndici)
  )

  const zeros = Buffer.alloc(64 * 1024 * 1024)
  for (const [coding, bomb] of [
    ["gzip", Zlib.gzipSync(zeros)],
    ["deflate", Zlib.deflateSync(zeros)],
    ["br", Zlib.brotliCompressSync(zeros, { params: { [Zlib.constants.BROTLI_PARAM_QUALITY]: 5 } })],
    ["zstd", Zlib.zstdCompressSync(zeros)],
    ["gzip, gzip", Zlib.gzipSync(Zlib.gzipSync(zeros))]
  ] as const) {
    it.live(`F73 a bomb in ${coding} is too large, and is not decompressed beyond the limit`, () =>
      Effect.gen(function* () {
        const registry = yield* compressing(coding, bomb)
        const before = process.memoryUsage().arrayBuffers
        const { _tag, detail } = yield* reason(registry.manifest(name, tag))
        assert.strictEqual(_tag, "TooLarge")
        assert.include(detail, "limit of 4194304 bytes")
        assert.isBelow(process.memoryUsage().arrayBuffers - before, 32 * 1024 * 1024)
      }).pipe(overUndici)
    )
  }

  it.live("what is not as the header states, and what is unknown or too much, is malformed and not repeated", () =>
    Effect.gen(function* () {
      for (const [coding, bytes] of [
        ["gzip", body],
        ["deflate", body],
        ["br", body],
        ["zstd", body],
        ["gzip", Zlib.gzipSync(body).subarray(0, 30)],
        ["compress", body],
        ["constructor", body],
        ["gzip, gzip, gzip", Zlib.gzipSync(Zlib.gzipSync(Zlib.gzipSync(body)))]
      ] as const) {
        const registry = yield* compressing(coding, bytes)
        assert.strictEqual((yield* reason(registry.manifest(name, tag)))._tag, "Malformed", coding)
      }
    }).pipe(overUndici)
  )

  it.live("a response without a body may state any", () =>
    Effect.gen(function* () {
      const { url } = yield* listen(({ method }, response) =>
        method === "HEAD"
          ? response.writeHead(200, { "content-encoding": "gzip", "docker-content-digest": digest }).end()
          : json(response, {})
      )
      const registry = yield* registryAt(url, { decode })
      assert.strictEqual(yield* registry.resolve(name, tag), digest)
    }).pipe(overUndici)
  )
})
