/**
 * From effects to promises that reject with what a caller expects.
 */
import { Inventory, type Registry } from "@gitlab-registry-usage/core"
import { Cause, Effect, Exit } from "effect"
import { type ErrorCode, RegistryUsageError } from "./RegistryUsageError.ts"

const codes: Readonly<Record<Registry.RegistryReason["_tag"], ErrorCode>> = {
  Unreachable: "ERR_REGISTRY_UNREACHABLE",
  ServerError: "ERR_REGISTRY_SERVER_ERROR",
  Unauthorized: "ERR_REGISTRY_UNAUTHORIZED",
  Denied: "ERR_REGISTRY_DENIED",
  NotFound: "ERR_REGISTRY_NOT_FOUND",
  RateLimited: "ERR_REGISTRY_RATE_LIMITED",
  Malformed: "ERR_REGISTRY_MALFORMED",
  TooLarge: "ERR_REGISTRY_TOO_LARGE",
  Unsupported: "ERR_REGISTRY_UNSUPPORTED",
  Unsafe: "ERR_REGISTRY_UNSAFE"
}

export const ofRegistry = ({ message, reason, target }: Registry.RegistryError): RegistryUsageError =>
  new RegistryUsageError(codes[reason._tag], message, {
    target: target === "" ? undefined : target,
    status: "status" in reason ? reason.status : undefined,
    retryAfter: "retryAfter" in reason ? reason.retryAfter : undefined,
    cause: "cause" in reason ? reason.cause : undefined
  })

/** The error about something that a crawl could not read. */
export const ofGap = (gap: Inventory.Gap): RegistryUsageError => {
  const target = Inventory.gapTarget(gap)
  const code = codes[gap.reason as keyof typeof codes] ?? "ERR_REGISTRY_MALFORMED"
  return new RegistryUsageError(code, `${target}: ${gap.reason}: ${gap.detail}`, { target })
}

/** Runs an effect. Rejects with its error, with what it throws, or with the reason of the signal if that ended it. */
export const run = async <A>(effect: Effect.Effect<A, RegistryUsageError>, signal?: AbortSignal): Promise<A> => {
  signal?.throwIfAborted()
  const exit = await Effect.runPromiseExit(effect, { signal })
  if (Exit.isSuccess(exit)) return exit.value
  if (signal?.aborted === true && Cause.hasInterruptsOnly(exit.cause)) throw signal.reason
  throw Cause.squash(exit.cause)
}
