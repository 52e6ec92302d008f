/** The problems of the configuration. None contains a secret. */
import { Runtime, Schema } from "effect"

/**
 * One problem: its key, where the key is set (`file:line`, a variable, or nothing), and what is accepted instead. It
 * never contains a value, because a secret may be in the wrong place.
 *
 * @category models
 * @since 0.1.0
 */
export const ConfigProblem = Schema.Struct({ subject: Schema.String, origin: Schema.String, message: Schema.String })

/**
 * @category models
 * @since 0.1.0
 */
export type ConfigProblem = typeof ConfigProblem.Type

const format = ({ message, origin, subject }: ConfigProblem): string =>
  `${[subject, origin && `(${origin})`].filter((part) => part !== "").join(" ")}: ${message}`

/**
 * The configuration cannot be used. The message lists all problems. A program that fails with it exits with status 2.
 *
 * @category errors
 * @since 0.1.0
 */
export class ConfigurationError extends Schema.TaggedError<ConfigurationError>()("ConfigurationError", {
  problems: Schema.NonEmptyArray(ConfigProblem)
}) {
  override readonly [Runtime.errorExitCode] = 2

  override get message(): string {
    const count = this.problems.length === 1 ? "one problem" : `${this.problems.length} problems`
    return [`the configuration has ${count}:`, ...this.problems.map((problem) => `  ${format(problem)}`)].join("\n")
  }
}
