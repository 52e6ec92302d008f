/** The list of gaps. */
import type { Gap, Status } from "../../api/Resources.ts"
import * as Format from "../../view/Format.ts"
import { usePage } from "../../view/PageContext.ts"

const target = ({ digest, repository = "the list of repositories", tag }: Gap) =>
  tag !== undefined
    ? `${repository}:${tag}`
    : digest !== undefined
      ? `${repository}@${Format.shortDigest(digest)}`
      : repository

/** The place of a gap, as a link if the page has that place. */
const GapLink = ({ gap }: { readonly gap: Gap }) => {
  const { href } = usePage()
  if (gap.repository === undefined) return <span>{target(gap)}</span>
  return <a href={href({ detail: gap.tag === undefined ? gap.repository : target(gap) })}>{target(gap)}</a>
}

export const GapList = ({ gaps, named = true }: { readonly gaps: ReadonlyArray<Gap>; readonly named?: boolean }) => {
  if (gaps.length === 0) return null
  return (
    <ul class="gaps">
      {gaps.map((gap, i) => (
        <li key={i}>
          {(named || gap.tag !== undefined || gap.digest !== undefined) && <GapLink gap={gap} />}
          <span>
            <strong>{gap.reason}</strong>
            {gap.detail ? `: ${gap.detail}` : ""}
          </span>
          {gap.kept === true && <small>The figures of an earlier crawl are shown instead.</small>}
        </li>
      ))}
    </ul>
  )
}

export const Gaps = ({ status }: { readonly status: Status | undefined }) => {
  const { view } = usePage()
  if (view.instant !== undefined)
    return <p class="muted">Why something could not be read is known for the latest snapshot only.</p>
  if (status?.gaps === undefined) return <p role="status">Loading …</p>
  if (status.gaps.length === 0) return <p class="muted">Everything was read.</p>
  const left = (status.gaps_total ?? status.gaps.length) - status.gaps.length
  return (
    <>
      <p class="muted">
        {status.gaps.every(({ kept }) => kept)
          ? "The figures of an earlier crawl are shown for these."
          : "These are missing from the figures; an unknown size never counts as 0."}
      </p>
      <GapList gaps={status.gaps} />
      {left > 0 && <p class="muted">And {Format.count(left)} more.</p>}
    </>
  )
}
