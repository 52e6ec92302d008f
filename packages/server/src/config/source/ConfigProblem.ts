/**
 * What is wrong with the configuration, told so that the operator can mend it: all of it at once, and no secret in it.
 *
 * @since 0.1.0
 */
import { Runtime, Schema } from "effect"

/**
 * Where a value comes from: a line of the file, an environment variable, or nowhere.
 *
 * @category models
 * @since 0.1.0
 */
export const ConfigOrigin = Schema.TaggedUnion({
  File: { path: Schema.String, line: Schema.optionalKey(Schema.Int) },
  Variable: { name: Schema.String },
  Nowhere: {}
})
/**
 * @category models
 * @since 0.1.0
 */
export type ConfigOrigin = typeof ConfigOrigin.Type

/**
 * One thing that is wrong: with what, where it was said, and what is accepted instead. It never holds a value, because
 * a secret may stand in the wrong place.
 *
 * @category models
 * @since 0.1.0
 */
export const ConfigProblem = Schema.Struct({
  subject: Schema.String,
  origin: ConfigOrigin,
  message: Schema.String
})
/**
 * @category models
 * @since 0.1.0
 */
export type ConfigProblem = typeof ConfigProblem.Type

/**
 * The origin as the operator would look it up: `file:line`, the variable, or nothing.
 *
 * @category formatting
 * @since 0.1.0
 */
export const formatOrigin = (origin: ConfigOrigin): string => {
  switch (origin._tag) {
    case "File":
      return origin.line === undefined ? origin.path : `${origin.path}:${origin.line}`
    case "Variable":
      return origin.name
    case "Nowhere":
      return ""
  }
}

/**
 * One line for one problem, without the line's end.
 *
 * @category formatting
 * @since 0.1.0
 */
export const formatProblem = ({ message, origin, subject }: ConfigProblem): string =>
  [subject, origin._tag === "Nowhere" ? "" : `(${formatOrigin(origin)})`].filter((part) => part !== "").join(" ") +
  `: ${message}`

/**
 * The configuration cannot be used. A program that ends with it exits with status 2, and has nothing to add to its
 * message.
 *
 * @category errors
 * @since 0.1.0
 */
export class ConfigurationError extends Schema.TaggedError<ConfigurationError>()("ConfigurationError", {
  problems: Schema.NonEmptyArray(ConfigProblem)
}) {
  override readonly [Runtime.errorExitCode] = 2
  override readonly [Runtime.errorReported] = false

  override get message(): string {
    const count = this.problems.length === 1 ? "one problem" : `${this.problems.length} problems`
    return [`the configuration has ${count}:`, ...this.problems.map((problem) => `  ${formatProblem(problem)}`)].join(
      "\n"
    )
  }
}
