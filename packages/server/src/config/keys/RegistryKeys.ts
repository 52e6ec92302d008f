/**
 * The section [registry]: which registry is read, and how often.
 *
 * @since 0.1.0
 */
import { optional, required, withDefault } from "./ConfigKey.ts"
import { duration, integer, oneOf, path, read, secret, share, text, url } from "./ConfigValue.ts"

/** A path or number as GitLab has them. */
const gitlabPath = read("a path such as group/subgroup/project, or a number", (text) =>
  /^[\w](?:[\w.-]*[\w-])?(?:\/\w(?:[\w.-]*[\w-])?)*$/.test(text) ? text : undefined
)

/**
 * @category keys
 * @since 0.1.0
 */
export const registryKeys = {
  gitlab_base_url: required(
    url,
    "https://mygitlab.com/",
    "The GitLab server. It issues the registry's tokens; the access token is sent to no other host."
  ),
  registry_base_url: required(url, "https://registry.mygitlab.com/", "The container registry."),
  username: withDefault(text, "root", "Who reads the registry. Listing all repositories takes an administrator."),
  access_token: required(
    secret,
    "00000000000000000000",
    "The personal access token of username, with the scope read_registry and, to list all repositories, of an administrator."
  ),
  scope: withDefault(
    oneOf("auto", "instance", "group", "project"),
    "auto",
    "What is read. instance: all repositories, by the registry's catalog, which GitLab shows to administrators only. group, project: those of the group, with its subgroups, or of the project that scope_path names, by GitLab's REST API. auto: all, and where that is denied those of the group or project of scope_path, if it is set."
  ),
  scope_path: optional(
    gitlabPath,
    "none; scope = group and scope = project need it",
    "The group or project: its path, or its number where scope says which of the two it is."
  ),
  api_token: optional(
    secret,
    "the access_token",
    "The token for GitLab's REST API, with the scope read_api, where access_token has not that one: a deploy token, which the registry takes, is none for the API. It is sent to gitlab_base_url only."
  ),
  ca_file: optional(
    path,
    "the authorities that Node.js trusts",
    "A PEM file with the certificates of the authorities that may have issued the certificates of GitLab and the registry."
  ),
  accounting: withDefault(
    oneOf("all", "layers"),
    "all",
    "What is counted. all: everything that is stored, with manifests and configurations. layers: layers only, as the original did."
  ),
  refresh_interval: withDefault(
    duration("1 second"),
    "10 minutes",
    "From the end of one crawl to the begin of the next."
  ),
  refresh_jitter: withDefault(
    share,
    "0.1",
    "The share of refresh_interval by which it varies at random, so that several servers do not crawl at the same time."
  ),
  crawl_concurrency: withDefault(
    integer(1, 256),
    "64",
    "How many requests a crawl may have under way at the same time, at the most: it begins with few, and goes on with as many as the registry answers well."
  ),
  crawl_deadline: withDefault(duration("1 second"), "2 hours", "How long one crawl may take."),
  events_token: optional(
    secret,
    "none, and no /events",
    "The secret with which the registry tells the server what changed: POST /events with Authorization: Bearer <secret>, as an endpoint of the registry's notifications."
  ),
  request_timeout: withDefault(duration("1 second"), "30 seconds", "How long one request to the registry may take.")
} as const
