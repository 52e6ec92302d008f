/** The section [database]: where snapshots and their history are stored. */
import { optional, withDefault } from "./ConfigKey.ts"
import { duration, path, secret, size } from "./ConfigValue.ts"

export const databaseKeys = {
  path: optional(
    path,
    "usage.sqlite in the directory of STATE_DIRECTORY, which systemd and the container images set; without STATE_DIRECTORY, url and [general] snapshot_file, snapshots are in memory and lost when the server stops",
    "The SQLite file with the snapshots and their history, for one server. Its directory must be writable."
  ),
  url: optional(
    secret,
    "the file of path",
    "The PostgreSQL database with the snapshots and their history, for one server or for several replicas, of which one crawls: postgres://user:password@host:5432/database?sslmode=verify-full. The parameters are those of libpq; operating.md lists them. A parameter that has no effect is refused."
  ),
  password: optional(secret, "the password in url", "The password of the user in url, which then has none."),
  lease: withDefault(
    duration("1 second"),
    "15 seconds",
    "How long the leader, which crawls, keeps its role without renewing it; then another replica becomes the leader. All replicas need the same value."
  ),
  keep_hourly: withDefault(
    duration("0 seconds"),
    "30 days",
    "How long the last snapshot of each hour is stored. All snapshots of the last two hours are stored."
  ),
  keep_daily: withDefault(duration("0 seconds"), "730 days", "How long the last snapshot of each day (UTC) is stored."),
  capacity: optional(
    size,
    "no capacity is shown, and /growth has no date",
    "The size of the registry's disk, such as 2TB. With it, the page shows how much of it is used, and /growth reports when the disk is full if the growth continues."
  )
} as const
