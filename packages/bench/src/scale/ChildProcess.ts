/** Runs each step in a process of its own, so that the memory is that of the step alone. */
import { Servers } from "@gitlab-registry-usage/test-servers"
import { Effect } from "effect"
import type * as Crawling from "./Crawling.ts"
import type * as Keeping from "./Keeping.ts"

export type Steps = Pick<typeof Crawling & typeof Keeping, "crawl" | "save" | "load">

/** The measurements of a step. Times are in milliseconds, memory is resident memory in MiB. */
export type Measured<Name extends keyof Steps> = Effect.Success<ReturnType<Steps[Name]>>

const program = decodeURIComponent(new URL("process.ts", import.meta.url).pathname)

/** Runs a step with a new Node of the same version, without any flags; at most ten minutes. */
export const run = <Name extends keyof Steps>(
  name: Name,
  ...args: Parameters<Steps[Name]>
): Effect.Effect<Measured<Name>, Servers.ServerError> => {
  const options = { timeout: 600_000, killSignal: "SIGKILL" } as const
  return Effect.map(
    Servers.run(process.execPath, [program, JSON.stringify([name, ...args])], options),
    (text) => JSON.parse(text) as Measured<Name>
  )
}
