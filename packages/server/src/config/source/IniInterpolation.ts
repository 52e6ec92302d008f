/**
 * Interpolation of INI values as Python's `configparser.BasicInterpolation` does it: `%(key)s` stands for another value,
 * `%%` for a percent sign.
 */
import { Result } from "effect"

/** As in Python, deeper references are a cycle. */
const deepest = 10

/**
 * The value with every `%(key)s` replaced by the result of `lookup` for that key, in lower case, and every `%%` by `%`;
 * or the reason why this is not possible. The message quotes only the name of a key.
 */
export const interpolate = (
  value: string,
  lookup: (key: string) => string | undefined,
  depth = 1
): Result.Result<string, string> => {
  if (depth > deepest) return Result.fail("its %(key)s refer to each other in a circle, or are nested too deep")
  let problem: string | undefined
  const text = value.replaceAll(/%(?:(%)|\(([^)]+)\)s|)/g, (_, percent?: string, name?: string) => {
    if (percent !== undefined) return "%"
    if (name === undefined) {
      problem ??= "has a % that stands alone; a percent sign is written %%"
      return ""
    }
    const found = lookup(name.toLowerCase())
    if (found === undefined) {
      problem ??= `refers to %(${name})s, which neither its section nor [DEFAULT] has`
      return ""
    }
    // As in Python, a value without a percent sign does not count for the depth.
    if (!found.includes("%")) return found
    const nested = interpolate(found, lookup, depth + 1)
    if (Result.isSuccess(nested)) return nested.success
    problem ??= nested.failure
    return ""
  })
  return problem === undefined ? Result.succeed(text) : Result.fail(problem)
}

/** The keys that the value refers to by `%(key)s`, in lower case. */
export const references = (value: string): ReadonlyArray<string> =>
  [...value.replaceAll("%%", "").matchAll(/%\(([^)]+)\)s/g)].map((match) => match[1]!.toLowerCase())
