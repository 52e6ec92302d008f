import { DirectoryTest } from "@gitlab-registry-usage/core/conformance"
import { DemoDirectory } from "../../src/index.ts"

const [demo, auditor, former] = DemoDirectory.users

DirectoryTest.suite("demo", DemoDirectory.layer, {
  accepted: [{ ...demo, spellings: ["DEMO"] }, auditor],
  refused: [former]
})
