/**
 * The failure of a command, with its exit status.
 */
import type { Registry } from "@gitlab-registry-usage/core"
import { Runtime, Schema } from "effect"

/** The exit statuses. Signals add 130 and 143. */
export const Status = {
  unexpected: 1,
  usage: 2,
  denied: 3,
  partial: 4,
  unreachable: 5,
  overBudget: 10
} as const

/** The command exits with `status`. `message` is one line; `hint` is what the user can do. */
export class CommandFailure extends Schema.TaggedError<CommandFailure>()("CommandFailure", {
  status: Schema.Int,
  message: Schema.String,
  hint: Schema.optionalKey(Schema.String)
}) {
  override readonly [Runtime.errorExitCode] = this.status
  override readonly [Runtime.errorReported] = false
}

/** Wrong usage or configuration. */
export const usageError = (message: string, hint?: string): CommandFailure =>
  new CommandFailure({ status: Status.usage, message, ...(hint === undefined ? {} : { hint }) })

const hints: Record<Registry.RegistryReason["_tag"], readonly [status: number, hint?: string]> = {
  Unauthorized: [Status.denied, "check --user and the token, which needs the scope read_registry"],
  Denied: [
    Status.denied,
    "only an administrator's token may list every repository; --scope project or group needs none; see also: doctor"
  ],
  NotFound: [Status.unexpected, "check the name; a registry also says so of what the token may not see"],
  Unreachable: [Status.unreachable, "check --registry-server and the network; see also: doctor"],
  ServerError: [Status.unreachable, "the registry fails at this request: its own log says why"],
  TooLarge: [Status.unexpected, "the registry sends more than is plausible: is it the right one?"],
  RateLimited: [Status.unreachable, "wait, or ask for less at once with --concurrency"],
  Malformed: [Status.unexpected, "is --registry-server really the registry, and not GitLab's pages? see also: doctor"],
  Unsupported: [Status.unexpected, "the registry does not offer this"],
  Unsafe: [Status.usage, "give --gitlab-server the GitLab whose token service this is, so that it may be trusted"]
}

/** What to do where GitLab's API failed, which lists a group or project. */
const gitlabHints: Partial<Record<Registry.RegistryReason["_tag"], string>> = {
  Unauthorized: "check --user and the token, which needs the scope read_api to list a group or project",
  Denied: "the token needs the scope read_api to list a group or project",
  NotFound: "check --path and --scope; GitLab also says so of what the token may not see",
  Unreachable: "check --gitlab-server and the network; see also: doctor",
  ServerError: "GitLab fails at this request: its own log says why",
  Malformed: "check --gitlab-server: it must be the address of GitLab itself; see also: doctor",
  Unsafe: "give --gitlab-server an address with https"
}

/** The failure for an error of the registry, with a hint. */
export const fromRegistry = (error: Registry.RegistryError): CommandFailure => {
  const [status, ofRegistry] = hints[error.reason._tag]
  // The registry lists everything, so a list of something is GitLab's.
  const isGitLab = error.operation === "repositories" && error.target !== ""
  const hint = (isGitLab ? gitlabHints[error.reason._tag] : undefined) ?? ofRegistry
  return new CommandFailure({ status, message: error.message, ...(hint === undefined ? {} : { hint }) })
}

const remedies: Readonly<Record<string, string>> = {
  Unauthorized: "check --user and the token, which needs the scope read_registry",
  Denied: "give the account of --user the right to read it",
  NotFound: "run again; if it stays missing, push it again or delete what refers to it",
  Unreachable: "run again; if it stays, check the network with doctor",
  ServerError: "run again; if it stays, read the registry's own log",
  RateLimited: "run again with a smaller --concurrency",
  Malformed: "push it again, or delete it: what the registry sends is damaged",
  TooLarge: "delete it if nobody needs it: it is larger than is plausible",
  Unsupported: "ask the registry's operator: it does not offer this",
  Unsafe: "use addresses with https"
} satisfies Record<Registry.RegistryReason["_tag"], string>

/** What to do about something that could not be read, by the tag of a `RegistryReason`. */
export const remedyOf = (reason: string): string => remedies[reason] ?? "run doctor"

/** The first system error code in a chain of causes. */
export const codeOf = (cause: unknown): string => {
  for (let current = cause; current instanceof Error; current = current.cause) {
    const { code } = current as { readonly code?: unknown }
    if (typeof code === "string") return code
  }
  return "no answer"
}
