import type { Postgres } from "@gitlab-registry-usage/adapter-sql/postgres"
import { type Postgres as Server, Servers } from "@gitlab-registry-usage/test-servers"
import { type Context, Effect, Layer, Redacted, type Scope } from "effect"
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

/** A group of replicas over one database: each builds the layer for itself. */
export const groupOf = <O, A, E, B>(
  options: Effect.Effect<O, never, Scope.Scope>,
  layer: (options: O) => Layer.Layer<A, E>,
  pick: (services: Context.Context<A>) => B
) =>
  Effect.map(options, (options) =>
    Effect.map(Layer.build(Layer.fresh(layer(options))), (services) => pick(services as Context.Context<A>))
  )
