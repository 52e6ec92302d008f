/**
 * GitLab's REST API, as far as it lists repositories of container registries.
 *
 * Source: GitLab, "Container registry API"; "REST API", "Pagination" and "Authentication".
 */
import { Registry, type Secret } from "@gitlab-registry-usage/core"
import { Effect, Redacted, Result, Schema, Stream } from "effect"
import * as Credentials from "../auth/Credentials.ts"
import type { HttpExchange, HttpRequest } from "../transport/HttpExchange.ts"
import { nextPage } from "../distribution/Link.ts"
import { isConfidential, resolve, withoutSecrets } from "../transport/RequestUrl.ts"
import * as Pages from "../distribution/Pages.ts"
import { decodeJson, type HttpResponse } from "../transport/HttpResponse.ts"

/**
 * The identity of the requests: an access token of a user, group or project, or the token of a CI/CD job, which sees its own project alone.
 */
export interface ApiToken {
  readonly header: "PRIVATE-TOKEN" | "JOB-TOKEN"
  readonly token: Secret.Secret
}

export type GitLabApi = Effect.Success<ReturnType<typeof make>>

const decodeRepositories = decodeJson(Schema.Array(Schema.Unknown), "the list of repositories")

/** GitLab gives every refusal as JSON with one of these texts; other servers have pages or other fields. */
const decodeRefusal = decodeJson(
  Schema.Union([Schema.Struct({ message: Schema.Unknown }), Schema.Struct({ error: Schema.String })]),
  "the refusal"
)

const isRepository = Schema.is(Schema.Struct({ path: Schema.String }))

const pathOf = (entry: unknown): string => (isRepository(entry) ? entry.path : Pages.noName(entry))

/** A path or number of GitLab's; nothing else may get into a URL. */
const isId = (id: string): boolean =>
  id.split("/").every((name) => /^[A-Za-z0-9_](?:[A-Za-z0-9_.-]*[A-Za-z0-9_-])?$/.test(name))

/** The largest page that GitLab gives. */
const pageSize = ["per_page", "100"] as const

/** The next page by `Link`, or by `X-Next-Page` of pages by offset where a proxy has dropped the `Link`. */
const following = (url: URL, { headers }: HttpResponse): ReturnType<typeof nextPage> => {
  const number = headers["x-next-page"] ?? ""
  if (headers["link"] !== undefined || !/^\d{1,9}$/.test(number)) return nextPage(url, headers["link"])
  const next = new URL(url)
  next.searchParams.set("page", number)
  return Result.succeed(next)
}

/**
 * The API of the GitLab at `url`. The token is sent to its origin only, in a header, and no redirect is followed. After a
 * refusal of the token no request is sent for five minutes.
 */
export const make = Effect.fnUntraced(function* (options: {
  readonly url: URL
  readonly token: ApiToken | undefined
  readonly exchange: HttpExchange
  readonly limits: Pages.Limits
}) {
  const { exchange, limits, token, url } = options
  const attempts = yield* Credentials.make(token === undefined ? undefined : { username: "", token: token.token })
  const refusals = {
    401: [
      Registry.Unauthorized,
      token === undefined ? "it wants a token" : "the token is refused, or may not ask this"
    ],
    403: [Registry.Denied, "does the token have the scope read_api?"],
    404: [Registry.NotFound, "there is none that the token may see"]
  } as const
  const isRefusal = (status: number): status is keyof typeof refusals => status in refusals

  const send = Effect.fnUntraced(function* (request: HttpRequest) {
    const current = attempts.token
    const authentication =
      token === undefined || current === undefined ? {} : { [token.header.toLowerCase()]: Redacted.value(current) }
    const response = yield* exchange.send({ ...request, headers: { ...request.headers, ...authentication } })
    const { from, status } = response
    if (!isRefusal(status)) return response
    if (status === 404 && Result.isFailure(decodeRefusal(response))) {
      return yield* new Registry.Malformed({
        detail: `${from} answered 404, but not as GitLab does: is the URL right?`,
        status
      })
    }
    const [Reason, why] = refusals[status]
    return yield* new Reason({ detail: `${from} answered ${status}: ${why}`, status })
  })

  /** Why no request may be sent. */
  const check = (kind: "groups" | "projects", id: string) => {
    if (!isId(id)) return new Registry.NotFound({ detail: "not the path or number of a group or project" })
    if (token !== undefined && !isConfidential(url)) {
      return new Registry.Unsafe({ detail: `${withoutSecrets(url)} gets no token, as it is not reached over https` })
    }
    return kind === "groups" && token?.header === "JOB-TOKEN"
      ? new Registry.Unsupported({ detail: "the token of a job sees its own project, and no group" })
      : undefined
  }

  return {
    /**
     * The repositories of a group with its subgroups, or of a project, by path or number. `NotFound` where there is none
     * that the token may see, `Denied` where the token may not use the API, `Unauthorized` where it is none (any more).
     */
    repositories: (kind: "groups" | "projects", id: string) => {
      const problem = check(kind, id)
      if (problem !== undefined) return Stream.fail(problem)
      return Pages.entries({
        first: resolve(url, `api/v4/${kind}/${encodeURIComponent(id)}/registry/repositories`),
        send: (request) => attempts.login(send(request)),
        decode: (response) =>
          decodeRepositories(response).pipe(
            Result.flatMap((listed) => Pages.entriesOf(listed, isRepository)),
            Result.map((listed) => listed.map(pathOf))
          ),
        key: (name) => name,
        limits,
        size: pageSize,
        next: following
      })
    }
  }
})
