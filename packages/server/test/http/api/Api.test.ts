import { describe, expect, it } from "@effect/vitest"
import { Growth, Listing } from "@gitlab-registry-usage/core"
import * as Api from "../../../src/http/api/Api.ts"

describe("OpenAPI", () => {
  const { paths } = Api.description("")
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
    for (const [path, { get }] of Object.entries(paths)) {
      for (const { description, name, schema } of (get?.parameters ?? []) as ReadonlyArray<{
        readonly name: string
        readonly description?: string
        readonly schema: { readonly description?: string }
      }>) {
        expect(schema.description ?? description, `${path} ${name}`).toMatch(/\w{4}/)
      }
    }
  })

  it("describes only the parameters that a resource uses", () => {
    expect(Object.keys(query("/images/{image}"))).toEqual(["embed", "links", "at"])
    expect(Object.keys(query("/status"))).toEqual(["embed", "links"])
    expect(Object.keys(query("/history"))).toEqual(["embed", "links", "from", "to", "step"])
  })
})
