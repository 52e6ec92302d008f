/** Where snapshots are stored: the rules over [database] and [general]. */
import { Loopback } from "@gitlab-registry-usage/core"
import { type Duration, Option, Redacted } from "effect"
import type { Findings } from "../source/ConfigDecoding.ts"
import type { Settings } from "../keys/ConfigKeys.ts"

/**
 * Where snapshots are stored: in a database with their history, or the latest one in a file. `takeOver` is a file whose
 * snapshot is copied into a database without snapshots.
 */
export type StoreConfig =
  | { readonly _tag: "File"; readonly path: string }
  | { readonly _tag: "Sqlite"; readonly path: string; readonly takeOver: string | undefined }
  | {
      readonly _tag: "Postgres"
      readonly url: Redacted.Redacted
      readonly lease: Duration.Duration
      readonly takeOver: string | undefined
    }

const checkUrl = (text: Redacted.Redacted, found: Findings) => {
  const url = Option.getOrUndefined(Option.liftThrowable((text: string) => new URL(text))(Redacted.value(text)))
  if (url === undefined || !/^postgres(?:ql)?:$/.test(url.protocol) || url.hostname === "" || url.pathname.length < 2) {
    found.problem(
      "database",
      "url",
      "is not valid; accepted: a URL such as postgres://user:password@host:5432/database"
    )
    return
  }
  const mode = url.searchParams.get("sslmode")
  if (!Loopback.isLoopback(url) && (mode === null || !["require", "verify-ca", "verify-full"].includes(mode))) {
    found.warning(
      "[database] url has no sslmode=verify-full: the password of the database and all names of projects may be read on the way"
    )
  }
}

/** The store of the decoded keys. Contradictions become findings. */
export const storeConfig = (
  { lease, path, url }: Settings["database"],
  { snapshot_file: file }: Settings["general"],
  found: Findings
): StoreConfig => {
  if (url !== undefined) {
    if (path !== undefined) found.problem("database", "path", "url is set as well; keep one of the two")
    checkUrl(url, found)
    return { _tag: "Postgres", url, lease, takeOver: file }
  }
  if (path !== undefined) return { _tag: "Sqlite", path, takeOver: file }
  if (file !== undefined) return { _tag: "File", path: file }
  return { _tag: "Sqlite", path: ":memory:", takeOver: undefined }
}
