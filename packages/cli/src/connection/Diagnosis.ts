/**
 * Checks everything that a crawl needs, step by step, each with a hint.
 */
import { Loopback, Names, Registry } from "@gitlab-registry-usage/core"
import { Duration, Effect, Option, Result, Stream } from "effect"
import { HttpClient, HttpClientRequest } from "effect/http"
import { lookup } from "node:dns/promises"
import { isIP } from "node:net"
import { connect, rootCertificates } from "node:tls"
import type { Connection } from "./Connection.ts"
import { httpLayer, layer } from "./RegistryConnection.ts"
import { fromRegistry, Status } from "../output/CommandFailure.ts"

/** The result of one step. `skipped`: not possible or not necessary; `warning`: a crawl works all the same. */
export interface Finding {
  readonly check: string
  readonly state: "ok" | "warning" | "failed" | "skipped"
  readonly detail: string
  readonly hint?: string | undefined
  /** The exit status of a failure. */
  readonly status?: number | undefined
}

const ok = (check: string, detail: string): Finding => ({ check, state: "ok", detail })
const skipped = (check: string, detail: string): Finding => ({ check, state: "skipped", detail })
const failed = (check: string, status: number, detail: string, hint?: string): Finding => ({
  check,
  state: "failed",
  detail,
  hint,
  status
})

/** The code of a system error, which is shorter than its message. */
const codeOf = (cause: unknown): string =>
  cause instanceof Error ? String((cause as NodeJS.ErrnoException).code ?? cause.message) : String(cause)

const name = (what: string, url: URL): Effect.Effect<Finding> => {
  const check = `name of ${what}`
  const host = url.hostname.replace(/^\[|\]$/g, "")
  if (isIP(host) !== 0) return Effect.succeed(skipped(check, `${host} is an address`))
  return Effect.tryPromise({ try: () => lookup(host, { all: true }), catch: codeOf }).pipe(
    Effect.map((found) => ok(check, `${host} is ${found.map(({ address }) => address).join(", ")}`)),
    Effect.timeoutOrElse({ duration: "10 seconds", orElse: () => Effect.fail("no answer in 10 seconds") }),
    Effect.catch((code) =>
      Effect.succeed(
        failed(check, Status.unreachable, `${host}: ${code}`, "is the host spelt right, and does DNS know it here?")
      )
    )
  )
}

const certificate = (what: string, url: URL, authorities: string | undefined): Effect.Effect<Finding> => {
  const check = `TLS of ${what}`
  if (url.protocol !== "https:") {
    return Effect.succeed(
      Loopback.isLoopback(url)
        ? skipped(check, "http on this machine")
        : { check, state: "warning", detail: "http: everybody on the way can read the token", hint: "use https" }
    )
  }
  const port = url.port === "" ? 443 : Number(url.port)
  const servername = isIP(url.hostname) === 0 ? url.hostname : ""
  return Effect.callback<Finding>((resume) => {
    const socket = connect({
      host: url.hostname,
      port,
      servername,
      ...(authorities === undefined ? {} : { ca: [...rootCertificates, authorities] })
    })
    socket.setTimeout(10_000, () => socket.destroy(new Error("no answer in 10 seconds")))
    socket.once("secureConnect", () => {
      const { issuer, valid_to } = socket.getPeerCertificate()
      socket.destroy()
      resume(
        Effect.succeed(
          ok(
            check,
            `${socket.getProtocol() ?? "TLS"}, issued by ${issuer?.O ?? issuer?.CN ?? "?"}, valid until ${valid_to}`
          )
        )
      )
    })
    socket.once("error", (error) =>
      resume(
        Effect.succeed(
          failed(
            check,
            Status.unreachable,
            codeOf(error),
            "for an authority of your own give its certificate with --ca-file; else check host, port and firewall"
          )
        )
      )
    )
    return Effect.sync(() => socket.destroy())
  })
}

/** The registry's response to a request without credentials. */
const base = Effect.fnUntraced(function* ({ registry }: Connection) {
  const check = "registry API"
  const url = new URL("/v2/", registry)
  const client = yield* HttpClient.HttpClient
  const answer = yield* Effect.result(
    Effect.timeout(client.execute(HttpClientRequest.get(url.href)), Duration.seconds(15))
  )
  if (Result.isFailure(answer)) {
    return failed(
      check,
      Status.unreachable,
      `${url.href} does not answer`,
      "check --registry-server, the port and the firewall"
    )
  }
  const { headers, status } = answer.success
  const isRegistry = headers["docker-distribution-api-version"]?.startsWith("registry/2") === true
  const challenge = headers["www-authenticate"]
  const realm = /realm="([^"]*)"/.exec(challenge ?? "")?.[1]
  if (status === 200) return ok(check, `${url.href} answers everybody`)
  if (status === 401 && challenge !== undefined) {
    return ok(check, realm === undefined ? "wants HTTP Basic" : `tokens come from ${realm.replace(/[?#].*/, "")}`)
  }
  return failed(
    check,
    Status.unexpected,
    `${url.href} answers ${status}${isRegistry ? "" : " and does not look like a registry"}`,
    "is --registry-server the registry's own address, such as registry.example.com, and not GitLab's?"
  )
})

const ofError = (check: string, error: Registry.RegistryError): Finding => {
  const { hint, message, status } = fromRegistry(error)
  return failed(check, status, message, hint)
}

/** Signing in and listing are one request; its error shows which of them failed. */
const rights = Effect.fnUntraced(function* ({ account, scope }: Connection) {
  const registry = yield* Registry.Registry
  const who = account === undefined ? "nobody" : account.username
  const first = yield* Effect.result(Stream.runHead(Stream.filter(registry.repositories, Names.isRepositoryName)))
  if (Result.isSuccess(first)) {
    const reads = Option.match(first.success, {
      onNone: () => Effect.succeed(skipped("reading", "there is no repository to read")),
      onSome: (repository) =>
        Effect.result(Stream.runHead(registry.tags(repository))).pipe(
          Effect.map((tags) =>
            Result.isSuccess(tags) ? ok("reading", `${repository} can be read`) : ofError("reading", tags.failure)
          )
        )
    })
    return [
      ok("token", `${who} is accepted`),
      ok(
        "list of repositories",
        scope.kind === "instance" || scope.kind === "auto" ? "may be listed" : `those of ${scope.path} may be listed`
      ),
      yield* reads
    ]
  }
  const error = first.failure
  if (error.reason._tag === "Denied") {
    return [
      ok("token", `${who} is accepted`),
      {
        ...ofError("list of repositories", error),
        hint: "listing all repositories takes an administrator's token; use --scope group or project"
      },
      skipped("reading", "without a list there is nothing to read")
    ]
  }
  return [
    error.reason._tag === "Unauthorized" && account === undefined
      ? {
          ...ofError("token", error),
          hint: "no credentials were given: use --user with --token-file, or --credentials-file"
        }
      : ofError("token", error),
    skipped("list of repositories", "not without a token"),
    skipped("reading", "not without a token")
  ]
})

/** Runs all steps. After a failure the steps that depend on it are skipped. */
export const run = Effect.fnUntraced(function* (connection: Connection) {
  const { authorities, gitlab, registry } = connection
  const places: ReadonlyArray<readonly [string, URL]> = [
    ["the registry", registry],
    ...(gitlab === undefined ? [] : [["GitLab", gitlab] as const])
  ]
  const findings: Array<Finding> = []
  for (const [what, url] of places) {
    const named = yield* name(what, url)
    findings.push(named)
    findings.push(
      named.state === "failed"
        ? skipped(`TLS of ${what}`, "not without an address")
        : yield* certificate(what, url, authorities)
    )
  }
  const isReachable = findings.every(({ check, state }) => state !== "failed" || check.endsWith("GitLab"))
  const answered = isReachable
    ? yield* Effect.provide(base(connection), httpLayer(connection))
    : skipped("registry API", "not reachable")
  findings.push(answered)
  const rest =
    answered.state === "ok"
      ? yield* Effect.provide(rights(connection), layer(connection))
      : ["token", "list of repositories", "reading"].map((check) => skipped(check, "not without the registry"))
  return [...findings, ...rest]
})
