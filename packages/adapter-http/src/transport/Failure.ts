/**
 * From HTTP to the reasons of a `RegistryError`.
 *
 * Sources: OCI distribution specification, "Error Codes"; RFC 9110, section 15; GitLab, container registry API.
 */
import { Registry } from "@gitlab-registry-usage/core"
import { Duration, Result, Schema } from "effect"
import { Headers, type HttpClientError } from "effect/http"
import * as RateLimit from "./RateLimit.ts"
import { decodeJson, type HttpResponse, isHtml, unexpectedHtml } from "./HttpResponse.ts"

const Errors = Schema.Struct({
  errors: Schema.Array(
    Schema.Struct({
      code: Schema.String.check(Schema.isPattern(/^[A-Z_]{1,40}$/)),
      detail: Schema.optionalKey(Schema.Unknown)
    })
  )
})
const decodeErrors = decodeJson(Errors, "the error")

/** The statuses of a gateway that gets no answer from the registry. */
const gateway: ReadonlySet<number> = new Set([502, 503, 504])

/** The error of an operation on a target, by its reason. */
export const toError =
  (operation: Registry.RegistryError["operation"], target: string) =>
  (reason: Registry.RegistryReason): Registry.RegistryError =>
    new Registry.RegistryError({ operation, target, reason })

/**
 * The error codes of a body; none if the body has another format. Messages are not used, because a server may repeat a
 * secret in them.
 */
export const errorCodes = (response: HttpResponse): ReadonlyArray<string> => errorsOf(response).map(({ code }) => code)

const errorsOf = (response: HttpResponse) => Result.getOrElse(decodeErrors(response), () => ({ errors: [] })).errors

/** Go's position of a syntax error, which distribution reports of a stored manifest that is empty or cut off. */
const isOffset = Schema.is(Schema.Struct({ Offset: Schema.Int }))

/** The registry answered with an error of its own. */
const serverError = (response: HttpResponse): Registry.ServerError => {
  const errors = errorsOf(response)
  const offset = errors.map(({ detail }) => detail).find(isOffset)?.Offset
  const cause =
    offset === undefined ? "" : `: what it stores ${offset === 0 ? "is empty" : `breaks off as JSON at byte ${offset}`}`
  const codes = errors.map(({ code }) => code)
  return new Registry.ServerError({
    detail: `${response.from} answered ${[response.status, ...codes].join(" ")}${cause}`,
    status: response.status
  })
}

/**
 * The pause that `Retry-After` requests, in milliseconds, from seconds or an HTTP date; `undefined` without a valid
 * header.
 */
export const retryAfter = (headers: Headers.Headers, now: number): number | undefined => {
  const header = headers["retry-after"]
  if (header === undefined) return undefined
  return Result.match(Headers.parseRetryAfter(header), {
    onSuccess: (value) => Math.min(Duration.toMillis(Headers.retryAfterDelay(value, now)), Number.MAX_SAFE_INTEGER),
    onFailure: () => undefined
  })
}

/** The reason of a response that a retry may change; `undefined` for all other responses. */
export const transientReason = (
  response: HttpResponse,
  now: number
): Registry.RateLimited | Registry.Unreachable | Registry.ServerError | undefined => {
  const { status } = response
  const detail = `${response.from} answered ${status}`
  const wait =
    retryAfter(response.headers, now) ?? (status === 429 ? RateLimit.pause(response.headers, now) : undefined)
  if (status === 429 || (status === 503 && wait !== undefined)) {
    return new Registry.RateLimited({ detail, status, ...(wait === undefined ? {} : { retryAfter: wait }) })
  }
  if (status === 408 || gateway.has(status)) return new Registry.Unreachable({ detail, status })
  return status >= 500 && status !== 501 ? serverError(response) : undefined
}

/** The reason of a failed response that a retry does not change. */
export const permanentReason = (response: HttpResponse): Registry.RegistryReason => {
  const { status } = response
  const found = errorCodes(response)
  const detail = `${response.from} answered ${[status, ...found].join(" ")}`
  if (status === 405 || status === 501 || found.includes("UNSUPPORTED"))
    return new Registry.Unsupported({ detail, status })
  if (status === 403 || found.includes("DENIED")) return new Registry.Denied({ detail, status })
  if (status === 401) return new Registry.Unauthorized({ detail, status })
  if (status === 404 || status === 410) return new Registry.NotFound({ detail, status })
  if (status >= 300 && status < 400) {
    const to = response.headers["location"]
    const place = to !== undefined && URL.canParse(to, response.from) ? new URL(to, response.from) : undefined
    const where = place === undefined ? "" : ` to ${place.origin}${place.pathname}`
    return new Registry.Malformed({ detail: `${detail}: a redirect${where}, perhaps to sign in`, status })
  }
  return isHtml(response.headers["content-type"])
    ? unexpectedHtml(response)
    : new Registry.Malformed({ detail, status })
}

/**
 * The code of the system or of undici in a chain of causes, else the name of a specific error. Codes and names hold no
 * secrets; messages may hold URLs with secrets.
 */
const describeCause = (cause: unknown): string => {
  let current = cause
  let named = "no answer"
  for (let depth = 0; depth < 6 && typeof current === "object" && current !== null; depth++) {
    const { cause, code, name } = current as {
      readonly code?: unknown
      readonly name?: unknown
      readonly cause?: unknown
    }
    if (typeof code === "string" && /^[A-Z0-9_]{1,60}$/.test(code)) return code
    if (typeof name === "string" && /^[A-Za-z]{6,60}$/.test(name) && name !== "TypeError") named = name
    current = cause
  }
  return named
}

/** The reason of an exchange that ended without a complete response. */
export const connectionReason = (from: string, { reason }: HttpClientError.HttpClientError) => {
  if (reason._tag === "InvalidUrlError" || reason._tag === "EncodeError") {
    return new Registry.Malformed({ detail: `${from} cannot be requested` })
  }
  const cause = describeCause(reason.cause)
  return new Registry.Unreachable({
    detail:
      reason._tag === "DecodeError" || reason._tag === "EmptyBodyError"
        ? `${from} broke off its response: ${cause}`
        : `${from}: ${cause}`,
    cause: reason.cause
  })
}
