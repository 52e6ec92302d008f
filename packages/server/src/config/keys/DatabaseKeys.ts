/**
 * The section [database]: where snapshots and their history are kept.
 *
 * @since 0.1.0
 */
import { optional, withDefault } from "./ConfigKey.ts"
import { duration, path, secret, size } from "./ConfigValue.ts"

/**
 * @category keys
 * @since 0.1.0
 */
export const databaseKeys = {
  path: optional(
    path,
    "usage.sqlite in the directory of STATE_DIRECTORY, which systemd and the container images set; without that and without url or [general] snapshot_file in memory, forgotten when the server stops",
    "The SQLite file that keeps the snapshots and their history. Its directory must be writable. It is for one server."
  ),
  url: optional(
    secret,
    "the file of path",
    "The PostgreSQL database that keeps the snapshots and their history instead, for one server or for several replicas, of which one crawls: postgres://user:password@host:5432/database?sslmode=verify-full."
  ),
  lease: withDefault(
    duration("1 second"),
    "15 seconds",
    "How long a replica that is not heard of stays the one that crawls; then another takes over. All replicas need the same."
  ),
  keep_hourly: withDefault(
    duration("0 seconds"),
    "30 days",
    "For how long the last snapshot of each hour is kept. All of the last two hours are."
  ),
  keep_daily: withDefault(
    duration("0 seconds"),
    "730 days",
    "For how long the last snapshot of each day (UTC) is kept."
  ),
  capacity: optional(
    size,
    "/growth tells no day",
    "The size of the disk that holds the registry, such as 2TB: /growth tells when it is full, if the registry goes on growing as it does."
  )
} as const
