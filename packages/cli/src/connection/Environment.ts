/**
 * The environment variables: GitLab's predefined variables of a job, and those of this program.
 *
 * Source: GitLab, "Predefined CI/CD variables reference".
 */
import { Config, Effect, Option } from "effect"

const variables = {
  user: "GITLAB_REGISTRY_USAGE_USER",
  token: "GITLAB_REGISTRY_USAGE_TOKEN",
  api: "GITLAB_REGISTRY_USAGE_API",
  ci: "CI",
  gitlabServer: "CI_SERVER_URL",
  registry: "CI_REGISTRY",
  registryImage: "CI_REGISTRY_IMAGE",
  projectPath: "CI_PROJECT_PATH",
  namespace: "CI_PROJECT_NAMESPACE",
  jobToken: "CI_JOB_TOKEN",
  caFile: "CI_SERVER_TLS_CA_FILE",
  // Of the locale, in the order in which they count (POSIX).
  everyLocale: "LC_ALL",
  characterLocale: "LC_CTYPE",
  locale: "LANG"
} as const

/** The variables; undefined where one is not set or empty. */
export type Environment = { readonly [name in keyof typeof variables]: string | undefined }

const optional = (name: string) => Effect.map(Config.option(Config.String(name)), Option.getOrUndefined)

/** Reads them through the `ConfigProvider`. A failing provider is a defect. */
export const environment: Effect.Effect<Environment> = Effect.orDie(
  Effect.all(Object.fromEntries(Object.entries(variables).map(([key, name]) => [key, optional(name)])))
) as Effect.Effect<Environment>
