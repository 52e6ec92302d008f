import { once } from "node:events"
import { type AddressInfo, createServer } from "node:net"
import { LoginFailure, type Options, verifyLogin } from "@gitlab-registry-usage/adapter-ldap/promise"
import { Servers, Slapd } from "@gitlab-registry-usage/test-servers"
import { describe, expect, it, layer } from "@effect/vitest"
import { Effect } from "effect"

const codeOf = (promise: Promise<unknown>) =>
  Effect.promise(() =>
    promise.then(
      () => "resolved",
      (error: unknown) => (error instanceof LoginFailure ? error.code : error)
    )
  )

describe.skipIf(Servers.leftOut("verifyLogin on a real slapd"))("verifyLogin on a real slapd", () => {
  layer(Slapd.layer(), { excludeTestServices: true })("verifyLogin", (it) => {
    it.effect("resolves to the directory's spelling, and rejects with a code", () =>
      Effect.gen(function* () {
        const { authority, baseDn, ldaps } = yield* Slapd.Slapd
        const options: Options = {
          url: ldaps,
          baseDn,
          group: { rule: "gid", gids: [Slapd.gidNumber] },
          certificateAuthorities: [authority]
        }
        expect(yield* Effect.promise(() => verifyLogin(options, "ALICE", "alice-secret"))).toEqual({
          username: "alice"
        })
        expect(yield* codeOf(verifyLogin(options, "alice", "wrong"))).toBe("ERR_LOGIN_INVALID")
        expect(yield* codeOf(verifyLogin(options, "mallory", "mallory-secret"))).toBe("ERR_LOGIN_INVALID")
        const anyone: Options = { ...options, group: { rule: "anyone" } }
        expect(yield* Effect.promise(() => verifyLogin(anyone, "mallory", "mallory-secret"))).toEqual({
          username: "mallory"
        })
        const supplementary: Options = { ...options, group: { rule: "memberOf", groups: [Slapd.groupDn] } }
        expect(yield* codeOf(verifyLogin(supplementary, "supplementary", "supplementary-secret"))).toBe("resolved")
        const { certificateAuthorities: _, ...untrusting } = options
        expect(yield* codeOf(verifyLogin(untrusting, "alice", "alice-secret"))).toBe("ERR_LOGIN_UNAVAILABLE")
      })
    )
  })
})

describe("verifyLogin", () => {
  it("rejects with the reason of the signal", async () => {
    const options: Options = { url: "ldap://127.0.0.1:1", baseDn: "dc=test", group: { rule: "anyone" } }
    const enough = new Error("enough")
    await expect(verifyLogin({ ...options, signal: AbortSignal.abort(enough) }, "a", "b")).rejects.toBe(enough)
    const controller = new AbortController()
    const silent = createServer(() => controller.abort(enough)).listen(0, "127.0.0.1")
    await once(silent, "listening")
    const url = `ldap://127.0.0.1:${(silent.address() as AddressInfo).port}`
    await expect(verifyLogin({ ...options, url, signal: controller.signal }, "a", "b")).rejects.toBe(enough)
    silent.close()
  })

  it("rejects options that cannot be used", async () => {
    const options: Options = { url: "http://x", baseDn: "", group: { rule: "gid", gids: [] } }
    await expect(verifyLogin(options, "a", "b")).rejects.toMatchObject({ code: "ERR_LOGIN_OPTIONS" })
  })
})
