import type { Postgres } from "@gitlab-registry-usage/adapter-sql/postgres"
import type { Sqlite } from "@gitlab-registry-usage/adapter-sql"
import { Leadership, type LoginAttempts, Revocation, SnapshotStore } from "@gitlab-registry-usage/core"
import {
  LeadershipTest,
  LoginAttemptsTest,
  ReplicasTest,
  RevocationTest,
  SnapshotStoreTest
} from "@gitlab-registry-usage/core/conformance"
import { Context, type Effect, type Layer, type Scope } from "effect"
import { fresh, groupOf } from "./databases.ts"

type Ports = Layer.Success<ReturnType<typeof Sqlite.layer>>
type Options = Omit<Sqlite.Options, "path"> & Omit<Postgres.Options, "url">

/** Shorter than the tests are. */
const lease = "1500 millis"

/** Everything that every port over one database does. */
export const all = <O, E>(
  name: string,
  options: Effect.Effect<O, never, Scope.Scope>,
  layer: (options: O & Options) => Layer.Layer<Ports, E>,
  { hears = true, isShared = true }: { readonly hears?: boolean; readonly isShared?: boolean } = {}
): void => {
  const plain = (options: O) => layer({ ...options, lease: undefined })
  const withLease = (options: O) => layer({ ...options, lease })
  SnapshotStoreTest.suite(`SqlSnapshotStore ${name}`, fresh(options, plain), { fences: true, keepsHistory: true })
  LoginAttemptsTest.suite(`SqlLoginAttempts ${name}`, (attempts: LoginAttempts.Options) =>
    fresh(options, (options) => layer({ ...options, attempts }))
  )
  if (!isShared) return
  LeadershipTest.suite(
    `SqlLeadership ${name}`,
    groupOf(options, withLease, (services) => Context.get(services, Leadership.Leadership)),
    { hears }
  )
  RevocationTest.suite(
    `SqlRevocation ${name}`,
    groupOf(options, plain, (services) => Context.get(services, Revocation.Revocation))
  )
  ReplicasTest.suite(
    `the ports ${name}`,
    groupOf(options, withLease, (services) => ({
      store: Context.get(services, SnapshotStore.SnapshotStore),
      leadership: Context.get(services, Leadership.Leadership)
    }))
  )
}
