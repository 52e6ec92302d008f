/**
 * The part of GitLab's REST API for container registries.
 *
 * Source: GitLab, "Container registry API".
 */
import { Effect, Redacted, Ref } from "effect"
import { HttpServerResponse } from "effect/http"
import { type Account, jobUsername } from "../auth/Account.ts"
import * as ApiLimit from "./ApiLimit.ts"
import * as ApiPage from "./ApiPage.ts"
import type { Contents, StoredRepository } from "../data/Contents.ts"
import { sizeOf } from "./GitLabMetadata.ts"
import * as Projects from "./Projects.ts"
import type { Handler, Request, Route } from "../http/Route.ts"

/** The behaviour of the API where GitLab's varies. */
export interface Behaviour {
  /** Default: by page number, unless the request selects keyset. */
  readonly paging?: ApiPage.Paging | undefined
  /** Whether totals are sent. Default: `true`. */
  readonly totals?: boolean | undefined
  /** Default: none. */
  readonly rateLimit?: ApiLimit.RateLimit | undefined
}

export interface Options extends Behaviour {
  /** GitLab's origin, with which links begin. */
  readonly origin: string
  readonly accounts: ReadonlyArray<Account>
  readonly contents: Ref.Ref<Contents>
  readonly metadataDatabase: boolean
}

const message = (status: number, message: string) =>
  Effect.succeed(HttpServerResponse.jsonUnsafe({ message: `${status} ${message}` }, { status }))

const holder = (accounts: ReadonlyArray<Account>, token: string, isJob: boolean): Account | undefined =>
  accounts.find(({ password, username }) => Redacted.value(password) === token && (username === jobUsername) === isJob)

const isAsked = (request: Request, parameter: string) =>
  ["true", "1", "t"].includes(request.parameters.get(parameter) ?? "")

const notFound = { groups: "Group Not Found", projects: "Project Not Found" } as const

export const routes = (options: Options): ReadonlyArray<Route> => {
  const { accounts, contents, origin } = options
  const limited = ApiLimit.make(options.rateLimit)
  const ids = Projects.ids()

  /** Authenticates by token. The token of a job only works for projects. */
  const authenticated =
    (forJobs: boolean, handle: (reader: Projects.Reader, request: Request) => ReturnType<Handler>): Handler =>
    (request) => {
      const { "job-token": job, "private-token": secret } = request.headers
      const account = secret === undefined ? undefined : holder(accounts, secret, false)
      const ofJob = job === undefined || !forJobs ? undefined : holder(accounts, job, true)
      const known = account ?? ofJob
      return limited(
        known === undefined
          ? message(401, "Unauthorized")
          : Effect.flatMap(Ref.get(contents), (contents) => handle({ account: known, contents, ids }, request))
      )
    }

  const entry = (repository: StoredRepository) => ({
    id: ids.of("repositories", repository.name),
    name: repository.name.slice(Projects.projectOf(repository.name).length + 1),
    path: repository.name,
    project_id: ids.of("projects", Projects.projectOf(repository.name)),
    location: `${new URL(origin).host}/${repository.name}`,
    created_at: "2026-01-01T00:00:00.000Z",
    cleanup_policy_started_at: null,
    status: null
  })
  const tagsCount = (request: Request, { tags }: StoredRepository) =>
    isAsked(request, "tags_count") ? { tags_count: tags.size } : {}

  const listing = (kind: "groups" | "projects"): Route => ({
    kind: "api",
    path: new RegExp(`^/api/v4/${kind}/(?<reference>.+)/registry/repositories$`),
    methods: {
      GET: authenticated(
        kind === "projects",
        Effect.fnUntraced(function* (reader, request) {
          const found = Projects.repositoriesOf(kind, request.reference ?? "", reader)
          if (found === undefined) return yield* message(404, notFound[kind])
          const { entries, headers } = ApiPage.paginate(found, request, {
            origin,
            paging: options.paging ?? "offset",
            totals: options.totals ?? true,
            id: ({ name }) => ids.of("repositories", name)
          })
          return HttpServerResponse.jsonUnsafe(
            entries.map((repository) => ({
              ...entry(repository),
              ...(kind === "projects" ? tagsCount(request, repository) : {})
            })),
            { headers }
          )
        })
      )
    }
  })

  const single: Route = {
    kind: "api",
    path: /^\/api\/v4\/registry\/repositories\/(?<reference>\d+)$/,
    methods: {
      GET: authenticated(
        true,
        Effect.fnUntraced(function* (reader, request) {
          const found = Projects.repositoryBy(request.reference ?? "", reader)
          if (found === undefined) return yield* message(404, "Not found")
          const { location } = entry(found)
          const tags = [...found.tags.keys()].map((name) => ({
            name,
            path: `${found.name}:${name}`,
            location: `${location}:${name}`
          }))
          return HttpServerResponse.jsonUnsafe({
            ...entry(found),
            ...tagsCount(request, found),
            ...(isAsked(request, "tags") ? { tags } : {}),
            ...(isAsked(request, "size") && options.metadataDatabase ? { size: sizeOf(found) } : {})
          })
        })
      )
    }
  }

  return [listing("projects"), listing("groups"), single]
}
