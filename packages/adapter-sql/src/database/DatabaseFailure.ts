import { SnapshotStore } from "@gitlab-registry-usage/core"
import { Cause, Duration, Effect } from "effect"
import { SqlError } from "effect/sql"

/** The message of the driver, with the message of the database if the former does not contain it. */
export const describeError = ({ message, reason: { cause } }: SqlError.SqlError): string => {
  const said = cause instanceof Error ? cause.message : ""
  return said === "" || message.includes(said) ? message : `${message}: ${said}`
}

export const storeError = (
  operation: SnapshotStore.SnapshotStoreError["operation"],
  reason: SnapshotStore.SnapshotStoreError["reason"]
) => new SnapshotStore.SnapshotStoreError({ operation, reason })

/** An error that this package detects, rather than the driver. */
export const detected = (
  Reason: typeof SqlError.ConnectionError | typeof SqlError.StatementTimeoutError | typeof SqlError.UnknownError,
  message: string
) => new SqlError.SqlError({ reason: new Reason({ message, cause: new Error(message) }) })

export const timedOut = (database: "PostgreSQL" | "SQLite", deadline: Duration.Duration) =>
  detected(SqlError.StatementTimeoutError, `${database}: no answer within ${Duration.format(deadline)}`)

/** SqlClient raises a failed rollback as a defect; the ports report it as an unavailable database. */
export const recoverSqlDefects = <A, E, R>(
  effect: Effect.Effect<A, E, R>
): Effect.Effect<A, E | SqlError.SqlError, R> =>
  Effect.catchCause(effect, (cause): Effect.Effect<never, E | SqlError.SqlError> => {
    const defect = cause.reasons.filter(Cause.isDieReason).find(({ defect }) => SqlError.isSqlError(defect))?.defect
    return defect === undefined ? Effect.failCause(cause) : Effect.fail(defect as SqlError.SqlError)
  })

/** Whether SQLite reports a damaged file, or a file that is no database: SQLITE_CORRUPT and SQLITE_NOTADB. */
export const isDamage = ({ reason: { cause } }: SqlError.SqlError): boolean => {
  const code = (cause as { readonly errno?: number } | undefined)?.errno
  return code !== undefined && ((code & 255) === 11 || (code & 255) === 26)
}
