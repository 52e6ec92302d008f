/** Where snapshots are stored: the rules over [database] and [general]. */
import { PostgresUrl } from "@gitlab-registry-usage/adapter-sql"
import { Loopback, type Secret } from "@gitlab-registry-usage/core"
import { type Duration, Effect, type FileSystem, type Redacted, Result } from "effect"
import type { Findings } from "../source/ConfigDecoding.ts"
import { readText } from "../source/TextFile.ts"
import type { Settings } from "../keys/ConfigKeys.ts"
import { renewedSecret } from "./NamedFile.ts"

/**
 * Where snapshots are stored: in a database with their history, or the latest one in a file. `takeOver` is a file whose
 * snapshot is copied into a database without snapshots.
 *
 * @category models
 * @since 0.1.0
 */
export type StoreConfig =
  | { readonly _tag: "File"; readonly path: string }
  | { readonly _tag: "Sqlite"; readonly path: string; readonly takeOver: string | undefined }
  | {
      readonly _tag: "Postgres"
      readonly url: Secret.Secret
      readonly password: Secret.Secret | undefined
      readonly lease: Duration.Duration
      readonly takeOver: string | undefined
    }

/** What somebody on the way to the database could do, if anything. */
const riskOf = ({ files, hosts, sslMode }: PostgresUrl.PostgresUrl): string | undefined => {
  const isLocal = ({ host }: (typeof hosts)[number]) =>
    host.startsWith("/") || Loopback.isLoopback({ hostname: host.includes(":") ? `[${host}]` : host })
  if (hosts.every(isLocal) || sslMode === "verify-ca" || sslMode === "verify-full") return undefined
  if (sslMode !== "require") {
    return "has no sslmode=verify-full: the password of the database and all names of projects may be read on the way"
  }
  return files.sslrootcert === undefined
    ? "has sslmode=require without sslrootcert, so that anybody on the way can pose as the database; use sslmode=verify-full"
    : undefined
}

const checkUrl = Effect.fnUntraced(function* (
  url: Redacted.Redacted,
  password: Redacted.Redacted | undefined,
  found: Findings
) {
  const parsed = PostgresUrl.parse(url)
  if (Result.isFailure(parsed)) {
    return found.problem("database", "url", `is not valid; ${parsed.failure.join("; ")}`)
  }
  const target = parsed.success
  if (password !== undefined && target.password !== undefined) {
    found.problem("database", "password", "url has a password as well; keep one of the two")
  }
  for (const [name, path] of Object.entries(target.files)) {
    if (path === "system") continue
    const problem = (message: string) =>
      Effect.sync(() => found.problem("database", "url", `the file of ${name} ${message}`))
    yield* Effect.catch(readText(path), problem)
  }
  const risk = riskOf(target)
  if (risk !== undefined) found.warning(`[database] url ${risk}`)
})

/** The store of the decoded keys. Contradictions become findings. */
export const storeConfig = Effect.fnUntraced(function* (
  { lease, password, path, url }: Settings["database"],
  { snapshot_file: file }: Settings["general"],
  found: Findings
): Effect.fn.Return<StoreConfig, never, FileSystem.FileSystem> {
  if (url !== undefined) {
    if (path !== undefined) found.problem("database", "path", "url is set as well; keep one of the two")
    yield* checkUrl(url, password, found)
    return {
      _tag: "Postgres",
      url: yield* renewedSecret(found, "database", "url", url, (url) => Result.isSuccess(PostgresUrl.parse(url))),
      password: yield* renewedSecret(found, "database", "password", password),
      lease,
      takeOver: file
    }
  }
  if (password !== undefined) found.problem("database", "password", "has no use without url; set that, or remove it")
  if (path !== undefined) return { _tag: "Sqlite", path, takeOver: file }
  if (file !== undefined) return { _tag: "File", path: file }
  return { _tag: "Sqlite", path: ":memory:", takeOver: undefined }
})
