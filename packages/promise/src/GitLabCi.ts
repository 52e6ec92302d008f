/**
 * The registry of a GitLab job.
 *
 * Source: GitLab, "Predefined CI/CD variables reference".
 */
import { Loopback } from "@gitlab-registry-usage/core"
import type { CollectOptions } from "./Collect.ts"
import * as Options from "./Options.ts"

/** The user of every job's token. */
const jobUser = "gitlab-ci-token"

/** The address of a host: https, on this machine http, as in Docker. */
const addressOf = (host: string): string =>
  URL.canParse(`http://${host}`) && Loopback.isLoopback(new URL(`http://${host}`))
    ? `http://${host}`
    : `https://${host}`

/**
 * The options of `collect` from the predefined variables of a GitLab job: the instance's registry and GitLab, and the
 * images of the job's project, read with the job's own token. With `GITLAB_REGISTRY_USAGE_TOKEN` (and
 * `GITLAB_REGISTRY_USAGE_USER`, default `root`) that token is used instead, and everything that it may list is read, or
 * else the project. Throws `ERR_OPTION_INVALID` where `CI_REGISTRY` is not set, as in a project without a registry.
 *
 * @category options
 * @since 0.1.0
 */
export const gitlabCi = (environment: Readonly<Record<string, string | undefined>> = process.env): CollectOptions => {
  // A variable that is empty counts as not set, as in GitLab.
  const variable = (name: string) => environment[name]?.trim() || undefined
  const registry = variable("CI_REGISTRY")
  if (registry === undefined) {
    throw Options.invalid({
      option: "CI_REGISTRY",
      message: "not set; it is in GitLab jobs of projects whose container registry is on"
    })
  }
  const image = variable("CI_REGISTRY_IMAGE")
  const project = image?.startsWith(`${registry}/`)
    ? image.slice(registry.length + 1)
    : variable("CI_PROJECT_PATH")?.toLowerCase()
  const own = variable("GITLAB_REGISTRY_USAGE_TOKEN")
  const token = own ?? variable("CI_JOB_TOKEN")
  const username = own === undefined ? jobUser : (variable("GITLAB_REGISTRY_USAGE_USER") ?? "root")
  return {
    registryUrl: addressOf(registry),
    gitlabUrl: variable("CI_SERVER_URL"),
    credentials: token === undefined ? undefined : { username, token },
    scope:
      project !== undefined && own === undefined ? { kind: "project", path: project } : { kind: "auto", path: project }
  }
}
