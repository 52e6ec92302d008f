/**
 * Where the past is read: the database of a server, or a running one.
 *
 * @since 0.1.0
 */
import { Loopback } from "@gitlab-registry-usage/core"
import { Effect, Layer, Option, Redacted } from "effect"
import { Flag } from "effect/cli"
import * as Connection from "../connection/Connection.ts"
import { type Environment, environment } from "../connection/Environment.ts"
import { fileFlag } from "../connection/FlagKinds.ts"
import type { Shared } from "../connection/SharedFlags.ts"
import { usage } from "../output/CommandFailure.ts"
import type { Credentials } from "./HalClient.ts"

/**
 * @category flags
 * @since 0.1.0
 */
export const flags = {
  database: fileFlag("database").pipe(
    Flag.withDescription("The SQLite file in which a server on this machine keeps its snapshots")
  ),
  api: Flag.String("api").pipe(
    Flag.withMetavar("URL"),
    Flag.withDescription("A running server, gitlab-registry-usage-rest (or GITLAB_REGISTRY_USAGE_API)"),
    Flag.optional
  ),
  apiTokenFile: fileFlag("api-token-file").pipe(
    Flag.withDescription("A file with a token of --api (or GITLAB_REGISTRY_USAGE_TOKEN; or sign in with -c)")
  )
}

/** @category models @since 0.1.0 */
export interface Input {
  readonly database: Option.Option<string>
  readonly api: Option.Option<string>
  readonly apiTokenFile: Option.Option<string>
}

/** The flags go before the environment, and in it the token is one of the API: it is not a password. */
const credentialsOf = Effect.fnUntraced(function* (input: Input, shared: Shared, variables: Environment) {
  if (Option.isSome(input.apiTokenFile)) {
    const token = Connection.oneLine(yield* Connection.readText(input.apiTokenFile.value, "--api-token-file"))
    if (token === "") return yield* usage("--api-token-file: the file is empty")
    return { _tag: "Token", token: Redacted.make(token) } satisfies Credentials
  }
  const signsIn = Option.isSome(shared.credentialsFile) || Option.isSome(shared.tokenFile) || shared.tokenStdin
  if (variables.token !== undefined && !signsIn) {
    return { _tag: "Token", token: Redacted.make(variables.token) } satisfies Credentials
  }
  const account = yield* Connection.accountOf(shared, { ...variables, token: undefined, jobToken: undefined })
  if (account === undefined) {
    return yield* usage(
      "--api: as whom?",
      "give --api-token-file or GITLAB_REGISTRY_USAGE_TOKEN, or sign in with --credentials-file"
    )
  }
  return { _tag: "Account", account } satisfies Credentials
})

const overApi = Effect.fnUntraced(function* (address: string, input: Input, shared: Shared, variables: Environment) {
  const url = yield* Connection.url(address, "--api")
  if (url.protocol === "http:" && !Loopback.isLoopback(url)) {
    return yield* usage("--api: over http everybody on the way could read the token", "use https")
  }
  const credentials = yield* credentialsOf(input, shared, variables)
  const authorities = yield* Connection.authoritiesOf(shared, variables)
  const [{ layer }, { httpLayer }] = yield* Effect.promise(() =>
    Promise.all([import("./ApiHistory.ts"), import("../connection/RegistryConnection.ts")])
  )
  return layer({ url, credentials }).pipe(Layer.provide(httpLayer({ authorities, concurrency: shared.concurrency })))
})

const overDatabase = Effect.fnUntraced(function* (path: string, { accounting }: Shared) {
  const [{ layer: store }, { layer }] = yield* Effect.promise(() =>
    Promise.all([import("./DatabaseFile.ts"), import("./StoredHistory.ts")])
  )
  return layer.pipe(Layer.provide(store({ path, accounting })))
})

/**
 * The past that the flags name, or else the environment.
 *
 * @category layers
 * @since 0.1.0
 */
export const layer = (input: Input, shared: Shared) =>
  Layer.unwrap(
    Effect.gen(function* () {
      const variables = yield* environment
      const database = Option.getOrUndefined(input.database)
      const api = Option.getOrUndefined(input.api)
      if (database !== undefined && api !== undefined) {
        return yield* usage("both --database and --api", "earlier snapshots come from one of them")
      }
      if (database !== undefined) return yield* overDatabase(database, shared)
      const address = api ?? variables.api
      if (address === undefined) {
        return yield* usage(
          "earlier snapshots of what?",
          "give --database with the SQLite file of a server, or --api with the address of a running one"
        )
      }
      return yield* overApi(address, input, shared, variables)
    })
  )
