import { describe, expect, it } from "@effect/vitest"
import {
  checkBudget,
  collect,
  type CollectOptions,
  diff,
  type ErrorCode,
  formatSize,
  measure,
  parseSize,
  RegistryUsageError,
  type Report,
  sizeOf,
  toJUnit,
  toMarkdown
} from "@gitlab-registry-usage/promise"
import { rejection } from "./registry.ts"

// Nothing listens there: an option that is not refused at once fails otherwise, and later.
const registryUrl = "http://127.0.0.1:1"
const secret = "canary-secret"

const refused: ReadonlyArray<readonly [target: string, options: unknown, message?: string]> = [
  ["options", undefined],
  ["options", null],
  ["options", "https://registry.example.com"],
  ["options", []],
  ["registryUrl", {}, "missing"],
  ...[
    "",
    "registry.example.com",
    "registry.example.com:5000",
    "//host",
    "ftp://127.0.0.1/",
    "http://",
    "javascript:1"
  ].map((registryUrl) => ["registryUrl", { registryUrl }] as const),
  ["registryUrl", { registryUrl: `https://u:${secret}@registry.example.com` }, "credentials"],
  ["registryUrl", { registryUrl: new URL(`https://${secret}@registry.example.com`) }, "credentials"],
  ["registryUrl", { registryUrl: 1 }],
  ["gitlabUrl", { registryUrl, gitlabUrl: "gitlab.example.com" }],
  ["gitlabUrl", { registryUrl, gitlabUrl: null }],
  ["gitlabUrl", { registryUrl, scope: { kind: "project", path: "a/b" } }, "missing"],
  ["gitlabUrl", { registryUrl, apiToken: secret }, "missing"],
  ...[0, -1, 1.5, Number.NaN, Number.POSITIVE_INFINITY, 1e9, "8", null].map(
    (concurrency) => ["concurrency", { registryUrl, concurrency }] as const
  ),
  ...[0, -1, Number.NaN, Number.POSITIVE_INFINITY, 2 ** 31, "30 seconds", null].map(
    (timeout) => ["timeout", { registryUrl, timeout }] as const
  ),
  ["concurency", { registryUrl, concurency: 8 }, "did you mean concurrency?"],
  ["registryURL", { registryURL: registryUrl }, "did you mean registryUrl?"],
  ["credentials", { registryUrl, credentials: secret }],
  ["credentials.token", { registryUrl, credentials: { username: "a" } }, "missing"],
  ["credentials.password", { registryUrl, credentials: { username: "a", password: secret } }],
  ["credentials.token", { registryUrl, credentials: { username: "a", token: `${secret}\n` } }],
  ["credentials.token", { registryUrl, credentials: { username: "a", token: "" } }],
  ["credentials.username", { registryUrl, credentials: { username: 1, token: secret } }],
  ["apiToken", { registryUrl, gitlabUrl: registryUrl, apiToken: "" }],
  ["scope", { registryUrl, scope: "group" }],
  ["scope.kind", { registryUrl, scope: { kind: "namespace", path: "a" } }],
  ["scope.kind", { registryUrl, scope: { path: "a" } }, "missing"],
  ["scope.path", { registryUrl, gitlabUrl: registryUrl, scope: { kind: "group" } }, "missing"],
  ["scope.path", { registryUrl, gitlabUrl: registryUrl, scope: { kind: "group", path: "/" } }],
  ["scope.path", { registryUrl, scope: { kind: "instance", path: "a" } }],
  ["repositories", { registryUrl, repositories: [] }],
  ["repositories", { registryUrl, repositories: "group/app" }],
  ["repositories[1]", { registryUrl, repositories: ["group/app", "Group/App"] }],
  ["fetch", { registryUrl, fetch: "undici" }],
  ["previous", { registryUrl, previous: "abc" }],
  ["onProgress", { registryUrl, onProgress: true }],
  ["signal", { registryUrl, signal: new AbortController() }]
]

describe("options that cannot be used", () => {
  for (const [target, options, message = ""] of refused) {
    it(`${target} of ${JSON.stringify(options, (_, value) => (typeof value === "number" ? String(value) : value))}`, async () => {
      for (const call of [collect, (options: CollectOptions) => sizeOf("group/app", options)]) {
        const error = (await rejection(call(options as CollectOptions))) as RegistryUsageError
        expect(error).toBeInstanceOf(RegistryUsageError)
        expect(error).toMatchObject({ code: "ERR_OPTION_INVALID", target })
        expect(error.message).toContain(message)
        expect(error.message).not.toContain(secret)
      }
    })
  }

  it("a reference that is none", async () => {
    for (const reference of [
      "",
      "Group/App",
      "group/app:",
      "group/app:a b",
      "group/app@sha256:1",
      "host:5000/app:1",
      undefined
    ]) {
      expect(await rejection(sizeOf(reference as string, { registryUrl }))).toMatchObject({
        code: "ERR_OPTION_INVALID",
        target: "reference"
      })
    }
  })

  it("bytes that are no scan", async () => {
    for (const scan of [
      new Uint8Array(10),
      "abc",
      undefined,
      null,
      {},
      [1],
      new ArrayBuffer(8)
    ] as ReadonlyArray<Uint8Array>) {
      for (const result of [measure(scan), diff(scan, scan)]) {
        expect(await rejection(result)).toMatchObject({ code: "ERR_SCAN_UNREADABLE" })
      }
    }
    expect(await rejection(collect({ registryUrl, previous: new Uint8Array([1, 2, 3]) }))).toMatchObject({
      code: "ERR_SCAN_UNREADABLE"
    })
  })

  it("an accounting that there is not", async () => {
    for (const options of [{ accounting: "foo" }, { acounting: "all" }, null] as ReadonlyArray<object | null>) {
      expect(await rejection(measure(new Uint8Array(), options as never))).toMatchObject({ code: "ERR_OPTION_INVALID" })
      expect(await rejection(diff(new Uint8Array(), new Uint8Array(), options as never))).toMatchObject({
        code: "ERR_OPTION_INVALID"
      })
    }
  })

  it("sizes and documents", () => {
    const report = { repositories: [], gaps: [], total: null, partial: true, takenAt: new Date(0) } as unknown as Report
    const codeOf = (call: () => unknown): unknown => {
      try {
        return call()
      } catch (error) {
        return (error as RegistryUsageError).code
      }
    }
    for (const size of [
      "",
      "50",
      "50 apples",
      "-1GB",
      undefined,
      null,
      Number.NaN,
      -1,
      1.5,
      Infinity
    ] as ReadonlyArray<string>) {
      for (const call of [() => parseSize(size), () => checkBudget(report, size)]) {
        expect(codeOf(call), `${size}`).toBe("ERR_OPTION_INVALID")
      }
    }
    for (const bytes of [-1, 1.5, Number.NaN, Infinity, "1"] as ReadonlyArray<number>) {
      expect(codeOf(() => formatSize(bytes))).toBe("ERR_OPTION_INVALID")
    }
    expect(codeOf(() => formatSize(1, { decimals: true } as never))).toBe("ERR_OPTION_INVALID")
    for (const options of [{ rows: -1 }, { maxTotal: "50" }, { maxTotal: "" }, { tittle: "x" }, { title: "" }]) {
      for (const render of [toMarkdown, toJUnit])
        expect(codeOf(() => render(report, options))).toBe("ERR_OPTION_INVALID")
    }
    expect(parseSize("1.5 GiB")).toBe(1.5 * 1024 ** 3)
    expect(parseSize(50)).toBe(50)
    expect(formatSize(1536)).toBe("1.50 KiB")
    expect(formatSize(1536, { decimal: true })).toBe("1.54 kB")
  })
})

it("a switch over the codes is checked by TypeScript", () => {
  const isTransient = (code: ErrorCode): boolean => {
    switch (code) {
      case "ERR_REGISTRY_UNREACHABLE":
      case "ERR_REGISTRY_RATE_LIMITED":
      case "ERR_REGISTRY_SERVER_ERROR":
        return true
      case "ERR_OPTION_INVALID":
      case "ERR_SCAN_UNREADABLE":
      case "ERR_REGISTRY_UNAUTHORIZED":
      case "ERR_REGISTRY_DENIED":
      case "ERR_REGISTRY_NOT_FOUND":
      case "ERR_REGISTRY_MALFORMED":
      case "ERR_REGISTRY_TOO_LARGE":
      case "ERR_REGISTRY_UNSUPPORTED":
      case "ERR_REGISTRY_UNSAFE":
        return false
      default:
        return code satisfies never
    }
  }
  // @ts-expect-error There is no such code.
  const misspelt: ErrorCode = "ERR_REGISTRY_UNREACHEABLE"
  expect(isTransient(misspelt)).toBe(misspelt)
  expect(isTransient("ERR_REGISTRY_UNREACHABLE")).toBe(true)
})
