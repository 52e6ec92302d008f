import { layer } from "@effect/vitest"
import { DemoRegistry } from "@gitlab-registry-usage/demo"
import { Effect } from "effect"
import { execFile } from "node:child_process"
import { readFileSync } from "node:fs"
import { createServer, request } from "node:http"
import type { AddressInfo } from "node:net"
import { promisify } from "node:util"
import { expect } from "vitest"
import { registry } from "./registry.ts"

const read = (path: string) => readFileSync(new URL(path, import.meta.url), "utf8")

/** Runs a program of the README as a job of the project `acme/shop`. */
const run = (file: string, url: string, more: Record<string, string> = {}) => {
  const { host } = new URL(url)
  const job = {
    CI_SERVER_URL: url,
    CI_REGISTRY: host,
    CI_REGISTRY_IMAGE: `${host}/acme/shop`,
    CI_JOB_TOKEN: "demo-job-token"
  }
  return Effect.promise(() =>
    promisify(execFile)(process.execPath, [new URL(file, import.meta.url).pathname], {
      env: { ...process.env, ...job, ...more }
    })
  )
}

layer(registry, { excludeTestServices: true })("the README", (it) => {
  it.effect("has an example that works", () =>
    Effect.gen(function* () {
      expect(read("../README.md")).toContain(read("example.ts"))
      const { stderr, stdout } = yield* run("example.ts", (yield* DemoRegistry.DemoRegistry).url)
      expect(stderr).toBe("")
      expect(stdout).toMatch(/^acme\/shop\/api \d+$/m)
      expect(stdout).toMatch(/on disk, within the budget of 50\.0 GB\n$/)
    })
  )

  it.effect("has a proxy that works", () =>
    Effect.gen(function* () {
      expect(read("../README.md")).toContain(read("proxy.ts").split("\nconsole")[0])
      let forwarded = 0
      // To a registry without TLS a client may send whole URLs instead of opening a tunnel.
      const proxy = createServer(({ headers, method, url = "" }, answer) => {
        forwarded++
        const sent = request(url, { method, headers }, (received) => {
          answer.writeHead(received.statusCode!, received.headers)
          received.pipe(answer)
        })
        sent.on("error", () => answer.destroy()).end()
      })
      yield* Effect.acquireRelease(
        Effect.callback<void>((resume) => void proxy.listen(0, "127.0.0.1", () => resume(Effect.void))),
        () => Effect.sync(() => proxy.close())
      )
      const { port } = proxy.address() as AddressInfo
      const { url } = yield* DemoRegistry.DemoRegistry
      const { stdout } = yield* run("proxy.ts", url, { HTTPS_PROXY: `http://127.0.0.1:${port}` })
      expect(stdout).toBe("true\n")
      expect(forwarded).toBeGreaterThan(5)
    })
  )
})
