/**
 * The section [general]: the HTTP server and what it writes down.
 *
 * @since 0.1.0
 */
import { optional, withDefault } from "./ConfigKey.ts"
import { boolean, duration, integer, oneOf, origins, path, prefix, text } from "./ConfigValue.ts"

/**
 * @category keys
 * @since 0.1.0
 */
export const generalKeys = {
  socket_host: withDefault(
    text,
    "127.0.0.1",
    "The address to listen on; 0.0.0.0 or :: for all. TLS is a reverse proxy's task, so keep it to what the proxy reaches."
  ),
  socket_port: withDefault(integer(0, 65_535), "5000", "The TCP port to listen on; 0 takes a free one."),
  server_prefix: withDefault(
    prefix,
    "/",
    "The path under which clients reach the API. Every link begins with it, whatever the headers of a request say; a reverse proxy may pass it on or take it away."
  ),
  debug: withDefault(boolean, "no", "Logs everything that helps to find a fault: short for log_level = debug."),
  log_format: withDefault(oneOf("text", "json"), "text", "What the lines of the log look like."),
  log_level: withDefault(
    oneOf("trace", "debug", "info", "warning", "error"),
    "info",
    "The least severe messages that are logged."
  ),
  snapshot_file: optional(
    path,
    "in memory only, so that after a restart nothing is served until the first crawl has ended",
    "The file that keeps the last sizes over a restart, such as /var/lib/gitlab-registry-usage-rest/snapshot.json. Its directory must be writable."
  ),
  cors_origins: withDefault(
    origins,
    "*",
    "The origins whose pages may call the API. The default allows every page, as the original does; each call still needs a token. Empty allows none."
  ),
  max_connections: withDefault(
    integer(1, 1_000_000),
    "10000",
    "How many connections may be open at the same time; further ones are closed at once."
  ),
  shutdown_timeout: withDefault(
    duration("0 seconds"),
    "10 seconds",
    "How long requests under way may still take when the server is told to stop."
  )
} as const
