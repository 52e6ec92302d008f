// A program without Effect on the published packages.
import { issueToken, TokenFailure, verifyToken } from "@gitlab-registry-usage/adapter-jwt/promise"
import { LoginFailure, verifyLogin } from "@gitlab-registry-usage/adapter-ldap/promise"
import {
  checkBudget,
  collect,
  type CollectOptions,
  diff,
  measure,
  type Progress,
  RegistryUsageError,
  type Report,
  sizeOf
} from "@gitlab-registry-usage/promise"
import { serve, stored } from "./registry.js"

/** The error of a rejected promise. */
const rejection = async (promise: Promise<unknown>): Promise<unknown> =>
  promise.then(
    () => undefined,
    (error: unknown) => error
  )

const check = (title: string, holds: boolean) => console.log(`${title}: ${holds ? "yes" : "NO"}`)

const registry = await serve()
const seen: Array<Progress> = []
const options: CollectOptions = { registryUrl: registry.url, onProgress: (progress) => seen.push(progress) }
const scan: Uint8Array = await collect(options)
const report: Report = await measure(scan)
check("measured", report.total?.diskSize === stored && report.repositories[0]?.tags[0]?.name === "latest")
check("progress", seen.at(-1)?.tagsDone === 1)
check("nothing changed", (await diff(scan, await collect({ ...options, previous: scan }))).length === 0)

check("one tag", (await sizeOf("group/app:latest", options)).size === stored)
check("within budget", checkBudget(report, "1 MB").state === "ok")

const enough = new Error("enough")
check("aborted", (await rejection(collect({ ...options, signal: AbortSignal.abort(enough) }))) === enough)
registry.close()

const unreachable = await rejection(collect({ registryUrl: "http://127.0.0.1:1", timeout: 1000 }))
check("unreachable", unreachable instanceof RegistryUsageError && unreachable.code === "ERR_REGISTRY_UNREACHABLE")
const unreadable = await rejection(measure(new Uint8Array(3)))
check("unreadable", unreadable instanceof RegistryUsageError && unreadable.code === "ERR_SCAN_UNREADABLE")

const tokens = { key: { secret: "a secret that is only here for a test" }, issuer: "test", audience: "test" }
const { expiresAt, token } = await issueToken(tokens, "alice")
const verified = await verifyToken(tokens, token)
check("token", verified.username === "alice" && verified.expiresAt.getTime() === expiresAt.getTime())
const forged = await rejection(verifyToken({ ...tokens, audience: "another" }, token))
check("forged", forged instanceof TokenFailure && forged.code === "ERR_TOKEN_INVALID")

const login = await rejection(
  verifyLogin({ url: "ldap://127.0.0.1:1", baseDn: "dc=test", group: { rule: "anyone" } }, "alice", "secret")
)
check("directory unavailable", login instanceof LoginFailure && login.code === "ERR_LOGIN_UNAVAILABLE")
