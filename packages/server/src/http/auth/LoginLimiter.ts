/** The counts that limit attempts with wrong passwords. */
import { LoginAttempts } from "@gitlab-registry-usage/core"
import { Effect, Option } from "effect"

export type Options = LoginAttempts.Options

/** The counts that replicas share if there are such; otherwise counts of this process alone. */
export const make = (options?: Options): Effect.Effect<LoginAttempts.LoginAttempts["Service"]> =>
  Effect.map(
    Effect.serviceOption(LoginAttempts.LoginAttempts),
    Option.getOrElse(() => LoginAttempts.makeMemory(options))
  )
