/** Signing in, and the routes of the service itself. */
import { Schema } from "effect"
import {
  HttpApiEndpoint,
  HttpApiGroup,
  HttpApiMiddleware,
  HttpApiSchema,
  HttpApiSecurity,
  OpenApi
} from "effect/http-api"
import { queryOf } from "../query/Parameters.ts"
import { HomeLink } from "./Resource.ts"
import { Bearer, hal, problem, Timestamp, unauthorized, unavailable } from "./ApiParts.ts"

/** A user name and password of the directory. */
class Basic extends HttpApiMiddleware.Service<Basic>()("@gitlab-registry-usage/server/Basic", {
  security: {
    basic: HttpApiSecurity.basic.pipe(
      HttpApiSecurity.annotate(OpenApi.Description, "The user name and the password of the directory.")
    )
  }
}) {}

/** The secret that the registry sends with its notifications. */
class EventsToken extends HttpApiMiddleware.Service<EventsToken>()("@gitlab-registry-usage/server/EventsToken", {
  security: {
    events_token: HttpApiSecurity.bearer.pipe(
      HttpApiSecurity.annotate(OpenApi.Description, "The secret events_token of the configuration.")
    )
  }
}) {}

export const session = HttpApiGroup.make("session")
  .add(
    HttpApiEndpoint.get("token", "/auth_token", {
      success: Schema.Struct({ auth_token: Schema.String, expires_at: Timestamp }),
      error: [
        problem(401, "The user name or the password is wrong, or the user may not sign in"),
        problem(429, "Too many wrong passwords: retry after Retry-After seconds"),
        unavailable
      ]
    })
      .annotate(OpenApi.Summary, "Sign in")
      .annotate(HomeLink, { relation: "token" })
  )
  .middleware(Basic)

const Notifications = Schema.Struct({ events: Schema.Array(Schema.Json) }).annotate({
  description: "An envelope of notifications, as the registry sends it"
})

const text = (contentType: string) => Schema.String.pipe(HttpApiSchema.asText({ contentType }))

export const service = HttpApiGroup.make("service").add(
  HttpApiEndpoint.get("home", "/", {
    query: queryOf("embed", "links"),
    success: hal({ name: Schema.String, version: Schema.String }, "Links to every resource")
  }).annotate(OpenApi.Summary, "Links to every resource"),
  HttpApiEndpoint.get("live", "/health/live", {
    success: Schema.Struct({ status: Schema.Literal("live") })
  }).annotate(OpenApi.Summary, "Whether the process responds"),
  HttpApiEndpoint.get("ready", "/health/ready", {
    success: Schema.Struct({ status: Schema.Literal("ready") }),
    error: [unavailable]
  }).annotate(OpenApi.Summary, "Whether there is a snapshot to serve"),
  HttpApiEndpoint.get("metrics", "/metrics", {
    success: [text("application/openmetrics-text"), text("text/plain")],
    error: [unauthorized]
  })
    .annotate(OpenApi.Summary, "Metrics, as OpenMetrics or, if Accept prefers it, Prometheus's text format 0.0.4")
    .middleware(Bearer),
  HttpApiEndpoint.post("events", "/events", {
    payload: Notifications,
    success: HttpApiSchema.Empty(202),
    error: [
      problem(400, "The body is no envelope"),
      unauthorized,
      problem(404, "The configuration has no events_token")
    ]
  })
    .annotate(OpenApi.Summary, "Notifications of the registry")
    .middleware(EventsToken),
  HttpApiEndpoint.get("jwks", "/.well-known/jwks.json", {
    success: Schema.Struct({ keys: Schema.Array(Schema.Record(Schema.String, Schema.Json)) }),
    error: [problem(404, "The tokens have no public key: this server alone can verify them")]
  }).annotate(OpenApi.Summary, "The public keys that verify the tokens"),
  HttpApiEndpoint.get("openapi", "/openapi.json", { success: Schema.Json })
    .annotate(OpenApi.Summary, "This description")
    .annotate(HomeLink, { relation: "service-desc" }),
  HttpApiEndpoint.get("docs", "/docs", { success: text("text/html") })
    .annotate(OpenApi.Exclude, true)
    .annotate(HomeLink, { relation: "documentation" }),
  HttpApiEndpoint.get("ui", "/ui", { success: text("text/html") }).annotate(OpenApi.Exclude, true),
  HttpApiEndpoint.get("file", "/ui/:file", {
    params: { file: Schema.String },
    success: text("application/octet-stream")
  }).annotate(OpenApi.Exclude, true)
)
