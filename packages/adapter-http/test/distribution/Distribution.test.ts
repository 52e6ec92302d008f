import { createHash } from "node:crypto"
import { gzipSync } from "node:zlib"
import { NodeHttpClient } from "@effect/platform-node"
import { assert, describe, it } from "@effect/vitest"
import { Digest, MediaType, type Names } from "@gitlab-registry-usage/core"
import { Images } from "@gitlab-registry-usage/core/testing"
import { Effect, Layer, Stream } from "effect"
import { FetchHttpClient, HttpClient } from "effect/http"
import { listen, name, overUndici, registryAt, tag } from "../servers.ts"

const type = MediaType.ociManifest
const reason = <A, E extends { readonly reason: { readonly _tag: string; readonly detail: string } }, R>(
  effect: Effect.Effect<A, E, R>
) => Effect.map(Effect.flip(effect), (error) => error.reason)

const answering = (handler: Parameters<typeof listen>[0], options?: Parameters<typeof registryAt>[1]) =>
  Effect.gen(function* () {
    const server = yield* listen(handler)
    return { ...server, registry: yield* registryAt(server.url, options) }
  })

const sha = (algorithm: "sha256" | "sha512", body: Uint8Array | string) =>
  Digest.Digest.make(`${algorithm}:${createHash(algorithm).update(body).digest("hex")}`)

describe("Distribution", () => {
  it.live("accepts every type of manifest, without which some are converted", () =>
    Effect.gen(function* () {
      const body = '{"layers":[]}'
      const { asked, registry } = yield* answering((_, response) =>
        response.writeHead(200, { "content-type": type, "docker-content-digest": sha("sha256", body) }).end(body)
      )
      yield* registry.manifest(name, tag)
      yield* registry.resolve(name, tag)
      for (const { headers } of asked) {
        assert.sameMembers(headers.accept?.split(", ") ?? [], [...MediaType.manifests, MediaType.dockerSchema1])
      }
      assert.deepStrictEqual(
        asked.map(({ method }) => method),
        ["GET", "HEAD"]
      )
    }).pipe(overUndici)
  )

  it.live("resolves by fetching where no digest is stated", () =>
    Effect.gen(function* () {
      const { asked, registry } = yield* answering((_, response) =>
        response.writeHead(200, { "content-type": type }).end("{}")
      )
      assert.strictEqual(yield* registry.resolve(name, tag), sha("sha256", "{}"))
      assert.deepStrictEqual(
        asked.map(({ method }) => method),
        ["HEAD", "GET"]
      )
    }).pipe(overUndici)
  )

  it.live("asks by GET whether a tag still points to what is known, over kept connections", () =>
    Effect.gen(function* () {
      const [before, now] = [sha("sha256", "before"), sha("sha256", "{}")]
      const ports = new Set<number | undefined>()
      const { asked, registry } = yield* answering((request, response) => {
        ports.add(request.socket.remotePort)
        return request.headers["if-none-match"] === `"${now}"`
          ? response.writeHead(304).end()
          : response.writeHead(200, { "content-type": type, "docker-content-digest": now }).end("{}")
      })
      assert.strictEqual(yield* registry.resolve(name, tag, before), now)
      for (let i = 0; i < 20; i++) assert.strictEqual(yield* registry.resolve(name, tag, now), now)
      assert.isTrue(asked.every(({ method }) => method === "GET"))
      // The next request may begin before the connection of the last one is free.
      assert.isAtMost(ports.size, 3)
    }).pipe(overUndici)
  )

  it.live("a manifest may be asked for by a digest of another algorithm than the stated one", () =>
    Effect.gen(function* () {
      const { registry } = yield* answering((_, response) =>
        response.writeHead(200, { "content-type": type, "docker-content-digest": sha("sha256", "{}") }).end("{}")
      )
      const digest = sha("sha512", "{}")
      assert.strictEqual((yield* registry.manifest(name, digest)).digest, digest)
    }).pipe(overUndici)
  )

  it.live("a stated digest may be empty, or there more than once", () =>
    Effect.gen(function* () {
      const digest = sha("sha256", "{}")
      for (const stated of [
        "",
        " ",
        [digest, digest],
        `${digest},${digest}`,
        [digest, ""],
        [digest, sha("sha512", "{}")]
      ]) {
        const { registry } = yield* answering((_, response) =>
          response.writeHead(200, { "content-type": type, "docker-content-digest": stated }).end("{}")
        )
        assert.strictEqual((yield* registry.manifest(name, tag)).digest, digest, JSON.stringify(stated))
        assert.strictEqual((yield* registry.manifest(name, digest)).digest, digest, JSON.stringify(stated))
        assert.strictEqual(yield* registry.resolve(name, tag), digest, JSON.stringify(stated))
      }
    }).pipe(overUndici)
  )

  it.live("F114 a manifest is one whatever Content-Type says, with a stated digest and without", () =>
    Effect.gen(function* () {
      const body = ' {"layers":[]}'
      for (const contentType of ["text/html; charset=utf-8", "text/plain", "application/octet-stream", undefined]) {
        for (const stated of [sha("sha256", body), undefined]) {
          const { registry } = yield* answering((_, response) =>
            response
              .writeHead(200, {
                ...(contentType === undefined ? {} : { "content-type": contentType }),
                ...(stated === undefined ? {} : { "docker-content-digest": stated })
              })
              .end(body)
          )
          assert.strictEqual((yield* registry.manifest(name, tag)).digest, sha("sha256", body), contentType)
        }
      }
    }).pipe(overUndici)
  )

  it.live("accepts the type of a descriptor in addition, if it is one", () =>
    Effect.gen(function* () {
      const { asked, registry } = yield* answering((_, response) =>
        response.writeHead(200, { "content-type": type }).end("{}")
      )
      const known = [...MediaType.manifests, MediaType.dockerSchema1].join(", ")
      for (const [mediaType, accept] of [
        ["application/vnd.example.sbom.v1+json", `${known}, application/vnd.example.sbom.v1+json`],
        [MediaType.ociArtifact, known],
        ["", known],
        ["*/*, text/html", known],
        ["a/b\r\nx-injected: yes", known],
        [`a/${"b".repeat(200)}`, known]
      ] as const) {
        yield* registry.manifest(name, sha("sha256", "{}"), mediaType)
        assert.strictEqual(asked.at(-1)?.headers.accept, accept)
        assert.isUndefined(asked.at(-1)?.headers["x-injected"])
      }
    }).pipe(overUndici)
  )

  it.live("F75 a body that does not fit the requested or the stated digest, or a malformed one, is refused", () =>
    Effect.gen(function* () {
      const other = sha("sha256", "other")
      for (const [asked, stated] of [
        [other, undefined],
        [other, other],
        [tag, other],
        [sha("sha256", "{}"), other],
        [tag, sha("sha512", "other")],
        [tag, "sha256:../../../etc/passwd"],
        [tag, "sha256:ABC"],
        [tag, `${sha("sha256", "{}")}, ${other}`],
        [tag, `${sha("sha256", "{}")}, garbage`],
        [tag, "blake3:abcdef"]
      ] as const) {
        const { registry } = yield* answering((_, response) =>
          response
            .writeHead(200, {
              "content-type": type,
              ...(stated === undefined ? {} : { "docker-content-digest": stated })
            })
            .end("{}")
        )
        assert.strictEqual((yield* reason(registry.manifest(name, asked)))._tag, "Malformed", `${asked} ${stated}`)
      }
    }).pipe(overUndici)
  )

  it.live("F75 a malformed digest is refused when a tag is resolved", () =>
    Effect.gen(function* () {
      const { registry } = yield* answering((_, response) =>
        response.writeHead(200, { "docker-content-digest": "sha256:../x" }).end()
      )
      assert.strictEqual((yield* reason(registry.resolve(name, tag)))._tag, "Malformed")
    }).pipe(overUndici)
  )

  it.live("F75 names and digests that fit no grammar make no request", () =>
    Effect.gen(function* () {
      const { asked, registry } = yield* answering((_, response) => response.end())
      const bad = <A>(text: string) => text as A
      for (const effect of [
        registry.manifest(bad<Names.RepositoryName>("../../evil"), tag),
        registry.manifest(name, bad<Names.TagName>("../../evil")),
        registry.manifest(name, bad<Digest.Digest>("sha256:../../evil")),
        registry.resolve(name, bad<Names.TagName>("a/../b")),
        registry.blobSize(name, bad<Digest.Digest>("../x")),
        registry.deleteManifest(name, bad<Digest.Digest>("1.0"))
      ]) {
        assert.strictEqual((yield* reason<unknown, Effect.Error<typeof effect>, never>(effect))._tag, "NotFound")
      }
      assert.lengthOf(asked, 0)
    }).pipe(overUndici)
  )

  it.live("F73 a manifest over 4 MiB is too large, whether its length is stated or not", () =>
    Effect.gen(function* () {
      const large = Buffer.alloc(4 * 1024 * 1024 + 1, " ")
      for (const stated of [true, false]) {
        const { registry } = yield* answering((_, response) => {
          response.writeHead(200, { "content-type": type, ...(stated ? { "content-length": large.length } : {}) })
          response.end(large)
        })
        const { _tag, detail } = yield* reason(registry.manifest(name, tag))
        assert.strictEqual(_tag, "TooLarge")
        assert.include(detail, "limit of 4194304 bytes")
      }
      const { registry } = yield* answering((_, response) =>
        response.writeHead(200, { "content-type": type }).end(large.subarray(1))
      )
      assert.lengthOf((yield* registry.manifest(name, tag)).body, 4 * 1024 * 1024)
    }).pipe(overUndici)
  )

  it.live("F73 an endless body is cut off at the limit", () =>
    Effect.gen(function* () {
      let written = 0
      const { registry } = yield* answering((_, response) => {
        response.writeHead(200, { "content-type": type })
        const chunk = Buffer.alloc(65536, " ")
        const write = () => {
          while (!response.destroyed && response.write(chunk)) written += chunk.length
        }
        response.on("drain", write)
        write()
      })
      assert.strictEqual((yield* reason(registry.manifest(name, tag)))._tag, "TooLarge")
      const then = written
      yield* Effect.sleep("200 millis")
      assert.isBelow(written - then, 4 * 1024 * 1024)
    }).pipe(overUndici)
  )

  it.live("F73 a length that is not true never makes a manifest", () =>
    Effect.gen(function* () {
      for (const [length, tag_] of [
        [10, "Unreachable"],
        [1, "Malformed"]
      ] as const) {
        const { registry } = yield* answering((request) => {
          const head = `HTTP/1.1 200 OK\r\nContent-Type: ${type}\r\nDocker-Content-Digest: ${sha("sha256", "{}")}\r\n`
          request.socket.end(`${head}Content-Length: ${length}\r\n\r\n{}`)
        })
        assert.strictEqual((yield* reason(registry.manifest(name, tag)))._tag, tag_)
      }
    }).pipe(overUndici)
  )

  /** A client that counts what is read of bodies, after decompression. */
  const counting = (bytes: { read: number }) =>
    Layer.effect(
      HttpClient.HttpClient,
      Effect.map(HttpClient.HttpClient, (client) => {
        const count = (piece: { readonly byteLength: number }) =>
          Effect.sync(() => void (bytes.read += piece.byteLength))
        return HttpClient.transformResponse(
          client,
          Effect.map((response) => {
            const counted = {
              stream: Stream.tap(response.stream, count),
              arrayBuffer: Effect.tap(response.arrayBuffer, count)
            }
            return new Proxy(response, {
              get: (target, name): unknown => Reflect.get(name in counted ? counted : target, name)
            })
          })
        )
      })
    )

  const bomb = gzipSync(Buffer.alloc(64 * 1024 * 1024, " "))
  for (const [client, layer, expected] of [
    ["undici, which leaves it compressed,", NodeHttpClient.layerUndici, "Malformed"],
    ["fetch", FetchHttpClient.layer, "TooLarge"]
  ] as const) {
    it.live(`F73 a gzip bomb over ${client} is refused, and was not asked for`, () => {
      const bytes = { read: 0 }
      return Effect.gen(function* () {
        const { asked, registry } = yield* answering((_, response) =>
          response
            .writeHead(200, {
              "content-type": type,
              "content-encoding": "gzip",
              "docker-content-digest": sha("sha256", "{}")
            })
            .end(bomb)
        )
        assert.strictEqual((yield* reason(registry.manifest(name, tag)))._tag, expected)
        // The limit of a manifest, and the piece that exceeds it.
        assert.isAbove(bytes.read, 0)
        assert.isAtMost(bytes.read, 5 * 1024 * 1024)
        assert.strictEqual(asked[0]?.headers["accept-encoding"], "identity")
      }).pipe(Effect.scoped, Effect.provide(counting(bytes).pipe(Layer.provide(layer))))
    })
  }

  it.live("F74 a blob whose size is missing, negative or no safe integer has none", () =>
    Effect.gen(function* () {
      for (const length of [undefined, "-1", "1e3", "9007199254740992"]) {
        const { registry } = yield* answering((request, response) => {
          if (request.method === "GET") response.writeHead(206).end("x")
          else if (length === undefined || length === "9007199254740992") {
            response.writeHead(200, length === undefined ? {} : { "content-length": length }).end()
          } else request.socket.end(`HTTP/1.1 200 OK\r\nContent-Length: ${length}\r\n\r\n`)
        })
        const { _tag } = yield* reason(registry.blobSize(name, sha("sha256", "x")))
        assert.include(["Malformed", "Unreachable"], _tag, `${length}`)
      }
    }).pipe(overUndici)
  )

  describe("a blob whose size is not in the answer to HEAD", () => {
    const body = Buffer.alloc(70_000, "x")
    const size = (answer: (response: Parameters<Parameters<typeof listen>[0]>[1]) => void, head = {}) =>
      Effect.gen(function* () {
        const { asked, registry } = yield* answering((request, response) =>
          request.method === "HEAD" ? response.writeHead(200, head).end() : answer(response)
        )
        const found: unknown = yield* Effect.match(registry.blobSize(name, sha("sha256", body)), {
          onSuccess: (size) => size,
          onFailure: ({ reason }) => reason._tag
        })
        return { found, asked: asked.map(({ headers, method }) => [method, headers.range]) }
      })

    it.live("is asked for with one request for a byte, which states it", () =>
      Effect.gen(function* () {
        for (const head of [{}, { "content-length": "0" }]) {
          const { asked, found } = yield* size((response) => {
            response.writeHead(206, { "content-range": "bytes 0-0/70000", "content-length": "1" }).end("x")
          }, head)
          assert.strictEqual(found, 70_000)
          assert.deepStrictEqual(asked, [
            ["HEAD", undefined],
            ["GET", "bytes=0-0"]
          ])
        }
      }).pipe(overUndici)
    )

    for (const [what, answer, expected] of [
      ["none, as there is none", [416, { "content-range": "bytes */0" }, ""], 0],
      ["all of a small blob", [200, {}, body.subarray(0, 100)], 100],
      ["all of a large blob, which is not read to its end", [200, {}, body], "TooLarge"],
      ["a byte of an unknown size", [206, { "content-range": "bytes 0-0/*" }, "x"], "Malformed"],
      ["no range", [206, {}, "x"], "Malformed"],
      ["a web page", [200, { "content-type": "text/html" }, "<html>"], "Malformed"],
      ["nothing", [404, {}, ""], "NotFound"]
    ] as const) {
      it.live(`the answer is ${what}`, () =>
        Effect.gen(function* () {
          const [status, headers, body] = answer
          const { found } = yield* size((response) => void response.writeHead(status, headers).end(body))
          assert.strictEqual(found, expected)
        }).pipe(overUndici)
      )
    }
  })

  it.live("F76 a signed schema 1 manifest is verified and given without its signatures", () =>
    Effect.gen(function* () {
      const { body, digest } = yield* Images.schema1("group/app", [yield* Images.layer("a", 10)])
      const end = body.lastIndexOf("\n".charCodeAt(0))
      const sign = (tail: Uint8Array, formatLength: number) =>
        JSON.stringify({
          formatLength,
          formatTail: Buffer.from(tail).toString("base64url")
        })
      const signed = (protectedHeader: string) =>
        Buffer.concat([
          body.subarray(0, end),
          Buffer.from(`,"signatures":[{"protected":"${Buffer.from(protectedHeader).toString("base64url")}"}]}`)
        ])
      const serve = (answer: Uint8Array) =>
        Effect.map(
          answering((_, response) =>
            response
              .writeHead(200, { "content-type": MediaType.dockerSchema1Signed, "docker-content-digest": digest })
              .end(answer)
          ),
          ({ registry }) => registry.manifest(name, tag)
        )
      const manifest = yield* yield* serve(signed(sign(body.subarray(end), end)))
      assert.strictEqual(manifest.digest, digest)
      assert.deepStrictEqual([...manifest.body], [...body])
      for (const answer of [
        signed(sign(body.subarray(end), end - 1)),
        signed(sign(body.subarray(end), 10_000)),
        signed(sign(body.subarray(end), -1)),
        signed('{"formatLength":1}'),
        signed("garbage"),
        Buffer.from('{"signatures":[]}'),
        Buffer.from("not JSON")
      ]) {
        assert.strictEqual((yield* reason(yield* serve(answer)))._tag, "Malformed")
      }
      // Whatever it is called, and whether a digest is stated or not.
      const payload = signed(sign(body.subarray(end), end))
      for (const contentType of ["text/plain", "application/json", MediaType.dockerSchema1, MediaType.dockerManifest]) {
        for (const stated of [{ "docker-content-digest": digest }, {}]) {
          const { registry } = yield* answering((_, response) =>
            response.writeHead(200, { "content-type": contentType, ...stated }).end(payload)
          )
          for (const reference of [tag, digest]) {
            const found = yield* registry.manifest(name, reference)
            assert.deepStrictEqual([found.digest, [...found.body]], [digest, [...body]], contentType)
          }
        }
      }
      // A server of files gives what was uploaded; its digest is that of all bytes.
      for (const [answer, contentType] of [
        [payload, "text/plain"],
        [body, MediaType.dockerSchema1Signed]
      ] as const) {
        const { registry } = yield* answering((_, response) =>
          response.writeHead(200, { "content-type": contentType }).end(answer)
        )
        const found = yield* registry.manifest(name, sha("sha256", answer))
        assert.deepStrictEqual([...found.body], [...answer])
      }
    }).pipe(overUndici)
  )

  it.live("F89 a web page is no manifest, even where no digest contradicts it", () =>
    Effect.gen(function* () {
      const { registry } = yield* answering((_, response) =>
        response.writeHead(200, { "content-type": "text/html" }).end("<html>Sign in</html>")
      )
      for (const effect of [
        registry.manifest(name, tag),
        registry.resolve(name, tag),
        registry.deleteManifest(name, sha("sha256", "x"))
      ]) {
        const { _tag, detail } = yield* reason<unknown, Effect.Error<typeof effect>, never>(effect)
        assert.strictEqual(_tag, "Malformed")
        assert.include(detail, "web page")
      }
    }).pipe(overUndici)
  )

  it.live("refusals have different reasons", () =>
    Effect.gen(function* () {
      for (const [status, body, expected] of [
        [405, '{"errors":[{"code":"UNSUPPORTED","message":"x"}]}', "Unsupported"],
        [400, '{"errors":[{"code":"UNSUPPORTED","message":"x"}]}', "Unsupported"],
        [403, '{"errors":[{"code":"DENIED","message":"x"}]}', "Denied"],
        [403, "Forbidden", "Denied"],
        [404, "<html>", "NotFound"],
        [400, '{"errors":[{"code":"DIGEST_INVALID","message":"x"}]}', "Malformed"],
        [418, "", "Malformed"],
        [302, "", "Malformed"],
        [502, "", "Unreachable"]
      ] as const) {
        const { registry } = yield* answering((_, response) => response.writeHead(status).end(body))
        const { _tag } = yield* reason(registry.deleteManifest(name, sha("sha256", "x")))
        assert.strictEqual(_tag, expected, `${status} ${body}`)
      }
    }).pipe(overUndici)
  )

  it.live("the registry may be below a path, and a user in its URL is neither sent nor shown", () =>
    Effect.gen(function* () {
      const { asked, url } = yield* answering((_, response) => response.writeHead(404).end())
      const below = new URL(`http://canary-user:canary-secret@${url.host}/some/registry/`)
      const registry = yield* registryAt(below)
      const error = yield* Effect.flip(registry.manifest(name, tag))
      assert.strictEqual(asked[0]?.path, "/some/registry/v2/group/app/manifests/1.0")
      assert.isUndefined(asked[0]?.headers.authorization)
      assert.notInclude(JSON.stringify(error) + error.message, "canary")
    }).pipe(overUndici)
  )
})
