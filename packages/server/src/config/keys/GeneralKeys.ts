/**
 * The section [general]: the HTTP server and what it writes down.
 *
 * @since 0.1.0
 */
import { optional, withDefault } from "./ConfigKey.ts"
import { boolean, duration, integer, networks, oneOf, origins, path, prefix, secret, text, url } from "./ConfigValue.ts"

/**
 * @category keys
 * @since 0.1.0
 */
export const generalKeys = {
  socket_host: withDefault(
    text,
    "127.0.0.1",
    "The address to listen on; 0.0.0.0 or :: for all. Without TLS, keep it to what the reverse proxy reaches."
  ),
  socket_port: withDefault(integer(0, 65_535), "5000", "The TCP port to listen on; 0 takes a free one."),
  server_prefix: withDefault(
    prefix,
    "/",
    "The path under which clients reach the API. Every link begins with it, whatever the headers of a request say; a reverse proxy may pass it on or take it away."
  ),
  tls_certificate_file: optional(
    path,
    "HTTP without TLS, for a reverse proxy that has it",
    "A PEM file with the server's certificate and those between it and the authority: then the server speaks HTTPS."
  ),
  tls_key_file: optional(
    path,
    "needed with tls_certificate_file",
    "A PEM file with the private key of tls_certificate_file, readable for the server alone."
  ),
  trusted_proxies: withDefault(
    networks,
    "127.0.0.0/8, ::1",
    "The addresses of reverse proxies. What they say in X-Forwarded-For is taken for the address of the client, which counts wrong passwords and is logged."
  ),
  debug: withDefault(boolean, "no", "Logs everything that helps to find a fault: short for log_level = debug."),
  log_format: withDefault(oneOf("text", "json"), "text", "What the lines of the log look like."),
  log_level: withDefault(
    oneOf("trace", "debug", "info", "warning", "error"),
    "info",
    "The least severe messages that are logged."
  ),
  access_log: withDefault(
    boolean,
    "no",
    "Logs each request that was answered, with its id, user, address, status and duration; queries are left out."
  ),
  otlp_url: optional(
    url,
    "nothing is sent",
    "A collector of OpenTelemetry, such as http://127.0.0.1:4318: logs, metrics and traces are sent there as JSON over HTTP."
  ),
  metrics_token: optional(
    secret,
    "/metrics takes tokens of users only",
    "A secret that reads /metrics and nothing else, for Prometheus: Authorization: Bearer <secret>."
  ),
  metrics_host: withDefault(text, "127.0.0.1", "The address for metrics_port."),
  metrics_port: optional(
    integer(0, 65_535),
    "/metrics is on socket_port only",
    "A port of its own for /metrics, which asks for no token: whoever reaches it reads the names of all projects."
  ),
  metrics_repositories: withDefault(
    integer(0, 1_000_000),
    "1000",
    'How many repositories have series of their own in /metrics, the largest first; the others are summed up as repository="_other".'
  ),
  metrics_tags: withDefault(boolean, "no", "Whether /metrics has series for each tag. There may be very many."),
  snapshot_file: optional(
    path,
    "none",
    "A file that keeps the last sizes over a restart, without their history. With a database, which [database] names, its snapshot is taken over when the database is new."
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
