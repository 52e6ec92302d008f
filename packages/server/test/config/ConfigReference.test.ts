import { expect, it } from "@effect/vitest"
import { reference } from "../../src/config/ConfigReference.ts"

it("docs/configuration.md is generated from the table of keys; `vitest -u` writes it", async () => {
  await expect(reference).toMatchFileSnapshot("../../../../docs/configuration.md")
})
