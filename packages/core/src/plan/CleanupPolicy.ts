/**
 * What GitLab's cleanup policy would delete from a repository.
 *
 * Source: GitLab, "Delete container images from the container registry with a cleanup policy", "How the cleanup policy
 * works"; app/services/projects/container_repository/cleanup_tags_base_service.rb.
 *
 * @since 0.1.0
 */

/**
 * A tag as the policy sees it. `createdAt` is in milliseconds since 1970, undefined where it is not known.
 *
 * @category models
 * @since 0.1.0
 */
export interface Candidate {
  readonly name: string
  readonly createdAt: number | undefined
}

/**
 * The rules. GitLab matches its expressions against the whole name and with the syntax of RE2.
 *
 * @category models
 * @since 0.1.0
 */
export interface Policy {
  /** `name_regex`: which tags may be deleted. */
  readonly matches: (name: string) => boolean
  /** `name_regex_keep`: which tags stay in any case. */
  readonly keeps: (name: string) => boolean
  /** `keep_n`: how many of the newest among those that may be deleted stay. */
  readonly keepCount: number | undefined
  /** `older_than` as an instant in milliseconds since 1970: what was created later stays. */
  readonly olderThan: number | undefined
}

/**
 * What happens to a tag, and by which rule it stays. It is `unknown` where that depends on a date which is not known.
 *
 * @category models
 * @since 0.1.0
 */
export type Verdict = "delete" | "latest" | "no match" | "name_regex_keep" | "keep_n" | "older_than" | "unknown"

/**
 * The verdict on each tag, in the order given. The steps are GitLab's: `latest` stays; then the expressions; then the
 * newest `keepCount` stay, and of equal age those that come later by name; then those that are not old enough.
 *
 * @category simulating
 * @since 0.1.0
 */
export const simulate = (tags: ReadonlyArray<Candidate>, policy: Policy): ReadonlyArray<Verdict> => {
  const byName = tags.map(({ name }): Verdict | undefined =>
    name === "latest"
      ? "latest"
      : !policy.matches(name)
        ? "no match"
        : policy.keeps(name)
          ? "name_regex_keep"
          : undefined
  )
  const left = [...tags.keys()].filter((i) => byName[i] === undefined)
  const isDated = left.every((i) => tags[i]!.createdAt !== undefined)
  const keepCount = policy.keepCount ?? 0
  const newest = left.toSorted(
    (a, b) => (tags[b]!.createdAt ?? 0) - (tags[a]!.createdAt ?? 0) || (tags[a]!.name < tags[b]!.name ? 1 : -1)
  )
  // The newest can be found only where all dates are known, unless all tags stay.
  const kept = new Set(isDated || keepCount >= left.length ? newest.slice(0, keepCount) : [])
  return tags.map(({ createdAt }, i): Verdict => {
    const verdict = byName[i]
    if (verdict !== undefined) return verdict
    if (kept.has(i)) return "keep_n"
    if (policy.olderThan !== undefined) {
      if (createdAt === undefined) return "unknown"
      if (createdAt >= policy.olderThan) return "older_than"
    }
    return keepCount > 0 && !isDated ? "unknown" : "delete"
  })
}
