/** Connections to one of several hosts: which one, and with or without TLS. */
import { PgConnection, PgPool } from "@effect/sql-pg"
import { Effect, Exit, Predicate, Result, Scope } from "effect"
import { SqlError } from "effect/sql"
import { describeError, detected } from "../database/DatabaseFailure.ts"
import { adviceFor } from "./PostgresTls.ts"
import type { PostgresUrl, SslMode, TargetSessionAttributes } from "./PostgresUrl.ts"

/** What a server reports about itself. */
interface Role {
  readonly isStandby: boolean
  readonly isReadOnly: boolean
}

type Accepts = (role: Role) => boolean

/** What is looked for, one after the other. Without a function every server will do. */
const wanted: Readonly<Record<TargetSessionAttributes, ReadonlyArray<Accepts | undefined>>> = {
  any: [undefined],
  "read-write": [({ isReadOnly }) => !isReadOnly],
  "read-only": [({ isReadOnly }) => isReadOnly],
  primary: [({ isStandby }) => !isStandby],
  standby: [({ isStandby }) => isStandby],
  "prefer-standby": [({ isStandby }) => isStandby, undefined]
}

/** A host, with TLS or without, and its pool. */
interface Candidate {
  readonly name: string
  readonly config: PgConnection.Config
  readonly pool: PgPool.PgPool
}

/** The TLS of connections to a host, in the order in which they are tried. No Unix socket has TLS. */
const encryptions = <Tls>(host: string, { sslMode }: PostgresUrl, tls: Tls): ReadonlyArray<Tls | false> => {
  if (host.startsWith("/") || sslMode === "disable") return [false]
  if (sslMode === "allow") return [false, tls]
  return sslMode === "prefer" ? [tls, false] : [tls]
}

/** The SQLSTATE of an error of the server; an error of the network has none. */
const stateOf = ({ reason: { cause } }: SqlError.SqlError): string | undefined =>
  Predicate.hasProperty(cause, "severity") && Predicate.hasProperty(cause, "code") ? String(cause.code) : undefined

/** The server is away, starts, stops or is full (classes 08, 53 and 57 of SQLSTATE), which may be over soon. */
const isPassing = (error: SqlError.SqlError) => /^(?:08|53|57)/.test(stateOf(error) ?? "08") && adviceFor(error) === ""

/** Whether the other hosts would answer the same. Access may differ by host, and without TLS (28000). */
const isDecided = (error: SqlError.SqlError) => {
  const state = stateOf(error)
  return state !== undefined && state !== "28000" && !isPassing(error)
}

/** The server is a standby, or its database is read-only. */
export const refusesWrites = (error: SqlError.SqlError): boolean => stateOf(error) === "25006"

/** Whether the server offers no TLS, though it is not required. */
const isWithoutTls = (error: SqlError.SqlError, sslMode: SslMode) =>
  (sslMode === "prefer" || sslMode === "allow") && error.message.includes("Server refused TLS")

/** Whether the host does not answer at all, with TLS or without. */
const isUnreachable = ({ message, reason: { cause } }: SqlError.SqlError) =>
  Predicate.hasProperty(cause, "syscall") || message.includes("Connection timed out")

export type PostgresHosts = Effect.Success<ReturnType<typeof make>>

/**
 * The hosts of the URL. As in libpq, the first that fits is used; the next ones are tried when it fails, or when it refuses
 * writes because it is not the primary any more.
 */
export const make = Effect.fnUntraced(function* (
  { hosts, targetSessionAttributes, ...url }: PostgresUrl,
  config: Omit<PgPool.Config, "host" | "port" | "ssl">,
  tls: NonNullable<PgConnection.Config["ssl"]>
) {
  const candidates: Array<Candidate> = []
  for (const { host, port } of hosts) {
    for (const ssl of encryptions(host, { hosts, targetSessionAttributes, ...url }, tls)) {
      const own = { ...config, host, port, ssl }
      const name = host.startsWith("/") ? host : `${host}:${port}`
      candidates.push({ name, config: own, pool: yield* PgPool.make(own) })
    }
  }
  const roles = new WeakMap<PgConnection.PgConnection, Role>()
  const owners = new WeakMap<PgConnection.PgConnection, Candidate>()
  /** The choice that the last connection was made with, and the place of the candidate to begin with without one. */
  let chosen: { readonly candidate: Candidate; readonly accepts: Accepts | undefined } | undefined
  let first = 0

  const leave = (candidate: Candidate) => {
    if (chosen?.candidate !== candidate) return
    chosen = undefined
    first = candidates.indexOf(candidate) + 1
  }

  const retire = (session: PgConnection.PgConnection) => owners.get(session)?.pool.invalidate(session) ?? Effect.void

  const roleOf = Effect.fnUntraced(function* (session: PgConnection.PgConnection) {
    const known = roles.get(session)
    if (known !== undefined) return known
    const [row] = yield* session.queryValues(
      "SELECT pg_is_in_recovery(), current_setting('transaction_read_only') = 'on'",
      [],
      false
    )
    const role = { isStandby: row?.[0] === true, isReadOnly: row?.[1] === true }
    roles.set(session, role)
    return role
  })

  type Open = (candidate: Candidate) => Effect.Effect<PgConnection.PgConnection, SqlError.SqlError, Scope.Scope>

  const connect = Effect.fnUntraced(function* (open: Open, candidate: Candidate, accepts: Accepts | undefined) {
    const session = yield* open(candidate)
    owners.set(session, candidate)
    if (accepts === undefined) return session
    const role = yield* roleOf(session)
    if (accepts(role)) return session
    yield* retire(session)
    const what = role.isStandby ? "a standby" : role.isReadOnly ? "read-only" : "the primary"
    return yield* detected(
      SqlError.ConnectionError,
      `it is ${what}, but the URL has target_session_attrs=${targetSessionAttributes}`
    )
  })

  /** A connection to the chosen candidate, or else to the first that fits. */
  const choose = Effect.fnUntraced(function* (open: Open) {
    const parent = yield* Effect.scope
    const inOrder = [...candidates.slice(first), ...candidates.slice(0, first)]
    const others = wanted[targetSessionAttributes].flatMap((accepts) =>
      inOrder.map((candidate) => ({ candidate, accepts }))
    )
    const failures: Array<string> = []
    const unreachable = new Set<string>()
    let last: SqlError.SqlError | undefined
    const before = chosen
    const isBefore = ({ accepts, candidate }: (typeof others)[number]) =>
      candidate === before?.candidate && accepts === before.accepts
    for (const choice of [...others.filter(isBefore), ...others.filter((choice) => !isBefore(choice))]) {
      if (unreachable.has(choice.candidate.name)) continue
      const scope = yield* Scope.fork(parent)
      const result = yield* Effect.result(Scope.provide(connect(open, choice.candidate, choice.accepts), scope))
      if (Result.isSuccess(result)) {
        chosen = choice
        return result.success
      }
      yield* Scope.close(scope, Exit.void)
      const error = result.failure
      leave(choice.candidate)
      if (isWithoutTls(error, url.sslMode)) continue
      last = error
      if (isUnreachable(error)) unreachable.add(choice.candidate.name)
      const failure = `${choice.candidate.name}: ${describeError(error)}${adviceFor(error)}`
      if (!failures.includes(failure)) failures.push(failure)
      if (isDecided(error)) break
    }
    const Reason = last === undefined || isPassing(last) ? SqlError.ConnectionError : SqlError.UnknownError
    return yield* detected(Reason, failures.join("; "))
  })

  return {
    /** A connection of the pool, until the scope closes. */
    get: choose(({ pool }) => pool.get),
    /** A connection of its own, until the scope closes. */
    open: choose(({ config }) => PgConnection.make(config)),
    /** Removes a connection from the pool when it is returned. */
    retire,
    /** Removes a connection that refuses writes, and looks for a host that accepts them. */
    abandon: (session: PgConnection.PgConnection) =>
      Effect.suspend(() => {
        const owner = owners.get(session)
        if (owner !== undefined && ["any", "read-write", "primary"].includes(targetSessionAttributes)) leave(owner)
        return retire(session)
      })
  }
})
