/**
 * The known name that is nearest to a misspelt one. `effect/cli` has this for its flags, but does not export it.
 *
 * @since 0.1.0
 */

/** The longest part in which two names are compared, which bounds the time. */
const maximumDiffering = 80

/** The texts without their common begin and end. */
const differing = (a: string, b: string): readonly [string, string] => {
  const shorter = Math.min(a.length, b.length)
  let start = 0
  while (start < shorter && a[start] === b[start]) start++
  let end = 0
  while (end < shorter - start && a.at(-1 - end) === b.at(-1 - end)) end++
  return [a.slice(start, a.length - end), b.slice(start, b.length - end)]
}

/**
 * The number of letters to add, remove or change to turn one text into the other (Levenshtein distance); infinite if
 * they differ in a long part.
 */
const distance = (a: string, b: string): number => {
  const [from, to] = differing(a, b)
  if (Math.max(from.length, to.length) > maximumDiffering) return Infinity
  let row = Array.from({ length: to.length + 1 }, (_, index) => index)
  for (const [i, letter] of [...from].entries()) {
    const next = [i + 1]
    for (let j = 1; j <= to.length; j++) {
      next[j] = Math.min(next[j - 1]! + 1, row[j]! + 1, row[j - 1]! + (letter === to[j - 1] ? 0 : 1))
    }
    row = next
  }
  return row[to.length]!
}

/**
 * The candidate nearest to the name, if at most a third of the letters of the longer one differ, in any case.
 *
 * @category getters
 * @since 0.1.0
 */
export const suggest = (name: string, candidates: Iterable<string>): string | undefined => {
  let best: { readonly candidate: string; readonly distance: number } | undefined
  for (const candidate of candidates) {
    const limit = Math.max(name.length, candidate.length) / 3
    if (Math.abs(name.length - candidate.length) > limit) continue
    const here = distance(name.toLowerCase(), candidate.toLowerCase())
    if (here <= limit && (best === undefined || here < best.distance)) {
      best = { candidate, distance: here }
    }
  }
  return best?.candidate
}

/**
 * The end of a message about an unknown name: the nearest candidate, or the first of `others`.
 *
 * @category rendering
 * @since 0.1.0
 */
export const didYouMean = (name: string, candidates: Iterable<string>, others: ReadonlyArray<string> = []): string => {
  const suggestion = suggest(name, candidates) ?? others[0]
  return suggestion === undefined ? "" : `; did you mean ${suggestion}?`
}
