/**
 * Steps in processes of their own.
 *
 * @since 0.1.0
 */
import { execFile } from "node:child_process"
import { Effect, Schema } from "effect"
import type { Crawled, Loaded, Saved, Step } from "./Step.ts"

/**
 * A step ended without a result.
 *
 * @category errors
 * @since 0.1.0
 */
export class StepError extends Schema.TaggedError<StepError>()("StepError", { detail: Schema.String }) {
  override get message(): string {
    return this.detail
  }
}

const program = decodeURIComponent(new URL("process.ts", import.meta.url).pathname)

/**
 * Runs a step with a new Node of the same version, without any flags; at most ten minutes.
 *
 * @category measuring
 * @since 0.1.0
 */
export const run: {
  (step: Step & { readonly _tag: "crawl" }): Effect.Effect<Crawled, StepError>
  (step: Step & { readonly _tag: "save" }): Effect.Effect<Saved, StepError>
  (step: Step & { readonly _tag: "load" }): Effect.Effect<Loaded, StepError>
} = (step: Step): Effect.Effect<never, StepError> =>
  Effect.callback((resume) => {
    const options = { timeout: 600_000, killSignal: "SIGKILL" as const }
    const child = execFile(process.execPath, [program, JSON.stringify(step)], options, (error, stdout, stderr) => {
      resume(
        error === null
          ? Effect.sync(() => JSON.parse(stdout) as never)
          : Effect.fail(new StepError({ detail: `${step._tag}: ${stderr.trim().slice(-2000) || error.message}` }))
      )
    })
    return Effect.sync(() => child.kill("SIGKILL"))
  })
