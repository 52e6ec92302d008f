import { layer } from "@effect/vitest"
import { Images } from "@gitlab-registry-usage/core/testing"
import { Effect } from "effect"
import { createServer, type ServerResponse } from "node:http"
import type { AddressInfo } from "node:net"
import { expect } from "vitest"
import { layerProgram, Program } from "./program.ts"

const basic = `Basic ${Buffer.from("me:secret").toString("base64")}`

const json = (response: ServerResponse, body: unknown) =>
  response.writeHead(200, { "content-type": "application/json" }).end(JSON.stringify(body))

/**
 * A registry that shows one repository to everybody without a challenge, and another one to the account. With `lax` it
 * looks at credentials in repositories alone.
 */
const registry = (lax = false) =>
  Effect.gen(function* () {
    const image = yield* Images.image({ layers: [yield* Images.layer("one", 5000)] })
    const server = createServer((request, response): void => {
      const { url = "" } = request
      const { authorization } = request.headers
      const isKnown = authorization === basic
      const isRefused = authorization !== undefined && !isKnown
      const isInRepository = /\/(?:tags|manifests)\//.test(url)
      if ((isRefused && (!lax || isInRepository)) || (url.includes("/private/") && !isKnown)) {
        return void response.writeHead(401, { "www-authenticate": 'Basic realm="zot"' }).end()
      }
      if (url.startsWith("/v2/_catalog")) {
        return void json(response, { repositories: isKnown ? ["private/b", "public/a"] : ["public/a"] })
      }
      if (url === "/v2/") return void json(response, {})
      if (url.includes("/tags/list")) return void json(response, { tags: ["1"] })
      if (!url.includes("/manifests/")) return void response.writeHead(404).end()
      response.writeHead(200, { "content-type": image.mediaType, "docker-content-digest": image.digest })
      response.end(image.body)
    })
    yield* Effect.acquireRelease(
      Effect.callback<void>((resume) => void server.listen(0, "127.0.0.1", () => resume(Effect.void))),
      () => Effect.sync(() => server.close().closeAllConnections())
    )
    return `http://127.0.0.1:${(server.address() as AddressInfo).port}`
  })

const run = Effect.fnUntraced(function* (url: string, args: ReadonlyArray<string>, token?: string) {
  const program = yield* Program
  const env = token === undefined ? {} : { GITLAB_REGISTRY_USAGE_USER: "me", GITLAB_REGISTRY_USAGE_TOKEN: token }
  return yield* program.run([...args, "-r", url], { env })
})

layer(layerProgram, { timeout: "60 seconds", excludeTestServices: true })(
  "a registry that answers without credentials",
  (it) => {
    it.effect("is read with those that are given, and never without where it refuses them", () =>
      Effect.gen(function* () {
        const url = yield* registry()
        const all = yield* run(url, ["ls", "-o", "csv", "--columns", "name"], "secret")
        expect(all).toMatchObject({ status: 0, stdout: expect.stringContaining("private/b") })
        for (const command of [["total"], ["check", "--max-total", "1G"]]) {
          const { status, stderr, stdout } = yield* run(url, command, "wrong")
          expect({ command, status, stdout }).toEqual({ command, status: 3, stdout: "" })
          expect(stderr).toContain("refused the credentials")
        }
      })
    )

    it.effect("is read without where none are given, which a line says", () =>
      Effect.gen(function* () {
        const url = yield* registry()
        const said =
          "warning: no credentials are given, so only what everybody may see is read; use --user with --token-file"
        const { status, stderr, stdout } = yield* run(url, ["ls"])
        expect({ status, hasPrivate: stdout.includes("private/b") }).toEqual({ status: 0, hasPrivate: false })
        expect(stderr).toContain(said)
        expect((yield* run(url, ["ls", "-q"])).stderr).toBe("")
        expect((yield* run(url, ["ls"], "secret")).stderr).not.toContain(said)
      })
    )

    it.effect("doctor says whether credentials were accepted", () =>
      Effect.gen(function* () {
        const url = yield* registry()
        const good = yield* run(url, ["doctor"], "secret")
        expect(good.status).toBe(0)
        expect(good.stdout).toMatch(/✓ {2}token +me is accepted; without credentials the registry answers too\n/)
        for (const wrong of [
          yield* run(url, ["doctor"], "wrong"),
          yield* run(yield* registry(true), ["doctor"], "wrong")
        ]) {
          expect(wrong.status).toBe(3)
          expect(wrong.stdout).toMatch(/✗ {2}token .*without credentials the registry answers/)
          expect(wrong.stdout).not.toContain("is accepted")
        }
        const none = yield* run(url, ["doctor"])
        expect(none.status).toBe(0)
        expect(none.stdout).toMatch(/! {2}token +no credentials: reading is anonymous/)
        expect(none.stderr).toContain("hint: token: use --user")
        expect(none.stdout).not.toContain("accepted")
      })
    )
  }
)
