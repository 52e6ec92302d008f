/**
 * `POST /events`: notifications of changes in the registry.
 *
 * Source: distribution, "Work with notifications"; GitLab's registry sends the same.
 */
import { Collector, Names } from "@gitlab-registry-usage/core"
import { Effect, Predicate, type Redacted, Schema } from "effect"
import { bearsSecret } from "../auth/Bearer.ts"
import type { Request } from "../wire/Message.ts"
import { jsonBody } from "../wire/JsonBody.ts"
import { unauthorized } from "../wire/Problem.ts"

const Envelope = Schema.Struct({
  events: Schema.Array(
    Schema.Struct({
      action: Schema.String,
      target: Schema.optionalKey(Schema.Struct({ repository: Schema.optionalKey(Schema.String) }))
    })
  )
})

const refused = unauthorized(
  'Bearer realm="GitLab Registry Usage events"',
  "send the secret of events_token as Authorization: Bearer <secret>"
)

/** Reading changes nothing. */
const changes = new Set(["push", "delete", "mount"])

/**
 * Takes an envelope of notifications, and has the repositories in it read again soon. Fails with 401 without the secret, and
 * with 400 for a body that is no envelope.
 */
export const events = Effect.fn("Events.events")(function* (request: Request, secret: Redacted.Redacted) {
  if (!bearsSecret(secret, request.headers.authorization)) return yield* refused
  const { events } = yield* jsonBody(request, Envelope, 'an envelope {"events": […]} of notifications')
  const collector = yield* Collector.Collector
  yield* collector.changed(
    events
      .filter(({ action }) => changes.has(action))
      .map(({ target }) => target?.repository)
      .filter((name) => Predicate.isString(name) && Names.isRepositoryName(name))
  )
  return { status: 202, headers: {} }
})
