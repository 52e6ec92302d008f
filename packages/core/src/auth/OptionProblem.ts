/**
 * What is wrong with the options of an adapter, as data, so that each program can name its own setting.
 *
 * @since 0.1.0
 */
import { Schema } from "effect"

/**
 * One problem: the path of the option, such as `group.baseDn`, and what to do. It never holds a secret.
 *
 * @category models
 * @since 0.1.0
 */
export const OptionProblem = Schema.Struct({ option: Schema.String, message: Schema.String })

/**
 * @category models
 * @since 0.1.0
 */
export type OptionProblem = typeof OptionProblem.Type

/**
 * All problems in one line.
 *
 * @category formatting
 * @since 0.1.0
 */
export const format = (problems: ReadonlyArray<OptionProblem>): string =>
  problems.map(({ message, option }) => `${option}: ${message}`).join("; ")
