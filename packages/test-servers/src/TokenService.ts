/**
 * A token service like GitLab's (`/jwt/auth`) on loopback, with users and their permissions.
 *
 * Source: distribution, "Token Authentication Specification" and "Token Scope Documentation".
 */
import * as Crypto from "node:crypto"
import * as Http from "node:http"
import { Effect, type Scope } from "effect"
import { listen } from "./Servers.ts"

/**
 * A user. `grants` returns the permitted actions of a scope; with none, the token grants nothing, as GitLab's.
 */
export interface User {
  readonly password: string
  readonly grants: (type: string, name: string, actions: ReadonlyArray<string>) => ReadonlyArray<string>
}

export interface Options {
  readonly users: Readonly<Record<string, User>>
  /** The permitted actions of requests without credentials; by default such requests are refused. */
  readonly anonymous?: User["grants"] | undefined
  /** How long a token is valid, in seconds. Default 300, as in GitLab. */
  readonly life?: number | undefined
  /** PEM of the key that signs tokens, and of its certificate, which the registry trusts. */
  readonly key: string
  readonly certificate: string
}

/**
 * One entry of a token's `access`.
 */
export interface Access {
  readonly type: string
  readonly name: string
  readonly actions: ReadonlyArray<string>
}

/**
 * A running service. `requests` holds the scopes of every request in order, `refused` counts wrong credentials.
 */
export interface TokenService {
  readonly realm: string
  readonly requests: Array<ReadonlyArray<string>>
  readonly refused: () => number
  /** Issues a token for this access, without a user. */
  readonly issue: (access: ReadonlyArray<Access>) => string
  /** Changes the password of a user. */
  readonly setPassword: (username: string, password: string) => void
}

/** The names of the service and of the issuer in the registry's configuration. */
export const names = { service: "container_registry", issuer: "test-token-service" }

const base64url = (value: string | Buffer) => Buffer.from(value).toString("base64url")

/**
 * Starts a service on a free port, which stops when the scope closes.
 */
export const start = (options: Options): Effect.Effect<TokenService, never, Scope.Scope> =>
  Effect.gen(function* () {
    const key = Crypto.createPrivateKey(options.key)
    const x5c = [new Crypto.X509Certificate(options.certificate).raw.toString("base64")]
    const users = new Map(Object.entries(options.users))
    const requests: Array<ReadonlyArray<string>> = []
    let refused = 0

    const issue = (access: ReadonlyArray<Access>) => {
      const now = Math.floor(Date.now() / 1000)
      const payload = {
        iss: names.issuer,
        sub: "",
        aud: names.service,
        iat: now,
        nbf: now - 5,
        exp: now + (options.life ?? 300),
        jti: Crypto.randomUUID(),
        access
      }
      const head = base64url(JSON.stringify({ typ: "JWT", alg: "ES256", x5c }))
      const signed = `${head}.${base64url(JSON.stringify(payload))}`
      return `${signed}.${base64url(Crypto.sign("sha256", Buffer.from(signed), { key, dsaEncoding: "ieee-p1363" }))}`
    }

    const grantsOf = (authorization: string | undefined): User["grants"] | undefined => {
      if (authorization === undefined) return options.anonymous
      const [username = "", ...password] = Buffer.from(authorization.slice("Basic ".length), "base64")
        .toString("utf8")
        .split(":")
      const user = users.get(username)
      if (user !== undefined && user.password === password.join(":")) return user.grants
      refused++
      return undefined
    }

    const server = Http.createServer((request, response) => {
      const url = new URL(request.url ?? "/", "http://localhost")
      const scopes = url.searchParams.getAll("scope").flatMap((scope) => scope.split(" "))
      requests.push(scopes)
      const send = (status: number, body: unknown) =>
        response.writeHead(status, { "content-type": "application/json" }).end(JSON.stringify(body))
      const grants = grantsOf(request.headers.authorization)
      if (grants === undefined)
        return send(401, { errors: [{ code: "UNAUTHORIZED", message: "HTTP Basic: Access denied" }] })
      const access = scopes.flatMap((scope) => {
        const [type = "", name = "", actions = ""] = scope.split(":")
        const granted = grants(type, name, actions.split(","))
        return granted.length === 0 ? [] : [{ type, name, actions: granted }]
      })
      return send(200, { token: issue(access) })
    })
    const port = yield* listen(server, () => server.closeAllConnections())
    return {
      realm: `http://127.0.0.1:${port}/jwt/auth`,
      requests,
      refused: () => refused,
      issue,
      setPassword: (username, password) => {
        const user = users.get(username)
        if (user !== undefined) users.set(username, { ...user, password })
      }
    }
  })
