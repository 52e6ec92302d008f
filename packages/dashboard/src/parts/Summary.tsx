/** The figures of the whole registry. */
import type { ComponentChildren } from "preact"
import { useEffect, useState } from "preact/hooks"
import type { Image, Status, Totals } from "../api/Resources.ts"
import * as Format from "../view/Format.ts"
import { usePage } from "../view/PageContext.ts"
import { sizeNames } from "../view/SizeNames.ts"
import { ByteSize } from "./controls/ByteSize.tsx"
import { Icon } from "./controls/Icon.tsx"

interface Props {
  readonly totals: Totals
  readonly images: ReadonlyArray<Image>
  readonly status: Status | undefined
  readonly loading: boolean
  readonly onReload: () => void
}

interface FigureProps {
  readonly label: string
  readonly title?: string
  readonly value: ComponentChildren
  readonly valueClass?: string
  readonly valueTitle?: string
  readonly children: ComponentChildren
}

const Figure = ({ children, label, title, value, valueClass = "value", valueTitle }: FigureProps) => (
  <div class="figure">
    <dt class="caption" title={title}>
      {label}
    </dt>
    <dd class={valueClass} title={valueTitle}>
      {value}
    </dd>
    <dd class="caption">{children}</dd>
  </div>
)

/** The time in seconds since 1970, updated every half minute. */
const useNow = () => {
  const [now, setNow] = useState(() => Date.now() / 1000)
  useEffect(() => {
    const timer = setInterval(() => setNow(Date.now() / 1000), 30_000)
    return () => clearInterval(timer)
  }, [])
  return now
}

const repositories = (count: number) => Format.counted(count, "repository", "repositories")

export const Summary = ({ images, loading, onReload, status, totals }: Props) => {
  const { href, units, view } = usePage()
  const now = useNow()
  const { disk_size: disk, partial, size } = totals
  const unshared = images.reduce((sum, { unique_size }) => sum + (unique_size ?? 0), 0)
  const shared = disk === null ? null : Math.max(0, disk - unshared)
  const unreadable = images.filter(({ size }) => size === null).length
  const kept = images.filter(({ stale }) => stale === true).length
  const gaps = Math.max(totals.gaps, unreadable)
  const stale = totals.stale === true || status?.stale === true
  const newer = typeof status?.timestamp === "number" && status.timestamp > totals.timestamp
  return (
    <section class="summary" aria-label="Summary">
      <dl class="figures">
        <Figure
          label={sizeNames.disk_size.label}
          title="What is stored, each blob once"
          value={<ByteSize bytes={disk} partial={partial} />}
        >
          {repositories(totals.images)}, {Format.counted(totals.tags, "tag")}
          {totals.accounting === "layers" && ", layers only"}
        </Figure>
        <Figure {...sizeNames.size} value={<ByteSize bytes={size} partial={partial} />}>
          {disk !== null && size !== null && disk > 0 && size > disk
            ? `${(size / disk).toFixed(1)} × what is stored`
            : "what the tags add up to"}
        </Figure>
        <Figure
          label="Shared"
          title="What of the disk is used by more than one repository"
          value={
            disk === null || shared === null ? (
              "unknown"
            ) : (
              <>
                {Format.percent(disk === 0 ? 0 : shared / disk).replace(" %", "")} <small>%</small>
              </>
            )
          }
        >
          {Format.bytes(shared, units)} across repositories
        </Figure>
        <Figure
          label={view.instant === undefined ? "Last refresh" : "Snapshot"}
          value={Format.ago(totals.timestamp, now)}
          valueClass="value value-text"
          valueTitle={Format.at(totals.timestamp)}
        >
          {stale ? (
            <span class="flag flag-warn" title={status?.last_error ?? undefined}>
              <Icon name="warning" /> stale: a later crawl failed
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
        </Figure>
        <Figure label="Not readable" value={Format.count(gaps)}>
          {gaps > 0 ? (
            <a class="flag flag-warn" href={href({ detail: "!gaps" })}>
              <Icon name="warning" />{" "}
              {unreadable > 0
                ? repositories(unreadable)
                : kept > 0
                  ? `${repositories(kept)} as before`
                  : "some tags or names"}
              , see why
            </a>
          ) : (
            "everything was read"
          )}
        </Figure>
      </dl>
    </section>
  )
}
