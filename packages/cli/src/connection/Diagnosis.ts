/**
 * Checks everything that a crawl needs, step by step, each with a hint.
 */
import { RegistryHttp } from "@gitlab-registry-usage/adapter-http"
import { Loopback, Names, Registry } from "@gitlab-registry-usage/core"
import { Duration, Effect, Option, Result, Stream } from "effect"
import { HttpClient, HttpClientRequest } from "effect/http"
import { lookup } from "node:dns/promises"
import { isIP } from "node:net"
import { connect, rootCertificates } from "node:tls"
import type { Connection } from "./Connection.ts"
import * as GitLabServer from "./GitLabServer.ts"
import { httpLayer, registryLayer } from "./RegistryConnection.ts"
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

/** The registry's response to a request without credentials; `isOpen` where it needs none. */
const base = Effect.fnUntraced(function* ({ registry }: Connection) {
  const check = "registry API"
  const closed = (finding: Finding) => ({ finding, isOpen: false })
  const url = RegistryHttp.registryPath(registry, "v2/")
  const client = yield* HttpClient.HttpClient
  const answer = yield* Effect.result(
    Effect.timeout(client.execute(HttpClientRequest.get(url.href)), Duration.seconds(15))
  )
  if (Result.isFailure(answer)) {
    return closed(
      failed(
        check,
        Status.unreachable,
        `${url.href} does not answer`,
        "check --registry-server, the port and the firewall"
      )
    )
  }
  const { headers, status } = answer.success
  const isRegistry = headers["docker-distribution-api-version"]?.startsWith("registry/2") === true
  const challenge = headers["www-authenticate"]
  const realm = /realm="([^"]*)"/.exec(challenge ?? "")?.[1]
  if (status === 200) return { finding: ok(check, `${url.href} answers everybody`), isOpen: true }
  if (status === 401 && challenge !== undefined) {
    return closed(
      ok(check, realm === undefined ? "wants HTTP Basic" : `tokens come from ${realm.replace(/[?#].*/, "")}`)
    )
  }
  return closed(
    failed(
      check,
      Status.unexpected,
      `${url.href} answers ${status}${isRegistry ? "" : " and does not look like a registry"}`,
      "is --registry-server the registry's own address, such as registry.example.com, and not GitLab's?"
    )
  )
})

/** Whether GitLab answers at the address of --gitlab-server. */
const gitlabApi = Effect.fnUntraced(function* (gitlab: URL) {
  const problem = yield* GitLabServer.problem(gitlab)
  return problem === undefined
    ? ok("GitLab API", `${gitlab.host} is a GitLab`)
    : failed("GitLab API", problem.status, problem.detail, GitLabServer.hint)
})

const ofError = (check: string, error: Registry.RegistryError): Finding => {
  const { hint, message, status } = fromRegistry(error)
  return failed(check, status, message, hint)
}

/** Whether the request has credentials: the registry's or its token service's, or GitLab's. */
const hasCredentials = ({ headers }: HttpClientRequest.HttpClientRequest): boolean =>
  headers["authorization"]?.startsWith("Basic ") === true ||
  headers["private-token"] !== undefined ||
  headers["job-token"] !== undefined

/**
 * Whether the credentials were sent and accepted, by the statuses of the responses to them. `isOpen`: the registry answers
 * without any.
 */
const token = ({ account }: Connection, statuses: ReadonlyArray<number>, isOpen: boolean): Finding => {
  const check = "token"
  if (account === undefined) {
    const detail = "no credentials: reading is anonymous, and private repositories are not seen"
    return { check, state: "warning", detail, hint: "use --user with --token-file, or --credentials-file" }
  }
  const { username } = account
  const anonymous = isOpen ? "; without credentials the registry answers too" : ""
  if (isOpen && statuses.includes(401)) return failed(check, Status.denied, `${username} is refused${anonymous}`)
  if (statuses.some((status) => status < 400)) return ok(check, `${username} is accepted${anonymous}`)
  return statuses.length === 0
    ? failed(check, Status.denied, `${username} was not signed in: reading is anonymous`, "use https")
    : skipped(check, `whether ${username} is accepted is unknown: the answer was ${statuses.at(-1)}`)
}

/** Signing in and listing are one request; its error shows which of them failed. */
const rights = Effect.fnUntraced(function* (connection: Connection, statuses: ReadonlyArray<number>, isOpen: boolean) {
  const registry = yield* Registry.Registry
  const { account, scope } = connection
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
    const reading = yield* reads
    return [
      token(connection, statuses, isOpen),
      ok(
        "list of repositories",
        scope.kind === "instance" || scope.kind === "auto" ? "may be listed" : `those of ${scope.path} may be listed`
      ),
      reading
    ]
  }
  const error = first.failure
  const { _tag } = error.reason
  if (_tag !== "Unauthorized" && _tag !== "Unsafe") {
    const list = ofError("list of repositories", error)
    return [
      token(connection, statuses, isOpen),
      _tag === "Denied"
        ? { ...list, hint: "listing all repositories takes an administrator's token; use --scope group or project" }
        : list,
      skipped("reading", "without a list there is nothing to read")
    ]
  }
  const refusal = ofError("token", error)
  return [
    _tag === "Unauthorized" && account === undefined
      ? { ...refusal, hint: "no credentials were given: use --user with --token-file, or --credentials-file" }
      : isOpen
        ? { ...refusal, detail: `${refusal.detail}; without credentials the registry answers` }
        : refusal,
    skipped("list of repositories", "not without a token"),
    skipped("reading", "not without a token")
  ]
})

/** The steps that read the registry. */
const reading = Effect.fnUntraced(function* (connection: Connection, isOpen: boolean) {
  const statuses: Array<number> = []
  const client = HttpClient.transform(yield* HttpClient.HttpClient, (response, request) =>
    hasCredentials(request) ? Effect.tap(response, ({ status }) => Effect.sync(() => statuses.push(status))) : response
  )
  return yield* rights(connection, statuses, isOpen).pipe(
    Effect.provide(registryLayer(connection)),
    Effect.provideService(HttpClient.HttpClient, client)
  )
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
  const isReachable = findings.every(({ check, state }) => state !== "failed" || check.endsWith("of GitLab"))
  const { finding: answered, isOpen } = isReachable
    ? yield* Effect.provide(base(connection), httpLayer(connection))
    : { finding: skipped("registry API", "not reachable"), isOpen: false }
  findings.push(answered)
  if (gitlab !== undefined) {
    findings.push(
      findings.some(({ check, state }) => state === "failed" && check.endsWith("of GitLab"))
        ? skipped("GitLab API", "not reachable")
        : yield* Effect.provide(gitlabApi(gitlab), httpLayer(connection))
    )
  }
  const rest =
    answered.state === "ok"
      ? yield* Effect.provide(reading(connection, isOpen), httpLayer(connection))
      : ["token", "list of repositories", "reading"].map((check) => skipped(check, "not without the registry"))
  return [...findings, ...rest]
})
