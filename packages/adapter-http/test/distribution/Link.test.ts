import { assert, describe, it } from "@effect/vitest"
import { Result } from "effect"
import * as Link from "../../src/distribution/Link.ts"

const current = new URL("https://registry.example.com:5050/v2/a/tags/list?n=2")
const next = (header: string | undefined) =>
  Result.match(Link.nextPage(current, header), { onSuccess: (url) => url?.href, onFailure: ({ _tag }) => _tag })

describe("F118 Link", () => {
  it("F71 relative and absolute targets on the same origin are followed", () => {
    assert.strictEqual(next('</v2/a/tags/list?last=b&n=2>; rel="next"'), `${current.origin}/v2/a/tags/list?last=b&n=2`)
    assert.strictEqual(next("<?last=b>; rel=next"), `${current.origin}/v2/a/tags/list?last=b`)
    assert.strictEqual(next(`<${current.origin}/x>;rel="next"`), `${current.origin}/x`)
  })

  it("F71 targets on another scheme, host or port, or with a user, are not", () => {
    for (const target of [
      "http://registry.example.com:5050/v2/",
      "http://registry.example.com:5050/v2/b/tags/list",
      "https://registry.example.com/v2/",
      "https://registry.example.com:5051/v2/",
      "https://registry.example.com.evil.example:5050/v2/",
      "//evil.example/v2/",
      "\\\\evil.example/v2/",
      "https://user@registry.example.com:5050/v2/",
      "data:application/json,{}"
    ]) {
      assert.strictEqual(next(`<${target}>; rel="next"`), "Unsafe", target)
    }
  })

  it("takes of a link to the same listing the query alone, wherever the registry believes to be", () => {
    const expected = `${current.href.split("?")[0]}?last=b`
    for (const target of [
      "https://registry.internal/v2/a/tags/list?last=b",
      "http://registry.internal:5000/v2/a/tags/list?last=b",
      "http://user@registry.internal/v2/a/tags/list?last=b",
      "/a/tags/list?last=b",
      "/some/prefix/v2/a/tags/list?last=b"
    ]) {
      assert.strictEqual(next(`<${target}>; rel="next"`), expected, target)
    }
  })

  it("takes a relative link at the end of a redirect to be of the same listing", () => {
    const link = Link.nextPage(current, '<list?last=b>; rel="next"', "https://mirror.example/images/a/tags/list")
    assert.strictEqual(Result.getOrThrow(link)?.href, `${current.href.split("?")[0]}?last=b`)
    assert.isTrue(Result.isFailure(Link.nextPage(current, '</x>; rel="next"', "https://mirror.example/y")))
  })

  it("reads a target without brackets", () => {
    assert.strictEqual(next('/v2/a/tags/list?last=b&n=2; rel="next"'), `${current.origin}/v2/a/tags/list?last=b&n=2`)
    assert.strictEqual(next("?last=b;rel=next"), `${current.origin}/v2/a/tags/list?last=b`)
    assert.strictEqual(next(`</p>; rel=prev, ${current.origin}/n; rel=next`), `${current.origin}/n`)
  })

  it("chooses by relation, wherever it stands", () => {
    assert.strictEqual(next('</p>; rel="previous", </n>; rel="next"'), `${current.origin}/n`)
    assert.strictEqual(next('</n?a=1,2;b>; title="a, <b>; rel=x"; REL="prefetch NEXT"'), `${current.origin}/n?a=1,2;b`)
    assert.strictEqual(next('</p>; rel="previous"'), undefined)
    assert.strictEqual(next('</p>; rel="nextish"'), undefined)
    assert.strictEqual(next(undefined), undefined)
  })

  it("F71 what cannot be read is malformed, for it may have said that there is more", () => {
    for (const header of ["garbage", "<", "</n>; rel", "</n> rel=next", '<https://[>; rel="next"', '</n>; rel="next']) {
      const result = next(header)
      assert.include(["Malformed", undefined], result, header)
    }
    assert.strictEqual(next("garbage"), "Malformed")
    assert.strictEqual(next('</n>; rel="next'), "Malformed")
    assert.strictEqual(next('<https://[>; rel="next"'), "Malformed")
  })
})
