/** The figures of the whole registry. */
import { useEffect, useState } from "preact/hooks"
import type { Image, Status, Totals } from "../api/Resources.ts"
import * as Format from "../view/Format.ts"
import { useShell } from "../view/Shell.ts"
import { Icon } from "./controls/Icon.tsx"

interface Props {
  readonly totals: Totals
  readonly images: ReadonlyArray<Image>
  readonly status: Status | undefined
  readonly loading: boolean
  readonly onReload: () => void
}

const Big = ({ bytes }: { readonly bytes: number | null }) => {
  const { units } = useShell()
  if (bytes === null) return <>unknown</>
  const [number, unit] = Format.bytesParts(bytes, units)
  return (
    <>
      {number} <small>{unit}</small>
    </>
  )
}

/** The time in seconds, every half minute. */
const useNow = () => {
  const [now, setNow] = useState(() => Date.now() / 1000)
  useEffect(() => {
    const timer = setInterval(() => setNow(Date.now() / 1000), 30_000)
    return () => clearInterval(timer)
  }, [])
  return now
}

export const Summary = ({ images, loading, onReload, status, totals }: Props) => {
  const { href, units, view } = useShell()
  const now = useNow()
  const disk = totals.disk_size ?? 0
  const virtual = totals.size ?? 0
  const ofOne = images.reduce((sum, { unique_size }) => sum + (unique_size ?? 0), 0)
  const shared = Math.max(0, disk - ofOne)
  const share = disk === 0 ? 0 : shared / disk
  const unreadable = images.filter(({ size }) => size === null).length
  const kept = images.filter(({ stale }) => stale === true).length
  const stale = totals.stale === true || status?.stale === true
  const newer = typeof status?.timestamp === "number" && status.timestamp > totals.timestamp
  return (
    <section class="summary" aria-label="Summary">
      <dl class="figures">
        <div class="figure figure-main">
          <dt title="What is stored, each blob once">On disk</dt>
          <dd class="value">
            <Big bytes={totals.disk_size} />
          </dd>
          <dd class="more">
            {Format.counted(totals.images, "repository", "repositories")}, {Format.counted(totals.tags, "tag")}
            {totals.accounting === "layers" && ", layers only"}
          </dd>
        </div>
        <div class="figure">
          <dt title="What the tags add up to, as if nothing were shared">Virtual</dt>
          <dd class="value">
            <Big bytes={totals.size} />
          </dd>
          <dd class="more">
            {disk > 0 && virtual > disk ? `${(virtual / disk).toFixed(1)} × what is stored` : "what the tags add up to"}
          </dd>
        </div>
        <div class="figure">
          <dt title="What of the disk is used by more than one repository">Shared</dt>
          <dd class="value">
            {Format.percent(share).replace(" %", "")} <small>%</small>
          </dd>
          <dd class="more">{Format.bytes(shared, units)} across repositories</dd>
        </div>
        <div class="figure">
          <dt>{view.past === undefined ? "Last refresh" : "Looked at"}</dt>
          <dd class="value value-text" title={Format.at(totals.timestamp)}>
            {Format.ago(totals.timestamp, now)}
          </dd>
          <dd class="more">
            {stale ? (
              <span class="flag flag-warn" title={status?.last_error ?? undefined}>
                <Icon name="warning" /> stale: a later look failed
              </span>
            ) : newer ? (
              <button class="link" type="button" disabled={loading} onClick={onReload}>
                Show newer figures
              </button>
            ) : status?.crawling === true ? (
              "being refreshed now"
            ) : totals.duration === undefined ? (
              Format.at(totals.timestamp)
            ) : (
              `took ${Format.duration(totals.duration)}`
            )}
          </dd>
        </div>
        <div class="figure">
          <dt>Not readable</dt>
          <dd class="value">
            {Format.count(totals.gaps > 0 || unreadable > 0 ? Math.max(totals.gaps, unreadable) : 0)}
          </dd>
          <dd class="more">
            {totals.gaps > 0 || unreadable > 0 ? (
              <a class="flag flag-warn" href={href({ detail: "!gaps" })}>
                <Icon name="warning" />{" "}
                {unreadable > 0
                  ? Format.counted(unreadable, "repository", "repositories")
                  : kept > 0
                    ? `${Format.counted(kept, "repository", "repositories")} as before`
                    : "some tags"}
                , see why
              </a>
            ) : (
              "everything was read"
            )}
          </dd>
        </div>
      </dl>
    </section>
  )
}
