/**
 * Object storage at its own origin. The registry redirects to it with a signed URL. Like S3, it refuses a request with
 * another authorization.
 */
import { Effect, Ref } from "effect"
import { HttpServerResponse } from "effect/http"
import type { Contents } from "../data/Contents.ts"
import type { Handler, Route } from "../http/Route.ts"

/** The signed URL of a blob. */
export const urlOf = (origin: string, digest: string): string => `${origin}/storage/${digest}?X-Amz-Signature=demo`

const failure = (status: number, code: string) =>
  HttpServerResponse.text(`<?xml version="1.0" encoding="UTF-8"?>\n<Error><Code>${code}</Code></Error>`, {
    status,
    contentType: "application/xml"
  })

export const routes = (contents: Ref.Ref<Contents>): ReadonlyArray<Route> => {
  const get: Handler = ({ headers, parameters, reference = "" }) =>
    Effect.map(Ref.get(contents), (now) => {
      if (headers["authorization"] !== undefined) return failure(400, "InvalidArgument")
      if (parameters.get("X-Amz-Signature") === null) return failure(403, "AccessDenied")
      for (const { blobs } of now.values()) {
        const blob = blobs.get(reference)
        if (blob !== undefined) {
          return HttpServerResponse.uint8Array(blob.body, { contentType: "application/octet-stream" })
        }
      }
      return failure(404, "NoSuchKey")
    })
  return [{ kind: "storage", path: /^\/storage\/(?<reference>[^/]+)$/, methods: { GET: get, HEAD: get } }]
}
