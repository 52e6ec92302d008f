/** The section [general]: the HTTP server and its logs. */
import { optional, withDefault } from "./ConfigKey.ts"
import { boolean, duration, integer, networks, oneOf, origins, path, prefix, secret, text, url } from "./ConfigValue.ts"

export const generalKeys = {
  socket_host: withDefault(
    text,
    "127.0.0.1",
    "The address to listen on; 0.0.0.0 or :: for all. Without TLS, use an address that only the reverse proxy reaches."
  ),
  socket_port: withDefault(integer(0, 65_535), "5000", "The TCP port to listen on; 0 selects a free port."),
  server_prefix: withDefault(
    prefix,
    "/",
    "The path under which clients reach the API. Every link begins with it, whatever the headers of a request say. A reverse proxy may pass the path on or remove it."
  ),
  tls_certificate_file: optional(
    path,
    "HTTP without TLS, for use behind a reverse proxy with TLS",
    "A PEM file with the server's certificate and the intermediate certificates. With it, the server uses HTTPS."
  ),
  tls_key_file: optional(
    path,
    "none; tls_certificate_file needs it",
    "A PEM file with the private key of tls_certificate_file. Only the server's user should be able to read it."
  ),
  trusted_proxies: withDefault(
    networks,
    "127.0.0.0/8, ::1",
    "The addresses of reverse proxies. From these, the server takes the client's address from X-Forwarded-For or Forwarded, for its logs and to count wrong passwords. max_connections_per_address does not limit them."
  ),
  debug: withDefault(boolean, "no", "Logs everything that helps to find an error; short for log_level = debug."),
  log_format: withDefault(oneOf("text", "json"), "text", "The format of the log."),
  log_level: withDefault(
    oneOf("trace", "debug", "info", "warning", "error"),
    "info",
    "The least severe messages that are logged."
  ),
  access_log: withDefault(
    boolean,
    "no",
    "Logs each request with its id, user, address, status and duration, but without its query."
  ),
  otlp_url: optional(
    url,
    "nothing is sent",
    "An OpenTelemetry collector, such as http://127.0.0.1:4318. The server sends logs, metrics and traces to it, as JSON over HTTP."
  ),
  health_port: optional(
    integer(0, 65_535),
    "/health/live and /health/ready are on socket_port only",
    "A separate port for /health/live and /health/ready, over HTTP, for Kubernetes and load balancers. It responds also while clients use up the connections of socket_port."
  ),
  health_host: optional(text, "the value of socket_host", "The address for health_port."),
  metrics_token: optional(
    secret,
    "/metrics accepts tokens of users only",
    "A secret that reads /metrics and nothing else, for Prometheus: Authorization: Bearer <secret>."
  ),
  metrics_host: withDefault(text, "127.0.0.1", "The address for metrics_port."),
  metrics_port: optional(
    integer(0, 65_535),
    "/metrics is on socket_port only",
    "A separate port for /metrics without a token. Everybody who reaches it can read the names of all projects."
  ),
  metrics_repositories: withDefault(
    integer(0, 1_000_000),
    "1000",
    'How many repositories have series of their own in /metrics, the largest first; the sum of the others is repository="_other".'
  ),
  metrics_tags: withDefault(boolean, "no", "Whether /metrics has series for each tag. There may be very many."),
  snapshot_file: optional(
    path,
    "none",
    "A file with the last snapshot, without history, which the server reads when it starts. With a database in [database], the server copies this snapshot into the database if that is empty."
  ),
  cors_origins: withDefault(
    origins,
    "*",
    "The origins whose pages may call the API. The default allows every page, like the original; each call still needs a token. An empty value allows none."
  ),
  sign_in_origins: optional(
    origins,
    "the value of cors_origins",
    "The origins whose pages may sign in at /auth_token. The page at /ui/ needs none. List those of your own pages: then no other page can have its visitors' browsers try passwords here."
  ),
  max_connections: withDefault(
    integer(1, 1_000_000),
    "10000",
    "How many connections may be open at the same time. The server closes further ones at once. It accepts fewer if the limit of open files (ulimit -n) is lower."
  ),
  max_connections_per_address: withDefault(
    integer(1, 1_000_000),
    "1000",
    "How many of them may come from one IPv4 address or one IPv6 network /64. trusted_proxies are not limited."
  ),
  shutdown_delay: withDefault(
    duration("0 seconds"),
    "0 seconds",
    "How long the server goes on as before after it receives a signal to stop, while /health/ready responds with 503. Choose the time in which load balancers notice that, such as 10 seconds; then no connection fails. After it, the server accepts no new connections, and shutdown_timeout begins."
  ),
  shutdown_timeout: withDefault(
    duration("0 seconds"),
    "10 seconds",
    "How long running requests may take after the server receives a signal to stop and shutdown_delay has passed."
  )
} as const
