/** The figures of the whole registry. */
import type { ComponentChildren } from "preact"
import { useEffect, useState } from "preact/hooks"
import type { Link } from "../api/Links.ts"
import type { Image, Status, Totals } from "../api/Resources.ts"
import * as Projection from "../usage/Projection.ts"
import { useGrowth } from "../usage/useGrowth.ts"
import * as Format from "../view/Format.ts"
import * as Location from "../view/Location.ts"
import { type Capacity, usePage } from "../view/PageContext.ts"
import { sizeNames } from "../view/SizeNames.ts"
import { AtLeast, ByteSize } from "./controls/ByteSize.tsx"
import { Icon } from "./controls/Icon.tsx"

interface Props {
  readonly totals: Totals
  readonly images: ReadonlyArray<Image>
  /** The link to the growth of the registry, where the server has a history. */
  readonly growth: Link | undefined
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
  /** A line between the value and the rest. */
  readonly fill?: ComponentChildren
  readonly children: ComponentChildren
}

const Figure = ({ children, fill, label, title, value, valueClass = "value", valueTitle }: FigureProps) => (
  <div class="figure">
    <dt class="caption" title={title}>
      {label}
    </dt>
    <dd class={valueClass} title={valueTitle}>
      {value}
    </dd>
    {fill !== undefined && <dd class="caption">{fill}</dd>}
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

interface UsedProps {
  readonly disk: number | null
  readonly partial: boolean
  readonly capacity: Capacity
}

/** What is used of the capacity, in the unit in which the capacity is configured. */
const Used = ({ capacity, disk, partial }: UsedProps) => {
  const { units } = usePage()
  const [total, unit] = Format.bytesPartsIn(capacity.bytes, capacity.unit, units)
  const [used, usedUnit] = disk === null ? ["unknown", unit] : Format.bytesPartsIn(disk, unit, units)
  return (
    <>
      {partial && disk !== null && <AtLeast />}
      {used}{" "}
      <small>
        {usedUnit !== unit && `${usedUnit} `}of {total} {unit}
      </small>
      <span class="unseen">,</span>
    </>
  )
}

interface FillProps extends UsedProps {
  readonly growth: Link | undefined
  /** In seconds since 1970. */
  readonly now: number
}

/** How full the disk is, and when it will be full if its growth continues. */
const Fill = ({ capacity, disk, growth, now, partial }: FillProps) => {
  const { units } = usePage()
  const projection = useGrowth(growth, Location.start).latest?.projection ?? undefined
  if (disk === null) return <>how full it is, is not known</>
  const share = Format.leastPercent(disk / capacity.bytes, partial)
  if (disk >= capacity.bytes) {
    const excess = disk - capacity.bytes
    return (
      <span class="flag-warn">
        {share}, full{excess > 0 && `, ${Format.bytesPartsIn(excess, capacity.unit, units).join(" ")} over`}
      </span>
    )
  }
  const words = projection && Projection.words(projection, now)
  const isNear = typeof projection?.days === "number" && projection.days < Projection.soon
  return (
    <span class={isNear ? "flag-warn" : undefined}>
      {share}
      {words !== undefined && `, ${words}`}
    </span>
  )
}

export const Summary = ({ growth, images, loading, onReload, status, totals }: Props) => {
  const { capacity, href, units, view } = usePage()
  const now = useNow()
  const { disk_size: disk, partial, size } = totals
  const unshared = images.reduce((sum, { unique_size }) => sum + (unique_size ?? 0), 0)
  const shared = disk === null ? null : Math.max(0, disk - unshared)
  const unreadable = images.filter(({ size }) => size === null).length
  const kept = images.filter(({ stale }) => stale === true).length
  const gaps = Math.max(totals.gaps, unreadable)
  const stale = totals.stale === true || status?.stale === true
  const newer = typeof status?.timestamp === "number" && status.timestamp > totals.timestamp
  // The capacity of the past is not known.
  const known = capacity && view.instant === undefined ? { capacity, disk, partial: partial === true } : undefined
  return (
    <section class="summary" aria-label="Summary">
      <dl class="figures">
        <Figure
          label={sizeNames.disk_size.label}
          title="Each stored blob once. Untagged content is not counted"
          value={known === undefined ? <ByteSize bytes={disk} partial={partial} /> : <Used {...known} />}
          fill={known && <Fill {...known} growth={growth} now={now} />}
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
            <span class="flag flag-warn" title={status?.last_error ?? status?.leadership_error ?? undefined}>
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
