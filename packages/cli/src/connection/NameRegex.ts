/**
 * Regular expressions as GitLab's cleanup policy reads them.
 *
 * GitLab compiles them with RE2, which differs from JavaScript: it has no look-around and no references back, and has
 * `(?i)`, `\z` and `[[:alpha:]]`. An expression that GitLab refuses must be refused here too, and a slow one must not
 * hang this program. re2js is a port of RE2 in JavaScript without native code, kept up with Go's; node-re2 is a native
 * module, which a bundled program cannot carry.
 */
import { Effect } from "effect"
import { RE2JS } from "re2js"
import { type CommandFailure, usageError } from "../output/CommandFailure.ts"

/**
 * Whether a name matches as a whole, which is how GitLab applies its expressions.
 */
export const compile = (text: string, flag: string): Effect.Effect<(name: string) => boolean, CommandFailure> =>
  Effect.map(
    Effect.try({
      try: () => RE2JS.compile(text),
      catch: () =>
        usageError(`${flag}: ${JSON.stringify(text)} is no expression of RE2`, "see github.com/google/re2/wiki/Syntax")
    }),
    (pattern) => (name: string) => pattern.matches(name)
  )
