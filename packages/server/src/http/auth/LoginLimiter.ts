/** Who counts how many wrong passwords are tried before there is a pause. */
import { LoginAttempts } from "@gitlab-registry-usage/core"
import { Effect, Option } from "effect"

export type Options = LoginAttempts.Options

/** The counts that replicas share, where there are such, and otherwise some of this process alone. */
export const make = (options?: Options): Effect.Effect<LoginAttempts.LoginAttempts["Service"]> =>
  Effect.map(
    Effect.serviceOption(LoginAttempts.LoginAttempts),
    Option.getOrElse(() => LoginAttempts.makeMemory(options))
  )
