/**
 * The HTTP API as a definition: the paths that are routed, and the document that describes them.
 *
 * @since 0.1.0
 */
import { Schema } from "effect"
import {
  HttpApi,
  HttpApiEndpoint,
  HttpApiGroup,
  HttpApiMiddleware,
  HttpApiSchema,
  HttpApiSecurity,
  OpenApi
} from "effect/http-api"
import { version } from "../../Version.ts"
import {
  at,
  Bearer,
  Bytes,
  Count,
  hal,
  image,
  Milliseconds,
  namespace,
  problem,
  reading,
  rendering,
  selecting,
  Sizes,
  tag,
  Timestamp,
  unauthorized,
  unavailable
} from "./ApiParts.ts"
import { history } from "./HistoryApi.ts"
import * as UniqueSize from "../documents/UniqueSize.ts"

/** A user name and a password that the directory knows. */
class Basic extends HttpApiMiddleware.Service<Basic>()("@gitlab-registry-usage/server/Basic", {
  security: { basic: HttpApiSecurity.basic }
}) {}

const TagReference = Schema.Struct({ image: Schema.String, tag: Schema.String })

const usage = HttpApiGroup.make("usage")
  .add(
    HttpApiEndpoint.get("images", "/images", {
      query: { ...rendering, ...at, ...selecting },
      success: hal(
        {
          timestamp: Timestamp,
          duration: Milliseconds,
          ...Sizes,
          images: Count,
          tags: Count,
          gaps: Count,
          accounting: Schema.Literals(["all", "layers"]),
          stale: Schema.optionalKey(Schema.Literal(true)),
          matching: Schema.optionalKey(Count)
        },
        "All images, and what they take together. /repositories is another name for it"
      ),
      error: [...reading, problem(410, "The cursor is of a snapshot that is gone: begin at the first page")]
    }).annotate(OpenApi.Summary, "All images"),
    HttpApiEndpoint.get("image", "/images/:image", {
      params: { image },
      query: { ...rendering, ...at },
      success: hal(
        {
          name: Schema.String,
          ...Sizes,
          tags: Schema.NullOr(Count),
          gaps: Schema.optionalKey(Count),
          stale: Schema.optionalKey(Schema.Literal(true))
        },
        "An image. Its sizes are null where it could not be read"
      ),
      error: reading
    }).annotate(OpenApi.Summary, "One image"),
    HttpApiEndpoint.get("tags", "/images/:image/tags", {
      params: { image },
      query: { ...rendering, ...at, ...selecting },
      success: hal({ matching: Schema.optionalKey(Count) }, "The tags of an image, embedded as items"),
      error: [...reading, problem(410, "The cursor is of a snapshot that is gone: begin at the first page")]
    }).annotate(OpenApi.Summary, "The tags of an image"),
    HttpApiEndpoint.get("tag", "/images/:image/tags/:tag", {
      params: { image, tag },
      query: { ...rendering, ...at },
      success: hal(
        {
          name: Schema.String,
          ...Sizes,
          foreign_size: Schema.optionalKey(Bytes),
          digest: Schema.optionalKey(Schema.String),
          media_type: Schema.optionalKey(Schema.String),
          layers: Schema.optionalKey(Count)
        },
        "A tag and the manifest that it names"
      ),
      error: reading
    }).annotate(OpenApi.Summary, "One tag"),
    HttpApiEndpoint.get("blobs", "/images/:image/tags/:tag/blobs", {
      params: { image, tag },
      query: { ...rendering, ...at },
      success: hal(
        {
          count: Count,
          size: Schema.NullOr(Bytes),
          _embedded: Schema.optionalKey(
            Schema.Struct({
              items: Schema.Array(
                Schema.Struct({
                  digest: Schema.String,
                  size: Bytes,
                  role: Schema.Literals(["manifest", "index", "attestation", "config", "layer"]),
                  media_type: Schema.optionalKey(Schema.String),
                  tags: Count,
                  owner: Schema.NullOr(TagReference),
                  owned: Schema.Boolean,
                  unique: Schema.Boolean,
                  shared_with: Schema.Array(TagReference)
                })
              )
            })
          )
        },
        "Every blob that a tag reaches: who is charged with it, and who shares it"
      ),
      error: reading
    }).annotate(OpenApi.Summary, "What a tag consists of"),
    ...(["namespaces", "namespace"] as const).map((name) =>
      HttpApiEndpoint.get(name, name === "namespace" ? "/namespaces/:namespace" : "/namespaces", {
        ...(name === "namespace" ? { params: { namespace } } : {}),
        query: { ...rendering, ...at },
        success: hal(
          { path: Schema.String, ...Sizes, images: Count, tags: Count, gaps: Count },
          "The sums over everything in a group; embedded are the groups (items) and the images directly in it"
        ),
        error: reading
      }).annotate(OpenApi.Summary, name === "namespace" ? "One group" : "The whole registry as a group")
    ),
    HttpApiEndpoint.get("status", "/status", {
      query: rendering,
      success: hal(
        {
          crawling: Schema.Boolean,
          stale: Schema.NullOr(Schema.Boolean),
          timestamp: Schema.NullOr(Timestamp),
          duration: Schema.NullOr(Milliseconds),
          last_attempt: Schema.NullOr(Timestamp),
          last_success: Schema.NullOr(Timestamp),
          last_error: Schema.NullOr(Schema.String),
          attempts: Schema.Struct({ succeeded: Count, failed: Count }),
          progress: Schema.optionalKey(Schema.Record(Schema.String, Count)),
          gaps_total: Count,
          gaps: Schema.Array(
            Schema.Struct({
              repository: Schema.String,
              tag: Schema.optionalKey(Schema.String),
              digest: Schema.optionalKey(Schema.String),
              reason: Schema.String,
              detail: Schema.String,
              kept: Schema.Boolean
            })
          )
        },
        "How collecting goes, and what could not be read"
      ),
      error: [unauthorized]
    }).annotate(OpenApi.Summary, "How collecting goes"),
    HttpApiEndpoint.post("unique_size", "/unique_size", {
      payload: UniqueSize.Payload,
      success: Schema.Struct({ unique_size: Bytes, tags: Count, images: Count }).annotate({
        description: "The bytes that deleting all of them together would free"
      }),
      error: [
        problem(400, "The body is malformed"),
        unauthorized,
        problem(413, "The body is over 1 MiB"),
        problem(415, "The body is not JSON"),
        problem(422, "One of the items is not there"),
        unavailable
      ]
    }).annotate(OpenApi.Summary, "What deleting several images and tags would free")
  )
  .middleware(Bearer)

const session = HttpApiGroup.make("session")
  .add(
    HttpApiEndpoint.get("token", "/auth_token", {
      success: Schema.Struct({ auth_token: Schema.String, expires_at: Timestamp }),
      error: [
        problem(401, "The user name or the password is wrong, or the user may not sign in"),
        problem(429, "Too many wrong passwords: wait for Retry-After seconds"),
        unavailable
      ]
    }).annotate(OpenApi.Summary, "Sign in")
  )
  .middleware(Basic)

const Notifications = Schema.Struct({ events: Schema.Array(Schema.Json) }).annotate({
  description: "An envelope of notifications, as the registry sends it"
})

const text = (contentType: string) => Schema.String.pipe(HttpApiSchema.asText({ contentType }))

const service = HttpApiGroup.make("service").add(
  HttpApiEndpoint.get("home", "/", {
    query: rendering,
    success: hal({ name: Schema.String, version: Schema.String }, "Where everything is")
  }).annotate(OpenApi.Summary, "Links to everything"),
  HttpApiEndpoint.get("live", "/health/live", {
    success: Schema.Struct({ status: Schema.Literal("live") })
  }).annotate(OpenApi.Summary, "Whether the process answers"),
  HttpApiEndpoint.get("ready", "/health/ready", {
    success: Schema.Struct({ status: Schema.Literal("ready") }),
    error: [unavailable]
  }).annotate(OpenApi.Summary, "Whether there is a snapshot to serve"),
  HttpApiEndpoint.get("metrics", "/metrics", {
    success: text("application/openmetrics-text"),
    error: [unauthorized]
  })
    .annotate(OpenApi.Summary, "Metrics, as OpenMetrics")
    .middleware(Bearer),
  HttpApiEndpoint.post("events", "/events", {
    payload: Notifications,
    success: HttpApiSchema.Empty(202),
    error: [problem(400, "The body is no envelope"), unauthorized, problem(404, "No secret is configured for it")]
  }).annotate(OpenApi.Summary, "The registry tells what changed"),
  HttpApiEndpoint.get("jwks", "/.well-known/jwks.json", {
    success: Schema.Struct({ keys: Schema.Array(Schema.Record(Schema.String, Schema.Json)) })
  }).annotate(OpenApi.Summary, "The public keys that verify the tokens"),
  HttpApiEndpoint.get("openapi", "/openapi.json", { success: Schema.Json }).annotate(
    OpenApi.Summary,
    "This description"
  ),
  HttpApiEndpoint.get("docs", "/docs", { success: text("text/html") }).annotate(OpenApi.Exclude, true),
  HttpApiEndpoint.get("ui", "/ui", { success: text("text/html") }).annotate(OpenApi.Exclude, true),
  HttpApiEndpoint.get("file", "/ui/:file", {
    params: { file: Schema.String },
    success: text("application/octet-stream")
  }).annotate(OpenApi.Exclude, true)
)

/**
 * The API. What it defines is routed and described; there is no route beside it.
 *
 * @category definitions
 * @since 0.1.0
 */
export const Api = HttpApi.make("gitlab-registry-usage")
  .add(usage, history, session, service)
  .annotateMerge(
    OpenApi.annotations({
      title: "GitLab Registry Usage",
      version,
      description: "Tells where the disk of a GitLab container registry goes. All resources are HAL documents.",
      license: { name: "MIT" }
    })
  )

type Groups = (typeof Api)["groups"]
type Endpoints = { readonly [G in keyof Groups]: keyof Groups[G]["endpoints"] }[keyof Groups]

/**
 * The names of the routes.
 *
 * @category models
 * @since 0.1.0
 */
export type Name = Endpoints & string

/**
 * A route: how it is asked, and the template of its path.
 *
 * @category models
 * @since 0.1.0
 */
export interface Route {
  readonly method: string
  readonly path: string
}

/**
 * Every route of the API by its name.
 *
 * @category definitions
 * @since 0.1.0
 */
export const routes: Readonly<Record<Name, Route>> = (() => {
  const found: Record<string, Route> = {}
  HttpApi.reflect(Api, {
    onGroup: () => {},
    onEndpoint: ({ endpoint }) => {
      found[endpoint.identifier] = { method: endpoint.method, path: endpoint.path }
    }
  })
  return found as Record<Name, Route>
})()

/**
 * The description of the API (OpenAPI 3.1), under the path that clients reach it at.
 *
 * @category rendering
 * @since 0.1.0
 */
export const description = (prefix: string): OpenApi.OpenAPISpec =>
  OpenApi.fromApi(Api.annotate(OpenApi.Servers, [{ url: prefix === "" ? "/" : prefix }]))
