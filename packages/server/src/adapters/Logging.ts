/**
 * The logging of the program.
 *
 * @since 0.1.0
 */
import { Layer, Logger, References } from "effect"
import type { ServerConfig } from "../config/options/ServerConfig.ts"

/**
 * Logs on the standard error stream, in the format and from the level on that the configuration says. It replaces other
 * loggers.
 *
 * @category layers
 * @since 0.1.0
 */
export const layer = ({ log }: Pick<ServerConfig, "log">): Layer.Layer<never> =>
  Layer.mergeAll(
    Logger.layer([Logger.withConsoleError(log.format === "json" ? Logger.formatJson : Logger.formatLogFmt)]),
    Layer.succeed(References.MinimumLogLevel, log.level)
  )
