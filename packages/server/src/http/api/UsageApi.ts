/** The resources of a snapshot, and the status of the collector. */
import { NamespaceResources, UsageResources } from "@gitlab-registry-usage/core"
import { Schema } from "effect"
import { HttpApiEndpoint, HttpApiGroup, OpenApi } from "effect/http-api"
import { queryOf } from "../query/Parameters.ts"
import {
  Bearer,
  Bytes,
  Count,
  cursorGone,
  hal,
  image,
  Milliseconds,
  namespace,
  problem,
  reading,
  Sizes,
  Sums,
  tag,
  Timestamp,
  unauthorized,
  unavailable
} from "./ApiParts.ts"
import { type DocumentsOf, HomeLink, inRepository, inSnapshot, inTag, shows } from "./Resource.ts"

const document = queryOf("embed", "links", "at")
const list = queryOf("embed", "links", "at", "sort", "filter", "page_size", "cursor")

const TagReference = Schema.Struct({ image: Schema.String, tag: Schema.String })

const Namespace = hal(
  { path: Schema.String, ...Sums, images: Count, tags: Count, gaps: Count },
  "The sums over everything in a namespace, null where nothing in it could be read. It embeds as items the namespaces directly in it, and as images the images"
)

/** The most items that `POST /unique_size` takes. */
export const maximumItems = 10_000

/** The body of `POST /unique_size`. */
export const Items = Schema.Struct({
  items: Schema.Array(Schema.String.check(Schema.isMaxLength(400)))
    .check(Schema.isMaxLength(maximumItems))
    .annotate({
      description: "Images such as group/app, and tags such as group/app:1.0",
      examples: [["group/app", "group/base:1.0"]]
    })
})

/** The resources of a snapshot. A route of this group needs no handler. */
const documents = HttpApiGroup.make("usage").add(
  HttpApiEndpoint.get("images", "/images", {
    query: { ...list, ...queryOf("min_tags") },
    success: hal(
      {
        timestamp: Timestamp,
        duration: Milliseconds,
        ...Sums,
        images: Count,
        tags: Count,
        gaps: Count,
        accounting: Schema.Literals(["all", "layers"]),
        stale: Schema.optionalKey(Schema.Literal(true)),
        matching: Schema.optionalKey(Count)
      },
      "All images and their sums, which are null where nothing could be read. /repositories is another name of this resource"
    ),
    error: [...reading, cursorGone]
  })
    .annotate(OpenApi.Summary, "All images")
    .annotate(HomeLink, { relation: "images" })
    .pipe(shows(inSnapshot((view, _, selection) => UsageResources.images(view, selection)))),
  HttpApiEndpoint.get("image", "/images/:image", {
    params: { image },
    query: document,
    success: hal(
      {
        name: Schema.String,
        ...Sums,
        tags: Schema.NullOr(Count),
        gaps: Schema.optionalKey(Count),
        stale: Schema.optionalKey(Schema.Literal(true))
      },
      "An image. Its sizes are null where it could not be read"
    ),
    error: reading
  })
    .annotate(OpenApi.Summary, "One image")
    .annotate(HomeLink, { relation: "image" })
    .pipe(shows(inRepository(UsageResources.image))),
  HttpApiEndpoint.get("tags", "/images/:image/tags", {
    params: { image },
    query: list,
    success: hal({ matching: Schema.optionalKey(Count) }, "The tags of an image, embedded as items"),
    error: [...reading, cursorGone]
  })
    .annotate(OpenApi.Summary, "The tags of an image")
    .annotate(HomeLink, { relation: "tags" })
    .pipe(shows(inRepository(UsageResources.tags))),
  HttpApiEndpoint.get("tag", "/images/:image/tags/:tag", {
    params: { image, tag },
    query: document,
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
  })
    .annotate(OpenApi.Summary, "One tag")
    .annotate(HomeLink, { relation: "tag" })
    .pipe(shows(inTag(UsageResources.tag))),
  HttpApiEndpoint.get("blobs", "/images/:image/tags/:tag/blobs", {
    params: { image, tag },
    query: document,
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
      "Every blob that a tag reaches, the tag that is charged with it, and the tags that share it"
    ),
    error: reading
  })
    .annotate(OpenApi.Summary, "The blobs of a tag")
    .annotate(HomeLink, { relation: "blobs" })
    .pipe(shows(inTag(UsageResources.blobs))),
  HttpApiEndpoint.get("namespaces", "/namespaces", { query: document, success: Namespace, error: reading })
    .annotate(OpenApi.Summary, "The whole registry as a namespace")
    .annotate(HomeLink, { relation: "namespaces" })
    .pipe(shows(inSnapshot((view) => NamespaceResources.namespace(view, "")))),
  HttpApiEndpoint.get("namespace", "/namespaces/:namespace", {
    params: { namespace },
    query: document,
    success: Namespace,
    error: reading
  })
    .annotate(OpenApi.Summary, "One namespace")
    .annotate(HomeLink, { relation: "namespace" })
    .pipe(shows(inSnapshot((view, { namespace }) => NamespaceResources.namespace(view, namespace!))))
)

export const usage = documents
  .add(
    HttpApiEndpoint.get("status", "/status", {
      query: queryOf("embed", "links"),
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
          save_error: Schema.NullOr(Schema.String),
          leadership: Schema.Literals(["leading", "following", "vacant"]),
          leadership_error: Schema.NullOr(Schema.String),
          progress: Schema.optionalKey(Schema.Record(Schema.String, Count)),
          sizes: Schema.NullOr(Schema.Struct({ blobs: Count, measured: Count })),
          capacity: Schema.NullOr(Bytes).annotate({
            description: "The size of the registry's disk, where it is configured"
          }),
          capacity_unit: Schema.NullOr(Schema.String).annotate({
            description: "The unit in which the capacity is configured, such as TB"
          }),
          gaps_total: Count,
          gaps: Schema.Array(
            Schema.Struct({
              repository: Schema.optionalKey(Schema.String),
              tag: Schema.optionalKey(Schema.String),
              digest: Schema.optionalKey(Schema.String),
              blob: Schema.optionalKey(Schema.String),
              reason: Schema.String,
              detail: Schema.String,
              kept: Schema.Boolean
            })
          )
        },
        "The state of the collector, and what it could not read"
      ),
      error: [unauthorized]
    })
      .annotate(OpenApi.Summary, "The state of the collector")
      .annotate(HomeLink, { relation: "status" }),
    HttpApiEndpoint.post("unique_size", "/unique_size", {
      payload: Items,
      success: Schema.Struct({
        unique_size: Sizes.unique_size,
        partial: Sums.partial,
        tags: Count,
        images: Count
      }).annotate({
        description: "The bytes that deleting all items together would free"
      }),
      error: [
        problem(400, "The body is malformed"),
        unauthorized,
        problem(413, "The body is over 1 MiB"),
        problem(415, "The body is not JSON"),
        problem(422, "One of the items does not exist"),
        unavailable
      ]
    })
      .annotate(OpenApi.Summary, "What deleting several images and tags would free")
      .annotate(HomeLink, { relation: "unique_size", title: "POST: what deleting several things together frees" })
  )
  .middleware(Bearer)

/** The names of the routes of documents. */
export type UsageDocument = DocumentsOf<typeof documents>
