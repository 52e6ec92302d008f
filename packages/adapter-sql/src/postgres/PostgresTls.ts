/** TLS of connections to PostgreSQL: the options for Node, from files that may be replaced. */
import { X509Certificate } from "node:crypto"
import { readFile } from "node:fs/promises"
import { type ConnectionOptions, createSecureContext } from "node:tls"
import { Effect, Predicate, Redacted } from "effect"
import type { SqlError } from "effect/sql"
import type { PostgresUrl } from "./PostgresUrl.ts"

const codeOf = (cause: unknown) => (Predicate.hasProperty(cause, "code") ? String(cause.code) : String(cause))

/** The contents of the files that the URL names. Fails with a message that names the parameter. */
const read = Effect.fnUntraced(function* ({ files, sslPassword }: PostgresUrl) {
  const contentOf = (name: keyof PostgresUrl["files"]) => {
    const path = files[name]
    return path === undefined || path === "system"
      ? Effect.undefined
      : Effect.tryPromise({
          try: () => readFile(path, "utf8"),
          catch: (cause) => `the file of ${name} cannot be read: ${codeOf(cause)}`
        })
  }
  const [ca, cert, key] = [yield* contentOf("sslrootcert"), yield* contentOf("sslcert"), yield* contentOf("sslkey")]
  const found: ConnectionOptions = {
    ...(ca === undefined ? {} : { ca }),
    ...(cert === undefined || key === undefined ? {} : { cert, key }),
    ...(sslPassword === undefined ? {} : { passphrase: Redacted.value(sslPassword) })
  }
  yield* Effect.try({
    try: () => {
      // Node takes a text without certificates as authorities, and then trusts none.
      createSecureContext(found)
      return ca === undefined ? undefined : new X509Certificate(ca)
    },
    catch: () => "the files of sslrootcert, sslcert and sslkey are not certificates, and the key of sslcert, in PEM"
  })
  return found
})

/**
 * The options for Node, and an effect that reads the files again into them: the driver uses one object for all connections.
 * While the files cannot be used, their former content is. Fails with a message if they cannot be used at first.
 */
export const make = Effect.fnUntraced(function* (url: PostgresUrl) {
  const { files, maximumTls, minimumTls, sslMode } = url
  const hasAuthorities = files.sslrootcert !== undefined
  const verifies = sslMode === "verify-ca" || sslMode === "verify-full" || hasAuthorities
  const options: ConnectionOptions = {
    rejectUnauthorized: verifies,
    minVersion: minimumTls ?? "TLSv1.2",
    ...(maximumTls === undefined ? {} : { maxVersion: maximumTls }),
    ...(sslMode === "verify-full" ? {} : { checkServerIdentity: () => undefined }),
    ...(yield* read(url))
  }
  let problem: string | undefined
  const report = (message: string) =>
    Effect.suspend(() => {
      const isKnown = problem === message
      problem = message
      return isKnown ? Effect.void : Effect.logWarning(`the database: ${message}; the former content is used`)
    })
  const renew = read(url).pipe(
    Effect.map((found) => {
      problem = undefined
      Object.assign(options, found)
    }),
    Effect.catch(report)
  )
  return { options, renew: Object.keys(files).length === 0 ? Effect.void : renew }
})

/** What an operator can do about a failed connection, by the code or message of its cause. */
const advice: ReadonlyArray<readonly [RegExp, string]> = [
  [
    /SELF_SIGNED|UNABLE_TO_(?:VERIFY|GET_ISSUER)/,
    "sslrootcert in the URL must name a PEM file with the authority that signed the server's certificate"
  ],
  [/CERT_HAS_EXPIRED/, "renew the server's certificate"],
  [
    /ERR_TLS_CERT_ALTNAME_INVALID/,
    "the host in the URL must be a name in the server's certificate; sslmode=verify-ca does not compare it"
  ],
  [
    /does not support TLS/,
    "the server, or the pooler before it, offers no TLS; set it up there, or set sslmode in the URL to prefer or disable"
  ],
  [/certificate required|ALERT_CERTIFICATE_REQUIRED/i, "sslcert and sslkey in the URL must name a client certificate"],
  [
    /unsupported startup parameter: (?:options|extra)/,
    "remove options from the URL, or add it to ignore_startup_parameters of the pooler"
  ],
  [/channel binding|SCRAM-SHA-256-PLUS/, "the server must accept SCRAM-SHA-256 without channel binding"]
]

/** What to do about a failed connection; empty where the error says it. */
export const adviceFor = ({ message, reason: { cause } }: SqlError.SqlError): string => {
  const text = `${message} ${codeOf(cause)} ${cause instanceof Error ? cause.message : ""}`
  const found = advice.find(([pattern]) => pattern.test(text))?.[1]
  return found === undefined ? "" : `; ${found}`
}
