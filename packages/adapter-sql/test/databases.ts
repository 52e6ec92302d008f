import { Postgres } from "@gitlab-registry-usage/adapter-sql/postgres"
import { Postgres as Server, Servers } from "@gitlab-registry-usage/test-servers"
import { Effect, Layer, Redacted, type Scope } from "effect"
import { randomUUID } from "node:crypto"
import * as Path from "node:path"

/** Options for a schema that nobody used before. */
export const schemaOf = ({ url }: Server.Postgres["Service"]): Postgres.Options => ({
  url: Redacted.make(url),
  schema: `test ${randomUUID()}`
})

/** A file of its own. */
export const file = Effect.map(Servers.temporaryDirectory, (directory) => ({
  path: Path.join(directory, "registry.sqlite")
}))

/** A layer that is built anew each time, over a database of its own. */
export const fresh = <O, A, E>(
  options: Effect.Effect<O, never, Scope.Scope>,
  layer: (options: O) => Layer.Layer<A, E>
): Layer.Layer<A, E> => Layer.fresh(Layer.unwrap(Effect.map(options, layer)))
