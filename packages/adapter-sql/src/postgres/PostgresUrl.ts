/**
 * The URL of a PostgreSQL database, as libpq reads it: several hosts, Unix sockets, TLS.
 *
 * Source: PostgreSQL 18, "Connection URIs" and "Parameter Key Words" of libpq.
 *
 * @since 0.1.0
 */
import { Suggestion } from "@gitlab-registry-usage/core"
import { Duration, Redacted, Result } from "effect"

/**
 * How a connection is encrypted. `disable`: it is not. `allow`, `prefer`: if the server requires or offers it. `require`:
 * always, and without `sslrootcert` with any certificate. `verify-ca`: with a certificate of a trusted authority.
 * `verify-full`: and for the name of the host.
 *
 * @category models
 * @since 0.1.0
 */
export type SslMode = (typeof sslModes)[number]

/**
 * Which of several hosts are used.
 *
 * @category models
 * @since 0.1.0
 */
export type TargetSessionAttributes = (typeof targetSessionAttributes)[number]

/**
 * A database with the ways to connect to it.
 *
 * @category models
 * @since 0.1.0
 */
export interface PostgresUrl {
  /** In the order in which they are tried. A host that begins with `/` is the directory of a Unix socket. */
  readonly hosts: ReadonlyArray<{ readonly host: string; readonly port: number }>
  readonly database: string
  readonly username: string | undefined
  readonly password: Redacted.Redacted | undefined
  readonly targetSessionAttributes: TargetSessionAttributes
  readonly sslMode: SslMode
  /** Paths of PEM files by their parameter. */
  readonly files: { readonly [File in (typeof fileParameters)[number]]?: string }
  /** The password of the key in `sslkey`. */
  readonly sslPassword: Redacted.Redacted | undefined
  readonly minimumTls: TlsVersion | undefined
  readonly maximumTls: TlsVersion | undefined
  readonly connectTimeout: Duration.Duration | undefined
  readonly applicationName: string | undefined
  /** Options for the server, such as `-c statement_timeout=5s`. */
  readonly options: string | undefined
}

const sslModes = ["disable", "allow", "prefer", "require", "verify-ca", "verify-full"] as const

const targetSessionAttributes = ["any", "read-write", "read-only", "primary", "standby", "prefer-standby"] as const

const tlsVersions = ["TLSv1.2", "TLSv1.3"] as const

type TlsVersion = (typeof tlsVersions)[number]

const fileParameters = ["sslrootcert", "sslcert", "sslkey"] as const

/** Parameters that are honoured with these values only; other parameters of libpq are refused. */
const onlyWith: Readonly<Record<string, ReadonlyArray<string>>> = {
  channel_binding: ["prefer", "disable"],
  client_encoding: ["auto", "UTF8", "utf8", "UTF-8", "utf-8"],
  gssencmode: ["prefer", "disable"],
  load_balance_hosts: ["disable"],
  replication: ["false", "off", "no", "0"],
  sslcompression: ["0"],
  sslnegotiation: ["postgres"],
  sslsni: ["1"]
}

const honoured = [
  ...["host", "port", "dbname", "user", "password", "application_name", "fallback_application_name", "options"],
  ...["connect_timeout", "target_session_attrs", "sslmode", "ssl", "sslpassword", ...fileParameters],
  ...["ssl_min_protocol_version", "ssl_max_protocol_version", ...Object.keys(onlyWith)]
]

/** What to use instead of a parameter that libpq has. */
const instead: Readonly<Record<string, string>> = {
  hostaddr: "write the address as the host",
  passfile: "put the password into a file of its own",
  service: "write its parameters into the URL",
  servicefile: "write its parameters into the URL"
}

const decoded = (text: string): string | undefined => {
  try {
    return decodeURIComponent(text)
  } catch {
    return undefined
  }
}

/** User, password, hosts, path and query. A password may contain `@` and `#`, as in libpq. */
const shape = /^postgres(?:ql)?:\/\/(?:([^/?]*)@)?([^/?@]*)(?:\/([^?]*))?(?:\?(.*))?$/is

const hostShape = /^(\[[0-9a-f:.]+(?:%[^\]]+)?\]|[^:[\]]*)(?::(\d{1,5})?)?$/i

const portOf = (text: string): number | undefined =>
  text === "" ? 5432 : /^\d{1,5}$/.test(text) && Number(text) >= 1 && Number(text) <= 65_535 ? Number(text) : undefined

/** The hosts of the authority and of the parameters, which replace them. */
const hostsOf = (
  authority: string,
  { host, port }: { readonly host?: string; readonly port?: string }
): PostgresUrl["hosts"] | string => {
  const written = authority.split(",").map((text) => hostShape.exec(text))
  if (written.includes(null)) return "a host or port is not valid"
  const names = host?.split(",") ?? written.map((match) => decoded(match![1]!) ?? "")
  const ports = port?.split(",") ?? (host === undefined ? written.map((match) => match![2] ?? "") : [""])
  if (names.some((name) => name === "")) return "it has no host; a Unix socket is written ?host=/run/postgresql"
  if (ports.length !== 1 && ports.length !== names.length) return "port must have one value, or one for each host"
  const hosts = names.map((name, index) => ({
    host: name.replace(/^\[|\]$/g, ""),
    port: portOf(ports.length === 1 ? ports[0]! : ports[index]!)
  }))
  if (hosts.some(({ port }) => port === undefined)) return "a port is not a number from 1 to 65535"
  return hosts as PostgresUrl["hosts"]
}

/** The parameters by name, the last of a name, and the problems of their names. */
const parametersOf = (query: string) => {
  const parameters = new Map<string, string>()
  const problems: Array<string> = []
  for (const part of query.split("&").filter((part) => part !== "")) {
    const [name = "", text = ""] = part.split(/=(.*)/s)
    const value = decoded(text)
    // A name of another shape may be a part of a password.
    const shown = /^[a-z][a-z_]{0,40}$/i.test(name) ? `the parameter ${name}` : "a parameter"
    if (!honoured.includes(name)) {
      const advice = instead[name] === undefined ? Suggestion.didYouMean(name, honoured) : `; ${instead[name]}`
      problems.push(`${shown} is not supported${advice}`)
    } else if (value === undefined) {
      problems.push(`${shown} has a % that does not begin an encoded character`)
    } else if (onlyWith[name]?.includes(value) === false) {
      problems.push(`${shown} is supported with ${onlyWith[name].join(", ")} only`)
    } else {
      parameters.set(name, value)
    }
  }
  return { parameters, problems }
}

/**
 * The parts of the URL, or all its problems. No problem quotes a value, which may be a secret in the wrong place.
 *
 * @category parsing
 * @since 0.1.0
 */
export const parse = (url: Redacted.Redacted): Result.Result<PostgresUrl, ReadonlyArray<string>> => {
  const [matches, account, authority = "", path, query = ""] = shape.exec(Redacted.value(url).trim()) ?? []
  const { parameters, problems } = parametersOf(query)
  const hosts = hostsOf(authority, {
    ...(parameters.has("host") ? { host: parameters.get("host")! } : {}),
    ...(parameters.has("port") ? { port: parameters.get("port")! } : {})
  })
  const database = parameters.get("dbname") ?? decoded(path ?? "")
  if (matches === undefined || !database || typeof hosts === "string") {
    const example =
      "accepted: a URL such as postgres://user:password@host:5432/database, with %2F for / and %3F for ? in the password"
    const why = matches === undefined ? "" : typeof hosts === "string" ? `; ${hosts}` : "; it has no name of a database"
    return Result.fail([`${example}${why}`])
  }
  const oneOf = <const Value extends string>(name: string, values: ReadonlyArray<Value>): Value | undefined => {
    const text = parameters.get(name)
    if (text === undefined || values.includes(text as Value)) return text as Value | undefined
    problems.push(`the parameter ${name} must be one of ${values.join(", ")}`)
    return undefined
  }
  const secret = (text: string | undefined) => (text === undefined ? undefined : Redacted.make(text))
  const [user, password] = account?.split(/:(.*)/s) ?? []
  const username = parameters.get("user") ?? decoded(user ?? "")
  const given = parameters.get("password") ?? decoded(password ?? "")
  if (username === undefined || given === undefined) {
    problems.push(
      "the user or password has a % that does not begin an encoded character; a percent sign is written %25"
    )
  }
  const sockets = hosts.every(({ host }) => host.startsWith("/"))
  const withTls = parameters.get("ssl") === undefined ? undefined : oneOf("ssl", ["true"]) && ("require" as const)
  const files = Object.fromEntries(
    fileParameters.flatMap((name) => (parameters.get(name) ? [[name, parameters.get(name)!]] : []))
  )
  const sslMode =
    oneOf("sslmode", sslModes) ?? withTls ?? (files["sslrootcert"] === "system" ? "verify-full" : "prefer")
  if (files["sslrootcert"] === "system" && sslMode !== "verify-full") {
    problems.push("sslrootcert=system needs sslmode=verify-full")
  }
  if (["disable", "allow", "prefer"].includes(sslMode) && files["sslrootcert"] !== undefined && !sockets) {
    problems.push(`sslrootcert has no use with sslmode=${sslMode}; use sslmode=verify-full`)
  }
  if ((files["sslcert"] === undefined) !== (files["sslkey"] === undefined)) {
    problems.push("sslcert and sslkey belong together: the client's certificate and its key")
  }
  const seconds = parameters.get("connect_timeout")
  if (seconds !== undefined && !/^\d{1,6}$/.test(seconds)) {
    problems.push("the parameter connect_timeout must be a number of seconds")
  }
  const result: PostgresUrl = {
    hosts,
    database,
    username: username || undefined,
    password: secret(given || undefined),
    targetSessionAttributes: oneOf("target_session_attrs", targetSessionAttributes) ?? "any",
    sslMode,
    files,
    sslPassword: secret(parameters.get("sslpassword")),
    minimumTls: oneOf("ssl_min_protocol_version", tlsVersions),
    maximumTls: oneOf("ssl_max_protocol_version", tlsVersions),
    // As in libpq, 0 means no limit.
    connectTimeout: Number(seconds ?? 0) > 0 ? Duration.seconds(Number(seconds)) : undefined,
    applicationName: parameters.get("application_name") ?? parameters.get("fallback_application_name"),
    options: parameters.get("options")
  }
  return problems.length > 0 ? Result.fail(problems) : Result.succeed(result)
}

const formatHost = ({ host, port }: PostgresUrl["hosts"][number]): string =>
  host.startsWith("/") ? host : `${host.includes(":") ? `[${host}]` : host}:${port}`

/**
 * The user, hosts and database, without password and parameters, for messages.
 *
 * @category rendering
 * @since 0.1.0
 */
export const format = ({ database, hosts, username }: PostgresUrl): string =>
  `postgres://${username === undefined ? "" : `${username}@`}${hosts.map(formatHost).join(",")}/${database}`
