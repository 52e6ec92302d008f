/** Revokes all tokens of a deployment. It runs as a separate process. */
import { Revocation } from "@gitlab-registry-usage/core"
import { Console, DateTime, Effect, Runtime, Schema } from "effect"
import type { ServerConfig } from "./config/options/ServerConfig.ts"
import * as Stores from "./stores/Stores.ts"

/** The servers share no database, so they would not learn of the revocation. */
export class NothingShared extends Schema.TaggedError<NothingShared>()("NothingShared", {}) {
  override readonly [Runtime.errorExitCode] = 2
  override readonly [Runtime.errorReported] = false
  override get message(): string {
    return "the servers share no database: set path or url in [database], or set not_before in [jwt] and restart them"
  }
}

/** Revokes the tokens that were issued until now: all servers that share the database refuse them within a second. */
export const revokeAll = Effect.fnUntraced(function* (config: ServerConfig) {
  const { store } = config
  if (store._tag === "File" || (store._tag === "Sqlite" && store.path === ":memory:")) return yield* new NothingShared()
  yield* Effect.gen(function* () {
    const revocation = yield* Revocation.Revocation
    const now = yield* DateTime.now
    yield* revocation.revoke(now)
    yield* Console.log(`tokens that were issued until ${DateTime.formatIso(now)} are refused`)
  }).pipe(Effect.provide(Stores.layer(config)))
})
