/**
 * A client of a running server that follows the links of its HAL documents.
 */
import { Effect, Redacted, Schedule, Schema } from "effect"
import { HttpClient, HttpClientRequest } from "effect/http"
import { codeOf, Status, CommandFailure, usageError } from "../output/CommandFailure.ts"
import type { Account } from "../connection/Connection.ts"

/** A token of the API, or an account that signs in to get one. */
export type Credentials =
  | { readonly _tag: "Token"; readonly token: Redacted.Redacted }
  | { readonly _tag: "Account"; readonly account: Account }

export interface Options {
  /** The address of `/` of the API. */
  readonly url: URL
  readonly credentials: Credentials
}

/** The server answered with 404; `detail` is its reason. */
export class Missing extends Schema.TaggedError<Missing>()("Missing", { detail: Schema.String }) {}

export type Parameters = Readonly<Record<string, string | undefined>>

const Link = Schema.Struct({ href: Schema.String })

/** The `_links` of a document. */
export const Links = Schema.Record(Schema.String, Schema.Union([Link, Schema.Array(Link)]))

/** The address of a link; undefined where there is none. */
export const hrefOf = (links: typeof Links.Type, name: string): string | undefined => {
  const link = links[name]
  return link === undefined || !("href" in link) ? undefined : link.href
}

/** Expands a URI template (RFC 6570) in the two forms that the server uses: `{image}` and `{?at}`. */
export const expand = (template: string, variables: Readonly<Record<string, string>>): string =>
  template.replaceAll(/\{(\??)(\w+)\}/g, (_, query: string, name: string) => {
    const value = variables[name]
    if (value === undefined) return ""
    return query === "" ? encodeURIComponent(value) : `?${name}=${encodeURIComponent(value)}`
  })

const Home = Schema.Struct({ name: Schema.Literal("GitLab Registry Usage"), _links: Links })
const Token = Schema.Struct({ auth_token: Schema.String })
const Problem = Schema.Struct({ detail: Schema.String })

/** The text of a server without control characters, which a terminal would obey. */
// oxlint-disable-next-line no-control-regex
const plain = (text: string) => text.replace(/[\u0000-\u001f\u007f-\u009f]/g, " ").slice(0, 500)

interface Response {
  /** The address without its query. */
  readonly from: string
  readonly status: number
  readonly location: string | undefined
  readonly body: string
}

/** The failure for a response that is not a document. */
const refusal = ({ body, from, location, status }: Response): CommandFailure | Missing => {
  const problem = Schema.decodeUnknownOption(Schema.fromJsonString(Problem))(body)
  const detail = problem._tag === "Some" ? plain(problem.value.detail) : `${from} answered with status ${status}`
  const stopped = (code: number, hint?: string) =>
    new CommandFailure({ status: code, message: `--api: ${detail}`, ...(hint === undefined ? {} : { hint }) })
  if (status === 404) return new Missing({ detail })
  if (status >= 300 && status < 400) {
    return usageError(`--api: ${from} is elsewhere: ${plain(location ?? "it does not say where")}`, "give that address")
  }
  if (status === 401 || status === 403) {
    return stopped(Status.denied, "check --api-token-file, GITLAB_REGISTRY_USAGE_TOKEN or --credentials-file")
  }
  if (status === 400) return stopped(Status.usage)
  if (status === 410) return stopped(Status.unexpected, "a snapshot was forgotten meanwhile: try again")
  if (status === 429 || status >= 500) return stopped(Status.unreachable, "try again later")
  return stopped(Status.unexpected)
}

const addressHint = "is --api the address of gitlab-registry-usage-rest, with its prefix if it has one?"

const notUnderstood = (from: string) =>
  new CommandFailure({
    status: Status.unexpected,
    message: `--api: ${from} is not understood`,
    hint: addressHint
  })

/** Reads `/` and signs in where necessary. Fails for a link to another server, which would receive the token. */
export const make = Effect.fnUntraced(function* ({ credentials, url }: Options) {
  const client = HttpClient.retryTransient(yield* HttpClient.HttpClient, {
    retryOn: "errors-only",
    schedule: Schedule.exponential("100 millis"),
    times: 2
  })
  const root = new URL(url.href)
  if (!root.pathname.endsWith("/")) root.pathname += "/"

  const request = Effect.fnUntraced(
    function* (
      href: string,
      parameters: Parameters,
      authorize: (request: HttpClientRequest.HttpClientRequest) => HttpClientRequest.HttpClientRequest
    ) {
      const target = URL.canParse(href, root.href) ? new URL(href, root) : undefined
      if (target === undefined || target.origin !== root.origin) {
        return yield* new CommandFailure({
          status: Status.unexpected,
          message: `--api: a link leads away from ${root.origin}`,
          hint: "the server's configuration knows under which address it is reached"
        })
      }
      for (const [name, value] of Object.entries(parameters)) {
        if (value !== undefined) target.searchParams.set(name, value)
      }
      const from = `${target.origin}${target.pathname}`
      const get = HttpClientRequest.get(target.href).pipe(
        HttpClientRequest.setHeader("accept", "application/hal+json, application/json, application/problem+json"),
        authorize
      )
      const response = yield* client.execute(get)
      const { headers, status } = response
      return { from, status, location: headers["location"], body: yield* response.text } satisfies Response
    },
    Effect.mapError((error) =>
      error._tag === "CommandFailure"
        ? error
        : new CommandFailure({
            status: Status.unreachable,
            message: `--api: ${root.origin} cannot be reached (${codeOf(error)})`,
            hint: "check --api and the network"
          })
    )
  )

  const read =
    <A>(schema: Schema.Codec<A, any>) =>
    (answer: Response): Effect.Effect<A, CommandFailure | Missing> =>
      answer.status === 200
        ? Effect.mapError(Schema.decodeUnknownEffect(Schema.fromJsonString(schema))(answer.body), () =>
            notUnderstood(answer.from)
          )
        : Effect.fail(refusal(answer))

  const required = <A>(reading: Effect.Effect<A, CommandFailure | Missing>): Effect.Effect<A, CommandFailure> =>
    Effect.catchTag(reading, "Missing", ({ detail }) => Effect.fail(usageError(`--api: ${detail}`, addressHint)))

  const home = yield* request(root.href, { links: "true" }, (request) => request).pipe(
    Effect.flatMap(read(Home)),
    required
  )

  const signIn = ({ token, username }: Account) =>
    request(hrefOf(home._links, "token") ?? "auth_token", {}, HttpClientRequest.basicAuth(username, token)).pipe(
      Effect.flatMap(read(Token)),
      required,
      Effect.map(({ auth_token }) => Redacted.make(auth_token))
    )
  const token = credentials._tag === "Token" ? credentials.token : yield* signIn(credentials.account)

  return {
    /** The links of `/`. */
    links: home._links,
    /** Reads a document. Fails with `Missing` for 404. */
    get: <A>(schema: Schema.Codec<A, any>, href: string, parameters: Parameters = {}) =>
      Effect.flatMap(request(href, parameters, HttpClientRequest.bearerToken(token)), read(schema))
  }
})

export type HalClient = Effect.Success<ReturnType<typeof make>>
