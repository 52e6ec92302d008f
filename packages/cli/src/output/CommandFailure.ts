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
  Unsafe: [Status.usage, "name the GitLab server with --gitlab-server, so that its token service may be trusted"]
}

/** The failure for an error of the registry, with a hint. */
export const fromRegistry = (error: Registry.RegistryError): CommandFailure => {
  const [status, hint] = hints[error.reason._tag]
  return new CommandFailure({ status, message: error.message, ...(hint === undefined ? {} : { hint }) })
}
