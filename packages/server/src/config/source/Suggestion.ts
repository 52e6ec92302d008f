/**
 * What somebody who mistyped a name may have meant.
 *
 * `effect/cli` has the same for its flags, but keeps it to itself.
 *
 * @since 0.1.0
 */

/** The least number of letters to add, remove or change that makes one text of the other (Levenshtein). */
const distance = (from: string, to: string): number => {
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
 * The candidate that is nearest to the name, where it is near enough to have been meant: at most a third of the longer
 * one's letters differ.
 *
 * @category suggestions
 * @since 0.1.0
 */
export const suggest = (name: string, candidates: Iterable<string>): string | undefined => {
  let best: { readonly candidate: string; readonly distance: number } | undefined
  for (const candidate of candidates) {
    const here = distance(name.slice(0, 80), candidate)
    if (here <= Math.max(name.length, candidate.length) / 3 && (best === undefined || here < best.distance)) {
      best = { candidate, distance: here }
    }
  }
  return best?.candidate
}
