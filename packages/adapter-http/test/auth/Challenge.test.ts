import { assert, describe, it } from "@effect/vitest"
import * as Challenge from "../../src/auth/Challenge.ts"

const parsed = (header: string) =>
  Challenge.parse(header).map(({ parameters, scheme }) => [scheme, Object.fromEntries(parameters)])

describe("Challenge", () => {
  it("reads GitLab's", () => {
    assert.deepStrictEqual(
      parsed(
        'Bearer realm="https://gitlab.example.com/jwt/auth",service="container_registry",scope="repository:a/b:pull,push registry:catalog:*",error="invalid_token"'
      ),
      [
        [
          "bearer",
          {
            realm: "https://gitlab.example.com/jwt/auth",
            service: "container_registry",
            scope: "repository:a/b:pull,push registry:catalog:*",
            error: "invalid_token"
          }
        ]
      ]
    )
  })

  it("reads several in one header", () => {
    assert.deepStrictEqual(
      parsed('Negotiate YIIabc==, basic Realm = "a \\"quoted\\" one" , , Bearer realm=https://x/y,service=s,Digest'),
      [
        ["negotiate", {}],
        ["basic", { realm: 'a "quoted" one' }],
        ["bearer", { realm: "https://x/y", service: "s" }],
        ["digest", {}]
      ]
    )
  })

  it("F68 a repeated realm does not replace the first", () => {
    assert.deepStrictEqual(parsed('Bearer realm="https://a/",realm="https://b/"'), [
      ["bearer", { realm: "https://a/" }]
    ])
  })

  it("ends at what fits no grammar", () => {
    assert.deepStrictEqual(parsed(""), [])
    assert.deepStrictEqual(parsed('"Bearer"'), [])
    assert.deepStrictEqual(parsed('Bearer realm="open'), [
      ["bearer", {}],
      ["realm", {}]
    ])
    assert.deepStrictEqual(parsed(`Bearer realm="${"x".repeat(9000)}"`), [])
  })

  it("takes no time for a header made to take it", () => {
    const before = performance.now()
    for (const part of ["a ", "a=", 'a="\\', "a =b ", ",", " "]) Challenge.parse(part.repeat(8192 / part.length))
    assert.isBelow(performance.now() - before, 500)
  })
})
