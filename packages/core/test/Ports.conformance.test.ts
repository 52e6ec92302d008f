import { Leadership, LoginAttempts, Revocation } from "@gitlab-registry-usage/core"
import { LeadershipTest, LoginAttemptsTest, RevocationTest } from "@gitlab-registry-usage/core/conformance"
import { Effect } from "effect"

LeadershipTest.suite("Leadership.makeGroup", Leadership.makeGroup)
LoginAttemptsTest.suite("LoginAttempts.layerMemory", LoginAttempts.layerMemory)
RevocationTest.suite(
  "Revocation.layerMemory",
  Effect.map(Revocation.makeMemory, (revocation) => Effect.succeed(revocation))
)
