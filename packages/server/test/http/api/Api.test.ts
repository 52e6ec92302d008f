import { describe, expect, it } from "@effect/vitest"
import { Growth, Listing } from "@gitlab-registry-usage/core"
import type { OpenApi } from "effect/http-api"
import * as Api from "../../../src/http/api/Api.ts"

type Operation = OpenApi.OpenAPISpecOperation

const words = /\w{3,}.*\w{3,}/

describe("OpenAPI", () => {
  const { components, openapi, paths, security } = Api.description("")
  const operations = Object.entries(paths).flatMap(([path, item]) =>
    Object.entries(item as Record<string, Operation>).map(([method, operation]) => ({ method, path, operation }))
  )
  const query = (path: string) =>
    Object.fromEntries(
      (paths[path]!.get!.parameters ?? [])
        .filter((parameter) => parameter.in === "query")
        .map(({ name, required, schema }) => [name, { required, ...schema }])
    )

  it("describes parameters by their values", () => {
    expect(query("/images")).toMatchObject({
      embed: { required: false, anyOf: [{ type: "integer", minimum: 0 }, { type: "boolean" }] },
      links: { required: false, type: "boolean" },
      at: { required: false, type: "string" },
      sort: { required: false, type: "string", enum: Listing.sorts },
      filter: { required: false, type: "string", maxLength: 256 },
      page_size: { required: false, type: "integer", minimum: 1, maximum: 1000 },
      cursor: { required: false, type: "string" }
    })
    expect(query("/growth")).toMatchObject({
      from: { type: "string" },
      to: { type: "string" },
      by: { type: "string", enum: Growth.measures },
      of: { type: "string", enum: Growth.entityKinds },
      limit: { type: "integer", minimum: 1, maximum: 1000 }
    })
    expect(query("/history")["step"]).toMatchObject({ type: "string", examples: expect.arrayContaining(["1h"]) })
  })

  it("describes every parameter and header where viewers show it", () => {
    expect(operations.flatMap(({ operation }) => operation.parameters).length).toBeGreaterThan(100)
    for (const { method, operation, path } of operations) {
      for (const { description, in: place, name, schema, ...rest } of operation.parameters) {
        const where = `${method} ${path} ${name}`
        expect(description, where).toMatch(words)
        expect(schema, where).not.toHaveProperty("description")
        expect("type" in schema || "anyOf" in schema, where).toBe(true)
        // A viewer sends the example of a parameter: only what must be there has one.
        expect(Object.hasOwn(rest, "example"), where).toBe(place === "path")
        if (place === "path") expect(path, where).toContain(`{${name}}`)
      }
      expect((path.match(/\{/g) ?? []).length, path).toBe(
        operation.parameters.filter((parameter) => parameter.in === "path").length
      )
      for (const [status, { content = {}, description, headers = {} }] of Object.entries(operation.responses)) {
        expect(description, `${method} ${path} ${status}`).toMatch(/\w{3,}/)
        for (const [name, header] of Object.entries(headers)) expect(header.description, name).toMatch(words)
        for (const type of Object.keys(content)) expect(type).toMatch(/^\w+\/[\w.+-]+$/)
        if (Number(status) >= 400) expect(Object.keys(content), path).toEqual(["application/problem+json"])
      }
    }
  })

  it("has defaults, limits and values in the schema", () => {
    expect(query("/growth")).toMatchObject({
      by: { default: "new_bytes" },
      of: { default: "images" },
      limit: { default: 20 }
    })
  })

  it("has /repositories as a second name of /images, and both media types of documents", () => {
    for (const [path, item] of Object.entries(paths).filter(([path]) => path.startsWith("/images"))) {
      const alias = paths[path.replace("/images", "/repositories")]!
      expect(alias.get!.parameters).toEqual(item.get!.parameters)
      expect(alias.get!.responses).toEqual(item.get!.responses)
      expect(Object.keys(item.get!.responses[200]!.content!)).toEqual(["application/hal+json", "text/html"])
    }
    expect(paths["/repositories/{image}/tags/{tag}/blobs"]).toBeDefined()
  })

  it("is sound: operations have ids of their own, and security schemes exist", () => {
    expect(openapi).toBe("3.1.0")
    const ids = operations.map(({ operation }) => operation.operationId)
    expect(ids.toSorted()).toEqual([...new Set(ids)].toSorted())
    for (const scheme of Object.values(components.securitySchemes)) expect(scheme.description).toMatch(words)
    for (const { operation } of operations) {
      for (const scheme of [...operation.security, ...security].flatMap(Object.keys)) {
        expect(components.securitySchemes).toHaveProperty(scheme)
      }
    }
  })

  it("describes only the parameters that a resource uses", () => {
    expect(Object.keys(query("/images/{image}"))).toEqual(["embed", "links", "at"])
    expect(Object.keys(query("/status"))).toEqual(["embed", "links"])
    expect(Object.keys(query("/history"))).toEqual(["embed", "links", "from", "to", "step"])
  })
})
