/**
 * `POST /events`: notifications of changes in the registry.
 *
 * Source: distribution, "Work with notifications"; GitLab's registry sends the same.
 */
import { Change, Collector, Digest, type Inventory, Names, Secret } from "@gitlab-registry-usage/core"
import { Effect, Option, Predicate, Schema } from "effect"
import { bearsSecret } from "../auth/Bearer.ts"
import type { Request } from "../wire/Message.ts"
import { jsonBody } from "../wire/JsonBody.ts"
import { unauthorized } from "../wire/Problem.ts"

const Envelope = Schema.Struct({
  events: Schema.Array(
    Schema.Struct({
      action: Schema.String,
      target: Schema.optionalKey(
        Schema.Struct({
          repository: Schema.optionalKey(Schema.String),
          tag: Schema.optionalKey(Schema.Unknown),
          digest: Schema.optionalKey(Schema.Unknown),
          rename: Schema.optionalKey(Schema.Unknown)
        })
      )
    })
  )
})

const isRename = Schema.is(Schema.Struct({ from: Schema.String, to: Schema.String }))

const refused = unauthorized(
  'Bearer realm="GitLab Registry Usage events"',
  "send the secret of events_token as Authorization: Bearer <secret>"
)

/** The changes that an event reports; reading changes nothing. GitLab renames a repository or all of a namespace. */
const changesOf = (
  { action, target = {} }: (typeof Envelope.Type)["events"][number],
  inventory: Effect.Effect<Inventory.Inventory | undefined>
): Effect.Effect<ReadonlyArray<Change.Change>> => {
  const { digest, rename, repository, tag } = target
  if (action === "rename" && isRename(rename)) {
    return Effect.map(inventory, (inventory) => Change.ofRename(inventory, rename.from, rename.to))
  }
  if (!["push", "delete", "mount", "rename"].includes(action) || repository === undefined) return Effect.succeed([])
  if (!Names.isRepositoryName(repository)) return Effect.succeed([])
  return Effect.succeed([
    {
      repository,
      // What is mounted is a blob.
      ...(action !== "mount" && Predicate.isString(tag) && Names.isTagName(tag) ? { tag } : {}),
      ...(Predicate.isString(digest) && Digest.isDigest(digest) ? { digest } : {}),
      ...(action === "delete" ? { isDeleted: true } : {})
    }
  ])
}

/**
 * Takes an envelope of notifications, and has the repositories in it read again soon. Fails with 401 without the secret, and
 * with 400 for a body that is no envelope.
 */
export const events = Effect.fn("Events.events")(function* (request: Request, secret: Secret.Secret) {
  if (!bearsSecret(yield* Secret.current(secret), request.headers.authorization)) return yield* refused
  const { events } = yield* jsonBody(request, Envelope, 'an envelope {"events": […]} of notifications')
  const collector = yield* Collector.Collector
  const inventory = Effect.map(collector.current, (current) => Option.getOrUndefined(current)?.usage.inventory)
  const changes = yield* Effect.forEach(events, (event) => changesOf(event, inventory))
  yield* collector.changed(changes.flat())
  return { status: 202, headers: {} }
})
