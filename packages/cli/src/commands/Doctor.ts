/**
 * `doctor`: finds what prevents a crawl.
 */
import { Console, Effect } from "effect"
import { Command } from "effect/cli"
import * as Connection from "../connection/Connection.ts"
import { print } from "../output/Print.ts"
import { root } from "../connection/SharedFlags.ts"
import { Status, CommandFailure } from "../output/CommandFailure.ts"

const signs = { ok: "✓", warning: "!", failed: "✗", skipped: "-" } as const

export const doctor = Command.make(
  "doctor",
  {},
  Effect.fnUntraced(function* () {
    const shared = yield* root
    const connection = yield* Connection.fromFlags(shared)
    const { run } = yield* Effect.promise(() => import("../connection/Diagnosis.ts"))
    const findings = yield* run(connection)
    yield* print(
      shared,
      {
        columns: [
          { key: "sign", field: "sign", heading: "", kind: "text", essential: true, audience: "people" },
          { key: "check", field: "check", heading: "CHECK", kind: "text", essential: true },
          { key: "state", field: "state", heading: "STATE", kind: "text", audience: "programs" },
          { key: "detail", field: "detail", heading: "DETAIL", kind: "prose" },
          { key: "hint", field: "hint", heading: "HINT", kind: "name", audience: "programs" }
        ],
        rows: findings.map(({ check, detail, hint, state }) => ({
          values: { sign: signs[state], check, state, detail, hint: hint ?? undefined }
        }))
      },
      { command: "doctor", rows: "checks", fields: {} }
    )
    const bad = findings.find(({ state }) => state === "failed")
    yield* Effect.forEach(
      findings.filter(({ hint, state }) => hint !== undefined && state === "warning"),
      ({ check, hint }) => Console.error(`hint: ${check}: ${hint}`)
    )
    if (bad !== undefined) {
      return yield* new CommandFailure({
        status: bad.status ?? Status.unexpected,
        message: `${bad.check}: ${bad.detail}`,
        ...(bad.hint === undefined ? {} : { hint: bad.hint })
      })
    }
  })
).pipe(Command.withDescription("Check names, TLS, token and rights, each with a hint"))
