/**
 * The server as a whole.
 *
 * @since 0.1.0
 */
import { Effect } from "effect"
import type { ServerConfig } from "./config/ServerConfig.ts"

/**
 * Serves until it is interrupted.
 *
 * @category programs
 * @since 0.1.0
 */
export const main = (config: ServerConfig): Effect.Effect<never> =>
  Effect.andThen(Effect.logInfo(`would listen on ${config.http.host}:${config.http.port}`), Effect.never)
