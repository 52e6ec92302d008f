import { expect, it } from "@effect/vitest"
import { readFileSync } from "node:fs"
import { join } from "node:path"
import { root } from "../../scripts/workspace.mjs"

it("the adapter in docs/writing-an-adapter.md is the tested example", () => {
  const page = readFileSync(join(root, "docs/writing-an-adapter.md"), "utf8")
  expect(page).toContain(`\`\`\`ts\n${readFileSync(join(root, "examples/htpasswd.ts"), "utf8")}\`\`\`\n`)
})
