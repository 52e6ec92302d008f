/**
 * GitLab's token endpoint, `GET /jwt/auth`.
 *
 * Sources: GitLab, `JwtController` and `Auth::ContainerRegistryAuthenticationService`; CNCF distribution, "Token
 * authentication".
 */
import { Clock, Duration, Effect, Redacted, Ref, Result } from "effect"
import { Base64 } from "effect/encoding"
import { HttpServerResponse } from "effect/http"
import { type Account, granted } from "./Account.ts"
import type { Contents } from "../data/Contents.ts"
import type { Access, Jwt } from "./Jwt.ts"
import { RegistryProblem } from "../http/RegistryProblem.ts"
import type { Request, Route } from "../http/Route.ts"

/** The service name in challenges, which is also the audience of tokens. */
export const service = "container_registry"

export const issuer = "gitlab-issuer"

/** The longest query that Puma, GitLab's web server, accepts. */
const longestQuery = 10_240

export interface Options {
  readonly accounts: ReadonlyArray<Account>
  readonly contents: Ref.Ref<Contents>
  readonly jwt: Jwt
  readonly tokenLife: Duration.Duration
}

const denied = (status: number, code: string, message: string) => new RegistryProblem({ status, code, message })

const credentialsOf = (request: Request): readonly [string, string] | undefined => {
  const encoded = /^basic +(.*)$/i.exec(request.headers["authorization"] ?? "")?.[1]
  if (encoded === undefined) return undefined
  const text = Result.getOrElse(Base64.decodeString(encoded), () => "")
  const colon = text.indexOf(":")
  return colon < 0 ? [text, ""] : [text.slice(0, colon), text.slice(colon + 1)]
}

/**
 * Parses the one scope of a parameter. For a long time GitLab did not split scopes at spaces, so a list in one
 * parameter is no scope.
 */
const asked = (scope: string): Access => {
  const [, type = "", name = "", actions = ""] = /^([^:]*):(.*):([^:]*)$/.exec(scope) ?? []
  return { type, name, actions: actions.split(",") }
}

/**
 * Issues a token with the permitted part of the requested access. An account gets a token even if it grants nothing; an
 * anonymous client only if it grants something.
 */
export const routes = ({ accounts, contents, jwt, tokenLife }: Options): ReadonlyArray<Route> => {
  let issued = 0

  const get = Effect.fnUntraced(function* (request: Request) {
    if (request.url.length - request.url.indexOf("?") > longestQuery) {
      return HttpServerResponse.text("Bad Request", { status: 400 })
    }
    const credentials = credentialsOf(request)
    const account = accounts.find(
      ({ username, password }) => username === credentials?.[0] && Redacted.value(password) === credentials[1]
    )
    if (credentials !== undefined && account === undefined) {
      return yield* denied(401, "UNAUTHORIZED", "HTTP Basic: Access denied")
    }
    if (request.parameters.get("service") !== service) return HttpServerResponse.empty({ status: 404 })

    const now = yield* Ref.get(contents)
    const access = request.parameters
      .getAll("scope")
      .map((scope) => granted(account, now, asked(scope)))
      .filter(({ actions }) => actions.length > 0)
    if (account === undefined && access.length === 0) return yield* denied(403, "DENIED", "access forbidden")

    const seconds = Math.floor((yield* Clock.currentTimeMillis) / 1000)
    const token = yield* jwt.sign({
      iss: issuer,
      aud: service,
      sub: account?.username ?? "",
      iat: seconds,
      nbf: seconds - 5,
      exp: seconds + Math.ceil(Duration.toSeconds(tokenLife)),
      jti: `${++issued}`,
      access
    })
    return HttpServerResponse.jsonUnsafe({ token })
  })

  return [{ kind: "token", path: /^\/jwt\/auth$/, methods: { GET: get } }]
}
