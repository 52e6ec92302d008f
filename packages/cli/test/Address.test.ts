/** The addresses of the registry and of GitLab, as people give them. */
import { layer } from "@effect/vitest"
import { DemoRegistry } from "@gitlab-registry-usage/demo"
import { Effect, Layer } from "effect"
import { createServer, request as forward, type RequestListener } from "node:http"
import type { AddressInfo } from "node:net"
import { expect } from "vitest"
import { asAdministrator, layerProgram, layerRegistry, Program } from "./program.ts"

const run = Effect.fnUntraced(function* (...args: ReadonlyArray<string>) {
  const program = yield* Program
  return yield* program.run(args, { env: asAdministrator(yield* DemoRegistry.DemoRegistry) })
})

/** A server that is no GitLab, or one behind a path. */
const serve = (listener: RequestListener) =>
  Effect.acquireRelease(
    Effect.callback<{ readonly url: string; readonly close: () => void }>((resume) => {
      const server = createServer(listener).listen(0, "127.0.0.1", () => {
        const { port } = server.address() as AddressInfo
        resume(Effect.succeed({ url: `http://127.0.0.1:${port}`, close: () => server.close() }))
      })
    }),
    ({ close }) => Effect.sync(close)
  )

layer(Layer.mergeAll(layerProgram, layerRegistry()), { timeout: "60 seconds", excludeTestServices: true })(
  "addresses",
  (it) => {
    it.effect("-r may have the path of the API, with a prefix before it and slashes behind", () =>
      Effect.gen(function* () {
        const { url } = yield* DemoRegistry.DemoRegistry
        const proxy = yield* serve((request, response) => {
          if (!request.url?.startsWith("/prefix/v2/")) return response.writeHead(404).end()
          const path = request.url.slice("/prefix".length)
          const { headers, method } = request
          request.pipe(
            forward(new URL(path, url), { method, headers }, (answer) => {
              response.writeHead(answer.statusCode ?? 502, answer.headers)
              answer.pipe(response)
            })
          )
        })
        const host = new URL(url).host
        for (const address of [
          `${url}/v2/`,
          `${url}/v2`,
          `${url}/`,
          `${url}//v2//`,
          `${host}/v2/`,
          `${proxy.url}/prefix`,
          `${proxy.url}/prefix/v2/`
        ]) {
          const { status, stderr, stdout } = yield* run("total", "-r", address)
          expect({ address, status, stdout, stderr }).toMatchObject({ address, status: 0, stdout: "≥ 2.70 MiB\n" })
          const doctor = yield* run("doctor", "-r", address)
          expect({ address, status: doctor.status }).toEqual({ address, status: 0 })
        }
      })
    )

    it.effect("a -g that is no GitLab is noticed: by ls, the original's call, and doctor", () =>
      Effect.gen(function* () {
        const { url } = yield* DemoRegistry.DemoRegistry
        const page = yield* serve((_, response) =>
          response.writeHead(200, { "content-type": "text/html" }).end("<!doctype html><p>Welcome</p>")
        )
        const other = yield* serve((_, response) =>
          response.writeHead(404, { "content-type": "application/json" }).end('{"errors":[]}')
        )
        const moved = yield* serve((_, response) =>
          response.writeHead(301, { location: "https://gitlab.example.com/" }).end()
        )
        for (const [address, problem, status] of [
          [page.url, `${page.url}/ answered 200, but not as GitLab does`, 1],
          [other.url, `${other.url}/ answered 404, but not as GitLab does`, 1],
          [moved.url, `${moved.url}/ redirects to https://gitlab.example.com/`, 1],
          ["http://127.0.0.1:1", "http://127.0.0.1:1 cannot be reached (ECONNREFUSED)", 5]
        ] as const) {
          const warning = `warning: --gitlab-server: ${problem}; give --gitlab-server the address of GitLab itself`
          const listed = yield* run("ls", "-g", address)
          expect({ address, status: listed.status, rows: listed.stdout.includes("acme/shop/api") }).toEqual({
            address,
            status: 0,
            rows: true
          })
          expect(listed.stderr).toContain(warning)
          expect((yield* run("-g", address, "-r", url)).stderr).toContain(warning)
          const doctor = yield* run("doctor", "-g", address)
          expect({ address, status: doctor.status }).toEqual({ address, status })
          expect(doctor.stdout).toMatch(/✗ {2}GitLab API/)
          expect(doctor.stderr).toContain(`error: GitLab API: ${problem}\nhint: give --gitlab-server`)
          const group = yield* run("ls", "-g", address, "--scope", "group", "--path", "acme")
          expect({ address, failed: group.status !== 0, stdout: group.stdout }).toEqual({
            address,
            failed: true,
            stdout: ""
          })
          expect(group.stderr).toMatch(/^error: .*\nhint: check --gitlab-server/m)
        }
      })
    )

    it.effect("a right -g is taken with its API's path and slashes, and no warning", () =>
      Effect.gen(function* () {
        const { url } = yield* DemoRegistry.DemoRegistry
        for (const address of [url, `${url}/`, `${url}/api/v4`, `${url}/api/v4/`]) {
          const { status, stderr } = yield* run("ls", "-g", address)
          expect({ address, status, isNamed: stderr.includes("--gitlab-server") }).toEqual({
            address,
            status: 0,
            isNamed: false
          })
          expect((yield* run("doctor", "-g", address)).stdout).toMatch(/✓ {2}GitLab API +127\.0\.0\.1:\d+ is a GitLab/)
          expect((yield* run("ls", "-g", address, "--scope", "group", "--path", "acme", "-q")).status).toBe(0)
        }
        const missing = yield* run("ls", "-g", url, "--scope", "group", "--path", "nobody")
        expect(missing.stderr).toContain("hint: check --path and --scope")
      })
    )
  }
)
