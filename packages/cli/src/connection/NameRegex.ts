/**
 * The regular expressions of GitLab's cleanup policy.
 *
 * GitLab compiles them with RE2, which differs from JavaScript: it has no look-around and no back references, and has
 * `(?i)`, `\z` and `[[:alpha:]]`. This program must refuse what GitLab refuses, and no expression may hang it. re2js is a
 * port of RE2 to JavaScript; node-re2 is a native module, which a bundled program cannot contain.
 */
import { Effect } from "effect"
import { RE2JS } from "re2js"
import { type CommandFailure, usageError } from "../output/CommandFailure.ts"

/**
 * A function that returns whether a name matches. GitLab sets `\A` before the expression and `\z` behind it, without
 * brackets: `a|b` matches what begins with `a` or ends with `b`.
 */
export const compile = (text: string, flag: string): Effect.Effect<(name: string) => boolean, CommandFailure> =>
  Effect.map(
    Effect.try({
      try: () => {
        RE2JS.compile(text)
        return RE2JS.compile(`\\A${text}\\z`)
      },
      catch: () =>
        usageError(`${flag}: ${JSON.stringify(text)} is no expression of RE2`, "see github.com/google/re2/wiki/Syntax")
    }),
    (pattern) => (name: string) => pattern.test(name)
  )
