/**
 * Results of a pure function, kept for the few values of a header that clients really send.
 *
 * @since 0.1.0
 */

const capacity = 100

/**
 * The function, which remembers what it returned for the first hundred values of its argument.
 *
 * @category constructors
 * @since 0.1.0
 */
export const remembered = <A>(f: (value: string | undefined) => A): ((value: string | undefined) => A) => {
  const known = new Map<string | undefined, A>()
  return (value) => {
    const found = known.get(value)
    if (found !== undefined || known.has(value)) return found as A
    const result = f(value)
    if (known.size < capacity) known.set(value, result)
    return result
  }
}
