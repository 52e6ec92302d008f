/** The container image, with the commands that the original documents. */
import { describe, expect, layer } from "@effect/vitest"
import { Context, Effect, Layer } from "effect"
import { chmodSync, chownSync, readdirSync, readFileSync, statSync, writeFileSync } from "node:fs"
import { join } from "node:path"
import { ini } from "../../packages/server/test/config/fixture.ts"
import { ask, demoRegistry } from "../../packages/server/test/process.ts"
import { Certificates, Servers } from "../../packages/test-servers/src/index.ts"
import * as Image from "./Image.ts"

class Built extends Context.Service<Built, Image.Image>()("Built") {}

const state = "/var/lib/gitlab-registry-usage-rest"

/** The exit status of a container that ends on its own, and its output. */
const ended = Effect.fnUntraced(function* (args: ReadonlyArray<string>, options: Image.Options = {}) {
  const container = yield* Image.run(yield* Built, args, options)
  return { status: yield* container.end, output: container.output() }
})

/** A new directory with the owner and mode of the image's, as a new volume has them. */
const newVolume = Effect.gen(function* () {
  const directory = yield* Servers.temporaryDirectory
  const { gid, mode, uid } = statSync(join((yield* Built).files, state))
  chownSync(directory, uid, gid)
  chmodSync(directory, mode & 0o7777)
  return directory
})

/** A configuration file on an embedded registry, readable by everybody. */
const file = Effect.fnUntraced(function* (general: Readonly<Record<string, string>>) {
  const { credentials, registry } = yield* demoRegistry
  const path = join(yield* Servers.temporaryDirectory, "usage.conf")
  const place = { gitlab_base_url: registry.url, registry_base_url: registry.url, ...credentials }
  writeFileSync(path, ini({ general, registry: place }))
  chmodSync(join(path, ".."), 0o755)
  return path
})

const health = (container: Image.Container) =>
  Effect.gen(function* () {
    const { configuration } = yield* Built
    const [kind, ...command] = configuration.Healthcheck.Test
    expect(kind).toBe("CMD")
    const check = yield* container.exec(...command)
    return { status: yield* check.end, output: check.output() }
  })

describe.skipIf(Servers.leftOut("buildah"))("the image", () => {
  layer(Layer.effect(Built, Image.build), { excludeTestServices: true, timeout: 600_000 })("as it is built", (it) => {
    it.effect("runs the program as a user by number, and its variables override no file", () =>
      Effect.gen(function* () {
        const { configuration } = yield* Built
        expect(configuration.Entrypoint.at(-1)).toBe("/app/dist/bin.js")
        expect(configuration.Entrypoint).toContain("--disable-sigusr1")
        expect(configuration.Cmd ?? []).toEqual([])
        expect(configuration.User).toBe("65532:0")
        expect(Object.keys(configuration.ExposedPorts)).toEqual(["5000/tcp"])
        expect(configuration.Env.filter((text) => text.startsWith("GITLAB_"))).toEqual([
          "GITLAB_REGISTRY_USAGE_DEFAULTS_FILE=/app/dist/defaults.conf"
        ])
      })
    )

    it.effect("takes the original's arguments: --help, --print-default-config, -V", () =>
      Effect.gen(function* () {
        const help = yield* ended(["--help"])
        expect(help.status).toBe(0)
        expect(help.output).toContain("--print-default-config")
        const version = yield* ended(["-V"])
        expect(version).toEqual({
          status: 0,
          output: expect.stringMatching(/^gitlab-registry-usage-rest, version \S+\n$/)
        })
        const printed = yield* ended(["--print-default-config"])
        expect(printed.status).toBe(0)
        // Used as it is, the file leaves the server reachable.
        expect(printed.output).toContain("\nsocket_host = 0.0.0.0\n")
        expect(printed.output).toContain("\nlog_format = json\n")
        expect((yield* ended([])).output).toContain("the configuration has")
        expect((yield* ended(["--bogus"])).status).toBe(2)
      })
    )

    it.effect("prefers a mounted file to its own defaults, and a variable to both", () =>
      Effect.gen(function* () {
        const path = yield* file({ log_format: "text", socket_port: "5123" })
        const env = {
          GITLAB_REGISTRY_USAGE_GENERAL_SOCKET_PORT: "5124",
          GITLAB_REGISTRY_USAGE_GENERAL_METRICS_PORT: "9100"
        }
        const { output, status } = yield* ended(["-c", "/my.conf", "--print-config"], {
          volumes: { "/my.conf": path },
          env
        })
        expect(status).toBe(0)
        expect(output).toMatch(/# from \/my\.conf:\d+\nlog_format = text\n/)
        expect(output).toContain("# from GITLAB_REGISTRY_USAGE_GENERAL_SOCKET_PORT\nsocket_port = 5124\n")
        expect(output).toMatch(/# from \/app\/dist\/defaults\.conf:\d+\nsocket_host = 0\.0\.0\.0\n/)
        expect(output).toMatch(/# from \/app\/dist\/defaults\.conf:\d+\nmetrics_host = 0\.0\.0\.0\n/)
      })
    )

    for (const [who, user, keeps] of [
      ["its own user", undefined, true],
      ["any user of the group 0, as on OpenShift", "123456:0", true],
      ["any user and group, without a history", "12345:12345", false]
    ] as const) {
      it.effect(`serves with a read-only root as ${who}, and its health check asks it`, () =>
        Effect.gen(function* () {
          const [port, metrics] = [yield* Servers.freePort, yield* Servers.freePort]
          const path = yield* file({ socket_port: String(port), metrics_port: String(metrics) })
          const volume = yield* newVolume
          const container = yield* Image.run(yield* Built, ["-c", "/my.conf"], {
            user,
            volumes: { "/my.conf": path, [state]: volume }
          })
          yield* container.says(/crawled the registry/)
          expect((yield* ask(`http://127.0.0.1:${port}/health/ready`)).status).toBe(200)
          expect((yield* ask(`http://127.0.0.1:${metrics}/metrics`)).body).toContain("gitlab_registry_usage_disk_bytes")
          expect(container.output()).toContain(`http://0.0.0.0:${port}`)
          expect(readdirSync(volume).includes("usage.sqlite")).toBe(keeps)
          expect(/no snapshot is kept/.test(container.output())).toBe(!keeps)
          // The process of the check is not given the arguments of the container.
          const url = `http://127.0.0.1:${port}/health/live`
          expect(yield* health(container)).toEqual({ status: 0, output: `${url} responds\n` })

          // There is no debugger to start.
          yield* container.kill("SIGUSR1")
          expect((yield* ask(url)).status).toBe(200)
          expect(container.output()).not.toContain("Debugger")
          yield* container.kill("SIGTERM")
          expect(yield* container.end).toBe(0)
        })
      )
    }

    it.effect("asks the port for health checks where there is one, and HTTPS where there is a certificate", () =>
      Effect.gen(function* () {
        const [port, own] = [yield* Servers.freePort, yield* Servers.freePort]
        const tls = { tls_certificate_file: "/tls/server.pem", tls_key_file: "/tls/server.key" }
        const directory = yield* Servers.temporaryDirectory
        const { key } = yield* Certificates.make(directory, { names: "DNS:usage.example.com" })
        chmodSync(directory, 0o755)
        chmodSync(key, 0o644)
        for (const [health_port, url] of [
          [undefined, `https://127.0.0.1:${port}/health/live`],
          [String(own), `http://127.0.0.1:${own}/health/live`]
        ] as const) {
          const path = yield* file({
            socket_port: String(port),
            ...tls,
            ...(health_port === undefined ? {} : { health_port })
          })
          const volumes = { "/my.conf": path, "/tls": directory, [state]: yield* newVolume }
          const container = yield* Image.run(yield* Built, ["--config-file", "/my.conf"], { volumes })
          yield* container.says(/crawled the registry/)
          expect(yield* health(container)).toEqual({ status: 0, output: `${url} responds\n` })
          yield* container.kill("SIGTERM")
          expect(yield* container.end).toBe(0)
        }
      })
    )

    it.effect("has the licences and the list of what it contains, and nothing that only the build needs", () =>
      Effect.gen(function* () {
        const { files } = yield* Built
        const all = readdirSync(join(files, "app"), { recursive: true, encoding: "utf8" })
        expect(all).toEqual(expect.arrayContaining(["LICENSE", "LICENSES", "package.json", "sbom.cdx.json"]))
        expect(all.filter((name) => /\.map$|node_modules/.test(name))).toEqual([])
        const bill = JSON.parse(readFileSync(join(files, "app/sbom.cdx.json"), "utf8"))
        expect(bill).toMatchObject({
          bomFormat: "CycloneDX",
          specVersion: "1.6",
          metadata: { component: { name: "server" } }
        })
        const licences = readFileSync(join(files, "app/LICENSES"), "utf8")
        for (const { group, name, version } of bill.components) {
          expect(licences).toContain(`${group === undefined ? "" : `${group}/`}${name} ${version} (`)
        }
        expect(bill.components.length).toBeGreaterThan(10)
        // docs/operating.md has the size.
        const bytes = all.reduce((sum, name) => sum + statSync(join(files, "app", name)).size, 0)
        expect(bytes).toBeLessThan(8e6)
      })
    )
  })
})
