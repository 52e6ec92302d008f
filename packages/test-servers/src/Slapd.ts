/**
 * Debian's OpenLDAP server with a small directory of people and groups.
 */
import * as Fs from "node:fs/promises"
import * as Path from "node:path"
import { Context, Effect, Layer, type Scope } from "effect"
import * as Certificates from "./Certificates.ts"
import { serve } from "./Program.ts"
import { freePort, run, type ServerError, temporaryDirectory } from "./Servers.ts"

/**
 * The entry of a person. `branch` is its organisational unit, by default `people`; `memberOf` is the value of that
 * attribute.
 */
export interface Person {
  readonly uid: string | ReadonlyArray<string>
  readonly password: string
  readonly gidNumber: number
  readonly branch?: "people" | "staff" | undefined
  readonly memberOf?: string | undefined
}

/**
 * The group whose members may sign in.
 */
export const gidNumber = 2000

/**
 * The suffix of the directory.
 */
export const baseDn = "dc=example,dc=test"

/**
 * The name of the group whose members may sign in.
 */
export const groupDn = `cn=registry,ou=groups,${baseDn}`

/** An account that may search in directories that permit no anonymous search. */
export const service = { dn: `cn=service,${baseDn}`, password: "service-secret" }

/** An account that may write. */
export const administrator = { dn: `cn=administrator,${baseDn}`, password: "administrator-secret" }

/**
 * All people: members of the group; `mallory`, in another group; `supplementary`, in the group by `memberUid` only;
 * `twin`, in two branches; `half-twin`, in two branches, of which one entry is in the group; and names with characters
 * that are syntax in filters and distinguished names.
 */
export const people: ReadonlyArray<Person> = [
  { uid: "alice", password: "alice-secret", gidNumber, memberOf: groupDn },
  { uid: "zoe", password: "zoë-pass:word", gidNumber },
  { uid: "paren(s)", password: "paren-secret", gidNumber },
  { uid: "star*", password: "star-secret", gidNumber },
  { uid: "back\\slash", password: "back-secret", gidNumber },
  { uid: "back\\2aslash", password: "hex-secret", gidNumber },
  { uid: 'comma, plus+ "quote" <x>;#=', password: "comma-secret", gidNumber },
  { uid: "ünal", password: "ünal-secret", gidNumber },
  { uid: ["anna", "anna.schmidt"], password: "anna-secret", gidNumber },
  { uid: "mallory", password: "mallory-secret", gidNumber: 3000 },
  { uid: "supplementary", password: "supplementary-secret", gidNumber: 3000, memberOf: groupDn },
  { uid: "twin", password: "twin-secret", gidNumber },
  { uid: "twin", password: "twin-secret", gidNumber, branch: "staff" },
  { uid: "half-twin", password: "half-secret", gidNumber },
  { uid: "half-twin", password: "other-secret", gidNumber: 3000, branch: "staff" }
]

export interface Options {
  /** The certificate of the server; a good one for `localhost` and `127.0.0.1` by default. */
  readonly certificate?: Certificates.Options | undefined
  /** Whether the server speaks TLS; it does by default. */
  readonly tls?: boolean | undefined
  /** Further lines of slapd.conf for the whole server. */
  readonly global?: ReadonlyArray<string> | undefined
  /** Further lines of slapd.conf for the database. */
  readonly database?: ReadonlyArray<string> | undefined
  /** Further entries, as LDIF. */
  readonly ldif?: string | undefined
}

/** A running server: its URLs, and the authority that signed its certificate. */
export class Slapd extends Context.Service<
  Slapd,
  {
    readonly ldap: string
    readonly ldaps: string
    readonly port: number
    readonly baseDn: string
    /** PEM of the authority that signed the server's certificate. */
    readonly authority: string
  }
>()("@gitlab-registry-usage/test-servers/Slapd") {}

const base64 = (text: string) => Buffer.from(text, "utf8").toString("base64")

/**
 * Escapes a value for a distinguished name: each byte except letters and digits becomes a hexadecimal pair (RFC 4514).
 */
const escaped = (value: string) =>
  [...Buffer.from(value, "utf8")]
    .map((byte) => String.fromCharCode(byte))
    .map((char) => (/[A-Za-z0-9]/.test(char) ? char : `\\${char.charCodeAt(0).toString(16).padStart(2, "0")}`))
    .join("")

const entry = (dn: string, attributes: Record<string, string | number | ReadonlyArray<string | number>>): string =>
  [
    `dn:: ${base64(dn)}`,
    ...Object.entries(attributes).flatMap(([name, values]) =>
      [values].flat().map((value) => `${name}:: ${base64(String(value))}`)
    ),
    ""
  ].join("\n")

const personEntry = (person: Person, index: number): string => {
  const uids = [person.uid].flat()
  return entry(`uid=${escaped(uids[0]!)},ou=${person.branch ?? "people"},${baseDn}`, {
    objectClass: ["inetOrgPerson", "posixAccount"],
    uid: uids,
    cn: uids[0]!,
    sn: "Person",
    uidNumber: 1000 + index,
    gidNumber: person.gidNumber,
    homeDirectory: "/nonexistent",
    userPassword: person.password,
    ...(person.memberOf === undefined ? {} : { memberOf: person.memberOf })
  })
}

const directory = (): string =>
  [
    entry(baseDn, { objectClass: ["dcObject", "organization"], dc: "example", o: "Example" }),
    ...["people", "staff", "groups"].map((ou) =>
      entry(`ou=${ou},${baseDn}`, { objectClass: "organizationalUnit", ou })
    ),
    entry(service.dn, {
      objectClass: ["organizationalRole", "simpleSecurityObject"],
      cn: "service",
      userPassword: service.password
    }),
    ...people.map(personEntry),
    entry(groupDn, { objectClass: "posixGroup", cn: "registry", gidNumber, memberUid: ["alice", "supplementary"] })
  ].join("\n")

const configuration = (paths: Certificates.Certificates, data: string, options: Options): string =>
  [
    ...["core", "cosine", "inetorgperson", "nis"].map((schema) => `include /etc/ldap/schema/${schema}.schema`),
    "modulepath /usr/lib/ldap",
    "moduleload back_mdb",
    "moduleload memberof",
    ...(options.tls === false
      ? []
      : [
          `TLSCACertificateFile ${paths.authority}`,
          `TLSCertificateFile ${paths.certificate}`,
          `TLSCertificateKeyFile ${paths.key}`
        ]),
    ...(options.global ?? []),
    "database mdb",
    `suffix "${baseDn}"`,
    `rootdn "${administrator.dn}"`,
    `rootpw ${administrator.password}`,
    `directory ${data}`,
    "index uid,memberUid,gidNumber eq",
    "overlay memberof",
    ...(options.database ?? []),
    ""
  ].join("\n")

/** Starts a server on free ports, which stops when the scope closes. */
export const start = Effect.fnUntraced(function* (
  options: Options = {}
): Effect.fn.Return<Slapd["Service"], ServerError, Scope.Scope> {
  const home = yield* temporaryDirectory
  const file = (name: string) => Path.join(home, name)
  const certificates = yield* Certificates.make(home, options.certificate ?? { names: "DNS:localhost,IP:127.0.0.1" })
  yield* Effect.promise(async () => {
    await Fs.mkdir(file("data"))
    await Fs.writeFile(file("slapd.conf"), configuration(certificates, file("data"), options))
    await Fs.writeFile(file("directory.ldif"), `${directory()}\n${options.ldif ?? ""}`)
  })
  yield* run("/usr/sbin/slapadd", ["-f", file("slapd.conf"), "-l", file("directory.ldif")])
  const [port, tlsPort] = yield* Effect.all([freePort, freePort])
  const urls = `ldap://127.0.0.1:${port} ldaps://127.0.0.1:${tlsPort}`
  yield* serve("/usr/sbin/slapd", ["-f", file("slapd.conf"), "-h", urls, "-d", "0"], port)
  const authority = yield* Effect.promise(() => Fs.readFile(certificates.authority, "utf8"))
  return { ldap: `ldap://localhost:${port}`, ldaps: `ldaps://localhost:${tlsPort}`, port, baseDn, authority }
})

export const layer = (options?: Options): Layer.Layer<Slapd, ServerError> => Layer.effect(Slapd, start(options))
