/**
 * One connection to the directory for one sign-in. It limits the received bytes, uses StartTLS where the options require
 * it, and is destroyed with its scope.
 */
import * as Net from "node:net"
import * as Tls from "node:tls"
import type { Authentication } from "@gitlab-registry-usage/core"
import { Effect, type Scope } from "effect"
import { Client } from "ldapts"
import { describe, unavailable } from "./Failure.ts"
import type { Settings } from "./Options.ts"
import * as Reply from "./Reply.ts"

/**
 * The limit for all replies of one sign-in, which are two entries of two attributes and some references. It is small,
 * because each received chunk copies the incomplete message.
 */
const maximumReplyBytes = 65_536

/** The state of a connection that ldapts does not report. */
interface Watch {
  readonly sockets: Array<Net.Socket>
  messages: number
  bytes: number
  pending: Buffer
  fault: string | undefined
  sizeLimitExceeded: boolean
}

const ignore = () => {}

/**
 * Passes received bytes to ldapts only as complete, well-formed messages, one at a time, and destroys the socket on
 * anything else. It replaces the `data` events, because with a listener ldapts would still receive the original bytes.
 */
const guard = <S extends Net.Socket>(socket: S, watch: Watch): S => {
  watch.sockets.push(socket)
  const emit = socket.emit.bind(socket) as (event: string | symbol, ...values: Array<unknown>) => boolean
  const fail = (fault: string) => {
    watch.fault ??= fault
    socket.destroy(new Error(fault))
    return false
  }
  socket.emit = (event: string | symbol, ...values: Array<unknown>): boolean => {
    if (event !== "data") return emit(event, ...values)
    if (watch.fault !== undefined) return false
    const chunk = values[0] as Buffer
    watch.bytes += chunk.length
    if (watch.bytes > maximumReplyBytes) return fail(`sent more than ${maximumReplyBytes} bytes`)
    const replies = Reply.split(Buffer.concat([watch.pending, chunk]))
    if (replies === undefined) return fail("did not answer in LDAP")
    watch.pending = replies.rest
    watch.messages += replies.messages.length
    for (const message of replies.messages) {
      watch.sizeLimitExceeded ||= Reply.isSizeLimitExceeded(message)
      try {
        emit(event, message)
      } catch {
        // ldapts throws on the values of controls that it cannot read.
        return fail("did not answer in LDAP")
      }
    }
    return true
  }
  return socket
}

/** A new object for each connection, because ldapts modifies the options of StartTLS. */
const tlsOptions = (settings: Settings): Tls.ConnectionOptions => {
  const name = settings.serverName ?? (Net.isIP(settings.host) === 0 ? settings.host : undefined)
  return {
    host: settings.host,
    minVersion: "TLSv1.2",
    rejectUnauthorized: settings.insecureSkipVerify !== true,
    ...(name === undefined ? {} : { servername: name }),
    ...(settings.certificateAuthorities === undefined ? {} : { ca: [...settings.certificateAuthorities] })
  }
}

/**
 * The client of ldapts over our sockets. Plaintext bytes after the reply to StartTLS are refused: they could be the start
 * of a forged message that the first encrypted bytes complete.
 */
const makeClient = (settings: Settings, watch: Watch): Client => {
  const connect = (...args: Parameters<typeof Net.connect>) => guard(Net.connect(...args), watch)
  const connectTls = (...args: Parameters<typeof Tls.connect>) => {
    const raw = watch.sockets[0]
    if (raw !== undefined && (watch.messages !== 1 || watch.pending.length > 0)) {
      watch.fault ??= "sent more than a reply to StartTLS"
      throw new Error(watch.fault)
    }
    const socket = guard(Tls.connect(...args), watch)
    // ldapts listens for the end of the first socket only.
    if (raw !== undefined) socket.once("close", () => raw.destroy())
    return socket
  }
  return new Client({
    url: settings.url,
    createConnection: connect as typeof Net.connect,
    createSecureConnection: connectTls as typeof Tls.connect,
    ...(settings.transport === "tls" ? { tlsOptions: tlsOptions(settings) } : {})
  })
}

const close = (watch: Watch) => {
  for (const socket of watch.sockets) {
    socket.on("error", ignore)
    socket.destroy()
  }
}

/** A connection that is open. */
export interface Connection {
  /**
   * Runs one request. On interruption a promise of ldapts that never settles is abandoned, and the scope destroys its
   * socket.
   */
  readonly request: <A>(run: (client: Client) => Promise<A>) => Effect.Effect<A, unknown>
  /** Whether a search returned fewer entries than there are. ldapts reports it only where the request sets no limit. */
  readonly sizeLimitExceeded: () => boolean
}

/** A new connection, with StartTLS done where the options require it. */
export const open = Effect.fnUntraced(function* (
  settings: Settings
): Effect.fn.Return<Connection, Authentication.DirectoryError, Scope.Scope> {
  const [client, watch] = yield* Effect.acquireRelease(
    Effect.sync(() => {
      const watch: Watch = {
        sockets: [],
        messages: 0,
        bytes: 0,
        pending: Buffer.alloc(0),
        fault: undefined,
        sizeLimitExceeded: false
      }
      return [makeClient(settings, watch), watch] as const
    }),
    ([, watch]) => Effect.sync(() => close(watch))
  )
  const request: Connection["request"] = (run) =>
    Effect.tryPromise({ try: () => run(client), catch: (cause) => cause }).pipe(
      Effect.mapError((cause) => (watch.fault === undefined ? cause : new Error(watch.fault)))
    )
  if (settings.transport === "startTls") {
    yield* request((client) => client.startTLS(tlsOptions(settings))).pipe(
      Effect.mapError((cause) => unavailable(`StartTLS: ${describe(cause)}`))
    )
  }
  return { request, sizeLimitExceeded: () => watch.sizeLimitExceeded }
})
