/**
 * The errors of the distribution API.
 *
 * Source: OCI distribution specification, "Error codes"; CNCF distribution, errcode.
 */
import { Schema } from "effect"
import { HttpServerResponse } from "effect/http"

/** A refused request: the status, and the `code`, `message` and `detail` of the single error in the body. */
export class RegistryProblem extends Schema.TaggedError<RegistryProblem>()("RegistryProblem", {
  status: Schema.Int,
  code: Schema.String,
  message: Schema.String,
  detail: Schema.optionalKey(Schema.Unknown),
  headers: Schema.optionalKey(Schema.Record(Schema.String, Schema.String))
}) {}

export const nameInvalid = (name: string) =>
  new RegistryProblem({ status: 400, code: "NAME_INVALID", message: "invalid repository name", detail: { name } })

export const nameUnknown = (name: string) =>
  new RegistryProblem({
    status: 404,
    code: "NAME_UNKNOWN",
    message: "repository name not known to registry",
    detail: { name }
  })

export const digestInvalid = (digest: string) =>
  new RegistryProblem({
    status: 400,
    code: "DIGEST_INVALID",
    message: "provided digest did not match uploaded content",
    detail: { digest }
  })

export const manifestUnknown = (reference: string, message = "manifest unknown") =>
  new RegistryProblem({ status: 404, code: "MANIFEST_UNKNOWN", message, detail: { reference } })

export const blobUnknown = (digest: string) =>
  new RegistryProblem({ status: 404, code: "BLOB_UNKNOWN", message: "blob unknown to registry", detail: { digest } })

/**
 * The response that reports the problem.
 */
export const toResponse = ({ status, code, message, detail, headers }: RegistryProblem) =>
  HttpServerResponse.jsonUnsafe(
    { errors: [{ code, message, ...(detail === undefined ? {} : { detail }) }] },
    { status, headers: headers ?? {} }
  )
