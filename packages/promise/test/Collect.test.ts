import { DemoRegistry, Expected } from "@gitlab-registry-usage/demo"
import { describe, expect, it, layer } from "@effect/vitest"
import { Effect } from "effect"
import { collect, diff, gitlabCi, measure, type RegistryUsageError, sizeOf } from "@gitlab-registry-usage/promise"
import { administrator, registry, rejection, serving } from "./registry.ts"

/** What a request function that was given has sent. */
const recording = () => {
  const urls: Array<string> = []
  const recorded: typeof fetch = (input, init) => {
    urls.push(String(input))
    return fetch(input, init)
  }
  return { urls, fetch: recorded }
}

layer(registry, { excludeTestServices: true })("a registry like GitLab's", (it) => {
  it.effect("is read, measured and compared", () =>
    Effect.gen(function* () {
      const options = yield* administrator
      const scan = yield* Effect.promise(() => collect(options))
      const report = yield* Effect.promise(() => measure(Buffer.from(scan)))
      expect(report.total).toEqual(Expected.all.total)
      expect(report.partial).toBe(true)
      expect(Object.fromEntries(report.repositories.map(({ name, sizes }) => [name, sizes]))).toMatchObject(
        Object.fromEntries(
          Object.entries(Expected.all.repositories).map(([name, sizes]) => [
            name,
            sizes && { diskSize: sizes.diskSize }
          ])
        )
      )
      expect(report.gaps).toMatchObject([{ repository: "acme/vault/secrets", reason: "Denied" }])
      expect(report.repositories.filter(({ partial }) => partial).map(({ name }) => name)).toEqual([
        "acme/vault/secrets"
      ])
      const { fetch, urls } = recording()
      const again = yield* Effect.promise(() => collect({ ...options, previous: scan, fetch }))
      expect(urls.length).toBeGreaterThan(5)
      expect(urls.filter((url) => url.includes("/manifests/"))).toEqual([])
      expect(yield* Effect.promise(() => diff(scan, again))).toEqual([])
      const one = yield* Effect.promise(() => collect({ ...options, repositories: ["acme/shop/api"] }))
      expect((yield* Effect.promise(() => measure(one))).repositories.map(({ name }) => name)).toEqual([
        "acme/shop/api"
      ])
      const changes = yield* Effect.promise(() => diff(one, scan))
      expect(changes.find(({ name }) => name === "acme/shop/web")).toMatchObject({ before: undefined })
    })
  )

  it.effect("is read with the token of a job, or another one", () =>
    Effect.gen(function* () {
      const { url } = yield* DemoRegistry.DemoRegistry
      const { host } = new URL(url)
      const job = {
        CI_SERVER_URL: url,
        CI_REGISTRY: host,
        CI_REGISTRY_IMAGE: `${host}/acme/shop`,
        CI_PROJECT_PATH: "Acme/Shop",
        CI_JOB_TOKEN: "demo-job-token"
      }
      const names = (options: Parameters<typeof collect>[0]) =>
        Effect.promise(async () => (await measure(await collect(options))).repositories.map(({ name }) => name))
      const own = yield* names(gitlabCi(job))
      expect(own).toHaveLength(6)
      expect(own.every((name) => name.startsWith("acme/shop"))).toBe(true)
      expect(gitlabCi({ ...job, CI_REGISTRY_IMAGE: "" }).scope).toEqual({ kind: "project", path: "acme/shop" })
      const token = { GITLAB_REGISTRY_USAGE_USER: "registry-usage", GITLAB_REGISTRY_USAGE_TOKEN: "demo-access-token" }
      expect(yield* names(gitlabCi({ ...job, ...token }))).toHaveLength(12)
      const group = { ...gitlabCi({ ...job, ...token }), scope: { kind: "group", path: "/acme/" } } as const
      expect((yield* names(group)).every((name) => name.startsWith("acme/"))).toBe(true)
      const refused = yield* Effect.promise(() =>
        rejection(names({ ...gitlabCi(job), scope: { kind: "instance" } }).pipe(Effect.runPromise))
      )
      expect(refused).toMatchObject({ code: "ERR_REGISTRY_DENIED" })
      expect(() => gitlabCi({})).toThrow("CI_REGISTRY: not set")
      expect(gitlabCi({ CI_REGISTRY: "registry.example.com:5050" }).registryUrl).toBe(
        "https://registry.example.com:5050"
      )
    })
  )

  it.effect("gives the size of one repository, tag or digest", () =>
    Effect.gen(function* () {
      const options = yield* administrator
      const report = yield* Effect.promise(async () => measure(await collect(options)))
      const api = report.repositories.find(({ name }) => name === "acme/shop/api")!
      const [tag] = api.tags
      const { fetch, urls } = recording()
      const ask = (reference: string) => Effect.promise(() => sizeOf(reference, { ...options, fetch }))
      const expected = {
        repository: "acme/shop/api",
        digest: tag!.digest,
        tags: 1,
        size: tag!.sizes!.size,
        diskSize: tag!.sizes!.size
      }
      expect(yield* ask(`acme/shop/api:${tag!.name}`)).toEqual(expected)
      expect(urls.filter((url) => /_catalog|tags\/list/.test(url))).toEqual([])
      expect(yield* ask(`${new URL(options.registryUrl).host}/acme/shop/api@${tag!.digest}`)).toEqual(expected)
      const whole = yield* ask("acme/shop/api")
      expect(whole).toMatchObject({ digest: null, tags: api.tags.length, size: api.sizes!.size })
      expect(whole.diskSize).toBeLessThan(whole.size)
      const failing = (reference: string) => Effect.promise(() => rejection(sizeOf(reference, options)))
      for (const [reference, target] of [
        ["acme/shop/api:none", "acme/shop/api:none"],
        ["acme/shop/none", "acme/shop/none"],
        ["acme/shop/none:1", "acme/shop/none:1"],
        [`acme/shop/api@sha256:${"0".repeat(64)}`, undefined]
      ]) {
        const error = yield* failing(reference!)
        expect(error, reference).toMatchObject({ code: "ERR_REGISTRY_NOT_FOUND" })
        if (target !== undefined) expect((error as RegistryUsageError).target).toBe(target)
      }
      expect(yield* failing("acme/vault/secrets")).toMatchObject({
        code: "ERR_REGISTRY_DENIED",
        target: "acme/vault/secrets"
      })
      const missing = yield* Effect.promise(() =>
        rejection(collect({ ...options, repositories: ["acme/shop/api", "acme/none"] }))
      )
      expect(missing).toMatchObject({ code: "ERR_REGISTRY_NOT_FOUND", target: "acme/none" })
    })
  )

  it.effect("is left when a signal ends the crawl, with the reason of the signal", () =>
    Effect.gen(function* () {
      const options = yield* administrator
      const enough = new Error("enough")
      const failed = (more: Partial<typeof options>) =>
        Effect.promise(() => rejection(collect({ ...options, ...more })))
      expect(yield* failed({ signal: AbortSignal.abort(enough) })).toBe(enough)
      expect(yield* failed({ signal: AbortSignal.abort() })).toMatchObject({ name: "AbortError" })
      for (const reason of [enough, "a string", 0, null]) {
        const controller = new AbortController()
        expect(yield* failed({ signal: controller.signal, onProgress: () => controller.abort(reason) })).toBe(reason)
      }
      const slow: typeof fetch = (_, init) =>
        new Promise((_, reject) => init?.signal?.addEventListener("abort", () => reject(init.signal!.reason)))
      expect(yield* failed({ signal: AbortSignal.timeout(100), fetch: slow })).toMatchObject({ name: "TimeoutError" })
      expect(
        yield* Effect.promise(() =>
          rejection(sizeOf("acme/shop/api", { ...options, signal: AbortSignal.abort(enough) }))
        )
      ).toBe(enough)
      const late = new AbortController()
      const scan = yield* Effect.promise(() => collect({ ...options, signal: late.signal }))
      late.abort()
      expect(scan).toBeInstanceOf(Uint8Array)
    })
  )

  it.effect("a callback that throws, or rejects, ends the crawl with what it throws", () =>
    Effect.gen(function* () {
      const options = yield* administrator
      for (const bug of [new RangeError("my bug"), "a string", undefined]) {
        for (const onProgress of [
          () => {
            throw bug
          },
          () => Promise.reject(bug)
        ]) {
          expect(yield* Effect.promise(() => rejection(collect({ ...options, onProgress })))).toBe(bug)
        }
      }
    })
  )

  it.effect("refuses a wrong token with the status, and without a secret", () =>
    Effect.gen(function* () {
      const options = yield* administrator
      const credentials = { username: "registry-usage", token: "canary-token" }
      const error = yield* Effect.promise(() => rejection(collect({ ...options, credentials })))
      expect(error).toMatchObject({ name: "RegistryUsageError", code: "ERR_REGISTRY_UNAUTHORIZED", status: 401 })
      expect(JSON.stringify(error) + String(error) + String((error as Error).stack)).not.toContain("canary")
    })
  )
})

describe("what is no registry", () => {
  const failure = (options: Parameters<typeof collect>[0]) => rejection(collect(options)) as Promise<RegistryUsageError>

  it("is unreachable, with the error of the connection", async () => {
    const closed = await serving(
      () => {},
      (url) => Promise.resolve(url)
    )
    const error = await failure({ registryUrl: closed, timeout: 500 })
    expect(error).toMatchObject({ code: "ERR_REGISTRY_UNREACHABLE", status: undefined })
    expect((error.cause as Error).cause).toMatchObject({ code: "ECONNREFUSED" })
  })

  it("asks for a pause, in milliseconds", async () => {
    const busy = await serving(
      (_, response) => response.writeHead(429, { "retry-after": "3600" }).end(),
      (registryUrl) => failure({ registryUrl })
    )
    expect(busy).toMatchObject({ code: "ERR_REGISTRY_RATE_LIMITED", status: 429, retryAfter: 3_600_000 })
  })

  it("answers with a page to sign in", async () => {
    const page = await serving(
      (_, response) => response.writeHead(200, { "content-type": "text/html" }).end("<html>"),
      (registryUrl) => failure({ registryUrl })
    )
    expect(page).toMatchObject({ code: "ERR_REGISTRY_MALFORMED", status: 200 })
  })
})
