/**
 * Whether the address of --gitlab-server is that of a GitLab. A crawl of the whole registry may never need it, so a wrong
 * one would be noticed late.
 */
import { RegistryHttp } from "@gitlab-registry-usage/adapter-http"
import { Effect, Option, Schema } from "effect"
import { HttpClient, HttpClientRequest } from "effect/http"
import { codeOf, Status } from "../output/CommandFailure.ts"

/** What is wrong with the address, with the exit status of a command that needs it. */
export interface Problem {
  readonly detail: string
  readonly status: number
}

export const hint = "give --gitlab-server the address of GitLab itself, such as https://gitlab.example.com"

/** Every GitLab has this address, and answers it with a list or with a refusal in JSON. */
const path = "api/v4/projects/0/registry/repositories"

const decodeAnswer = Schema.decodeUnknownOption(
  Schema.fromJsonString(
    Schema.Union([
      Schema.Array(Schema.Unknown),
      Schema.Struct({ message: Schema.Unknown }),
      Schema.Struct({ error: Schema.String })
    ])
  )
)

/** Asks without credentials. Undefined where a GitLab answers. */
export const problem = Effect.fnUntraced(
  function* (gitlab: URL): Effect.fn.Return<Problem | undefined, unknown, HttpClient.HttpClient> {
    const base = RegistryHttp.gitlabPath(gitlab, "").href
    const response = yield* HttpClient.execute(HttpClientRequest.get(`${base}${path}`))
    const { headers, status } = response
    if (status >= 300 && status < 400) {
      const location = headers["location"] ?? "an address that it does not name"
      return { detail: `${base} redirects to ${location}`, status: Status.unexpected }
    }
    const isGitLab =
      /\bjson\b/i.test(headers["content-type"] ?? "") && Option.isSome(decodeAnswer(yield* response.text))
    return isGitLab
      ? undefined
      : { detail: `${base} answered ${status}, but not as GitLab does`, status: Status.unexpected }
  },
  Effect.timeoutOrElse({
    duration: "5 seconds",
    orElse: () => Effect.fail(new Error("no answer in 5 seconds"))
  }),
  (effect, gitlab) =>
    Effect.catch(effect, (error) =>
      Effect.succeed({ detail: `${gitlab.origin} cannot be reached (${codeOf(error)})`, status: Status.unreachable })
    )
)
