import { Markup } from "@gitlab-registry-usage/core"
import { expect, it } from "@effect/vitest"

it("escapes what ends content or a quoted attribute, and nothing else", () =>
  expect(Markup.escape(`<a href="x" title='y'>&lt; ü`)).toBe(
    "&lt;a href=&quot;x&quot; title=&#39;y&#39;&gt;&amp;lt; ü"
  ))
