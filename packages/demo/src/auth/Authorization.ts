/**
 * Checks that the token of a request permits the access.
 *
 * Sources: RFC 6750; CNCF distribution, "Token authentication".
 */
import { Effect, Option } from "effect"
import type { Access, Jwt } from "./Jwt.ts"
import { RegistryProblem } from "../http/RegistryProblem.ts"
import type { Request } from "../http/Route.ts"
import { service } from "./TokenService.ts"

/**
 * Fails with 401 and a challenge unless the request's token permits the access. Without `needed`, any valid token
 * suffices.
 */
export type Authorize = (request: Request, needed?: Access) => Effect.Effect<void, RegistryProblem>

const permits = (held: ReadonlyArray<Access>, { type, name, actions }: Access) =>
  actions.every((action) =>
    held.some(
      (access) =>
        access.type === type &&
        access.name === name &&
        (access.actions.includes(action) || access.actions.includes("*"))
    )
  )

export const make = (options: { readonly jwt: Jwt; readonly realm: string }): Authorize =>
  Effect.fnUntraced(function* (request, needed) {
    const token = /^bearer +(.*)$/i.exec(request.headers["authorization"] ?? "")?.[1]
    const claims = token === undefined ? Option.none() : yield* options.jwt.verify(token)
    if (Option.isSome(claims) && (needed === undefined || permits(claims.value.access, needed))) return

    const error = Option.isSome(claims) ? "insufficient_scope" : token === undefined ? undefined : "invalid_token"
    const challenge = [
      ["realm", options.realm],
      ["service", service],
      ["scope", needed && `${needed.type}:${needed.name}:${needed.actions.join(",")}`],
      ["error", error]
    ].flatMap(([key, value]) => (value === undefined ? [] : [`${key}="${value}"`]))
    return yield* new RegistryProblem({
      status: 401,
      code: "UNAUTHORIZED",
      message: "authentication required",
      detail: needed?.actions.map((Action) => ({ Type: needed.type, Class: "", Name: needed.name, Action })) ?? null,
      headers: { "www-authenticate": `Bearer ${challenge.join(",")}` }
    })
  })
