/** Completes the description of the API (OpenAPI) that effect writes. */
import { type JsonSchema, Record } from "effect"
import type { OpenApi } from "effect/http-api"
import { MediaType } from "../query/MediaType.ts"
import { documented } from "../query/Parameters.ts"

type Operation = OpenApi.OpenAPISpecOperation

/** effect describes the text of a query parameter, and describes within the Schema, where viewers show no description. */
const withDescription = (parameter: Operation["parameters"][number]): Operation["parameters"][number] => {
  const { description, ...schema } = ((parameter.in === "query" && documented[parameter.name]) ||
    parameter.schema) as JsonSchema.JsonSchema
  // Viewers fill in an example: what is optional stays empty.
  const examples = schema["examples"]
  const example = parameter.required && Array.isArray(examples) ? { example: examples[0] as unknown } : {}
  return { ...parameter, description: String(description), ...example, schema }
}

const textHeader = (description: string, required = true): OpenApi.OpenAPISpecHeader => ({
  description,
  required,
  schema: { type: "string" }
})
const retryAfter = { "Retry-After": textHeader("The seconds to wait before the next attempt") }

/** The headers of responses by status. */
const headers: Readonly<Record<string, Readonly<Record<string, OpenApi.OpenAPISpecHeader>>>> = {
  401: { "WWW-Authenticate": textHeader("The challenge (RFC 9110), and why the credentials were refused") },
  429: retryAfter,
  503: retryAfter
}

const pageHeaders = { Link: textHeader("The links first, prev and next of a page (RFC 8288), with page_size", false) }

/** Every HAL document is also available as a page for people. */
const contentOf = (content: OpenApi.OpenApiSpecContent): OpenApi.OpenApiSpecContent =>
  content[MediaType.hal] === undefined ? content : { ...content, [MediaType.html]: { schema: { type: "string" } } }

const completeOperation = (operation: Operation): Operation => {
  const hasPages = operation.parameters.some(({ name }) => name === "page_size")
  return {
    ...operation,
    parameters: operation.parameters.map(withDescription),
    responses: Record.map(operation.responses, ({ content, ...response }, status) => {
      const found = hasPages && status === "200" ? pageHeaders : headers[status]
      return {
        ...response,
        ...(found === undefined ? {} : { headers: found }),
        ...(content === undefined ? {} : { content: contentOf(content) })
      }
    })
  }
}

/** The name of the path's second name, with operations of its own: an operation's id is unique. */
const alias = "repositories"

/**
 * Describes parameters where viewers show it, headers, the pages of documents, and the second name of `/images`.
 */
export const complete = (specification: OpenApi.OpenAPISpec): OpenApi.OpenAPISpec => {
  // Each item has operations alone, by their methods.
  const paths = Record.map(specification.paths, (item) =>
    Record.map(item as Record<string, Operation>, completeOperation)
  )
  const aliases = Object.entries(paths).flatMap(([path, item]) =>
    path.startsWith("/images")
      ? [
          [
            path.replace("/images", `/${alias}`),
            Record.map(item, (operation) => ({
              ...operation,
              operationId: operation.operationId.replace(/^\w+/, alias),
              tags: [alias]
            }))
          ] as const
        ]
      : []
  )
  return {
    ...specification,
    paths: { ...paths, ...Object.fromEntries(aliases) },
    tags: [
      ...specification.tags,
      { name: alias, description: "The same as /images, with links that stay below /repositories" }
    ]
  }
}
