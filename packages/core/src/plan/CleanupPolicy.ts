/**
 * What GitLab's cleanup policy would delete from a repository.
 *
 * Source: GitLab, "Delete container images from the container registry with a cleanup policy", "How the cleanup policy
 * works"; app/services/projects/container_repository/cleanup_tags_base_service.rb.
 *
 * @since 0.1.0
 */

/**
 * When a tag was published, in milliseconds since 1970: when it was pushed, where the registry has the metadata database,
 * else when its image was made. It is `none` where there is no such date, and `unread` where it could not be read.
 *
 * @category models
 * @since 0.1.0
 */
export type PublishedAt = number | "none" | "unread"

/**
 * A tag as the policy sees it.
 *
 * @category models
 * @since 0.1.0
 */
export interface Candidate {
  readonly name: string
  readonly publishedAt: PublishedAt
}

/**
 * The rules.
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
  /** `older_than` as an instant in milliseconds since 1970: what was published later stays. */
  readonly olderThan: number | undefined
  /** The instant of the run in milliseconds since 1970: `keep_n` takes a tag without a date to be as new. */
  readonly now: number
}

/**
 * What happens to a tag, and by which rule it stays. It is `unknown` where that depends on a date that could not be read.
 *
 * @category models
 * @since 0.1.0
 */
export type Verdict = "delete" | "latest" | "no match" | "name_regex_keep" | "keep_n" | "older_than" | "unknown"

const byName = (name: string, policy: Policy): Verdict | undefined => {
  if (name === "latest") return "latest"
  if (!policy.matches(name)) return "no match"
  return policy.keeps(name) ? "name_regex_keep" : undefined
}

/**
 * The tags whose dates `simulate` needs, as places in `names`.
 *
 * @category simulating
 * @since 0.1.0
 */
export const needDates = (names: ReadonlyArray<string>, policy: Policy): ReadonlyArray<number> => {
  const left = [...names.keys()].filter((i) => byName(names[i]!, policy) === undefined)
  const keepCount = policy.keepCount ?? 0
  return left.length > keepCount && (keepCount > 0 || policy.olderThan !== undefined) ? left : []
}

/**
 * The verdict on each tag, in the order given. The steps are GitLab's: `latest` stays; then the expressions; then the
 * newest `keepCount` stay, and of equal age those that come later by name; then those that have no date or are not old
 * enough.
 *
 * @category simulating
 * @since 0.1.0
 */
export const simulate = (tags: ReadonlyArray<Candidate>, policy: Policy): ReadonlyArray<Verdict> => {
  const verdicts = tags.map(({ name }) => byName(name, policy))
  const instants = tags.map(({ publishedAt }) => (publishedAt === "none" ? policy.now : publishedAt))
  const left = [...tags.keys()].filter((i) => verdicts[i] === undefined)
  const newest = left
    .filter((i) => instants[i] !== "unread")
    .toSorted((a, b) => Number(instants[b]) - Number(instants[a]) || (tags[a]!.name < tags[b]!.name ? 1 : -1))
  const ranks = new Map(newest.map((i, rank) => [i, rank]))
  const unread = left.length - newest.length
  const { keepCount = 0, olderThan } = policy
  return tags.map(({ publishedAt }, i): Verdict => {
    const verdict = verdicts[i]
    if (verdict !== undefined) return verdict
    // Any tag with an unread date may be newer than this one.
    const rank = ranks.get(i) ?? 0
    const lowestRank = ranks.has(i) ? rank + unread : left.length - 1
    if (lowestRank < keepCount) return "keep_n"
    if (olderThan !== undefined) {
      if (publishedAt === "unread") return "unknown"
      if (publishedAt === "none" || publishedAt >= olderThan) return "older_than"
    }
    return rank < keepCount ? "unknown" : "delete"
  })
}
