/** The section [registry]: the registry to crawl, and how often. */
import { optional, required, withDefault } from "./ConfigKey.ts"
import { duration, integer, oneOf, path, secret, share, text, textWhere, url } from "./ConfigValue.ts"

/** The path or number of a GitLab group or project. */
const gitlabPath = textWhere("a path such as group/subgroup/project, or a number", (text) =>
  /^[\w](?:[\w.-]*[\w-])?(?:\/\w(?:[\w.-]*[\w-])?)*$/.test(text)
)

export const registryKeys = {
  gitlab_base_url: required(
    url,
    "https://mygitlab.com/",
    "The GitLab server, which issues the registry's tokens. The access token is sent to this host only."
  ),
  registry_base_url: required(url, "https://registry.mygitlab.com/", "The container registry."),
  username: withDefault(
    text,
    "root",
    "The user who reads the registry. Listing all repositories needs an administrator."
  ),
  access_token: required(
    secret,
    "00000000000000000000",
    "The personal access token of username, with the scope read_registry."
  ),
  scope: withDefault(
    oneOf("auto", "instance", "group", "project"),
    "auto",
    "What is read. instance: all repositories, from the registry's catalog, which GitLab shows to administrators only. group, project: those of the group, with its subgroups, or of the project in scope_path, from GitLab's REST API. auto: like instance, and if GitLab denies that, those of the group or project in scope_path."
  ),
  scope_path: optional(
    gitlabPath,
    "none; scope = group and scope = project need it",
    "The group or project: its path, or its number if scope is group or project."
  ),
  api_token: optional(
    secret,
    "the access_token",
    "The token for GitLab's REST API, with the scope read_api, if access_token does not have this scope. The API does not accept deploy tokens. This token is sent to gitlab_base_url only."
  ),
  ca_file: optional(
    path,
    "the authorities that Node.js trusts",
    "A PEM file with the certificates of the authorities that the server trusts for GitLab and the registry."
  ),
  accounting: withDefault(
    oneOf("all", "layers"),
    "all",
    "What is counted. all: everything that is stored, with manifests and configurations. layers: layers only, like the original."
  ),
  refresh_interval: withDefault(
    duration("1 second"),
    "10 minutes",
    "The time from the end of one crawl to the start of the next."
  ),
  refresh_jitter: withDefault(
    share,
    "0.1",
    "The share of refresh_interval by which it varies at random, so that several servers do not crawl at the same time."
  ),
  verify_interval: withDefault(
    duration("1 minute"),
    "1 day",
    "How often a crawl reads every manifest again, because the registry may have deleted some. The crawl sends as many requests as the first one. The times are the multiples of the interval since 1970-01-01 00:00 UTC, so that a restart changes none. The signal SIGUSR2 starts such a crawl at once. Every other crawl reads a tenth of the manifests again that no tag names, or all of them if they are at most 1000."
  ),
  measure_sizes: withDefault(
    integer(0, 1_000_000),
    "1000",
    "For how many blobs each crawl asks the registry for the size, the largest first, until it has asked once for each. Manifests state sizes, which may be wrong. The server stores what it has measured. /status shows how far it is."
  ),
  crawl_concurrency: withDefault(
    integer(1, 256),
    "64",
    "How many requests a crawl may send at the same time. A crawl begins with few and adds more while the registry responds well."
  ),
  crawl_deadline: withDefault(duration("1 second"), "2 hours", "How long one crawl may take."),
  events_token: optional(
    secret,
    "none, and no /events",
    "The secret of the endpoint for the registry's notifications: POST /events with Authorization: Bearer <secret>."
  ),
  request_timeout: withDefault(duration("1 second"), "30 seconds", "How long one request to the registry may take.")
} as const
