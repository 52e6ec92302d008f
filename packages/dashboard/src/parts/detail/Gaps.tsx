/** What could not be read, and why. */
import type { Gap, Status } from "../../api/Resources.ts"
import * as Format from "../../view/Format.ts"
import { useShell } from "../../view/Shell.ts"

const targetOf = ({ digest, repository, tag }: Gap) =>
  tag !== undefined
    ? `${repository}:${tag}`
    : digest !== undefined
      ? `${repository}@${Format.shortDigest(digest)}`
      : repository

export const GapList = ({ gaps, named = true }: { readonly gaps: ReadonlyArray<Gap>; readonly named?: boolean }) => {
  const { href } = useShell()
  if (gaps.length === 0) return null
  return (
    <ul class="gaps">
      {gaps.map((gap, i) => (
        <li key={i}>
          {(named || gap.tag !== undefined || gap.digest !== undefined) && (
            <a href={href({ detail: gap.tag === undefined ? gap.repository : `${gap.repository}:${gap.tag}` })}>
              {targetOf(gap)}
            </a>
          )}
          <span>
            <strong>{gap.reason}</strong>
            {gap.detail ? `: ${gap.detail}` : ""}
          </span>
          {gap.kept === true && <small>The figures of an earlier look are shown instead.</small>}
        </li>
      ))}
    </ul>
  )
}

export const Gaps = ({ status }: { readonly status: Status | undefined }) => {
  const { view } = useShell()
  if (view.past !== undefined) return <p class="detail-text">Why something could not be read is told of now only.</p>
  if (status?.gaps === undefined) return <p role="status">Loading …</p>
  if (status.gaps.length === 0) return <p class="detail-text">Everything was read.</p>
  const left = (status.gaps_total ?? status.gaps.length) - status.gaps.length
  return (
    <>
      <p class="detail-text">
        {status.gaps.every(({ kept }) => kept)
          ? "The figures hold what was known of these before."
          : "These are missing from the figures; what is unknown is never counted as 0."}
      </p>
      <GapList gaps={status.gaps} />
      {left > 0 && <p class="detail-text">And {Format.count(left)} more.</p>}
    </>
  )
}
