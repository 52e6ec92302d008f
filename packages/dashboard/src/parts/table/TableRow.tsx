/** A row of the table. */
import { Component } from "preact"
import type { NoteRow, Row, UsageRow } from "../../usage/Rows.ts"
import * as Format from "../../view/Format.ts"
import { usePage } from "../../view/PageContext.ts"
import { ByteSize } from "../controls/ByteSize.tsx"
import { Icon } from "../controls/Icon.tsx"

interface Props {
  readonly row: Row
  readonly index: number
  /** The size of the longest bar, in bytes. */
  readonly largest: number
  /** Whether the Tab key leads to this row. */
  readonly current: boolean
  readonly selected: boolean
  readonly onFocus: (key: string) => void
  readonly onSelect: (key: string) => void
  readonly onExpand: (key: string) => void
  readonly onRetry: (image: string) => void
}

const hue = (row: UsageRow) => String(Math.round(row.kind === "tag" ? row.repository.hue : row.node.hue))

const isPartial = (row: UsageRow): boolean =>
  row.kind === "namespace" ? row.node.partial : row.kind === "repository" && row.node.image.partial === true

const Size = ({ bytes, partial }: { readonly bytes: number | null | undefined; readonly partial: boolean }) => {
  if (bytes === undefined) return <span class="unknown">…</span>
  const state = bytes === null ? "unknown" : bytes === 0 ? "size zero" : "size"
  return (
    <span class={state}>
      <ByteSize bytes={bytes} partial={partial} />
    </span>
  )
}

/** Marks unreadable and stale rows. */
const Flags = ({ row }: { readonly row: UsageRow }) => {
  if (row.kind === "namespace") {
    return row.node.unreadable > 0 ? (
      <span
        class="flag flag-warn"
        title={`${Format.counted(row.node.unreadable, "repository", "repositories")} could not be read`}
      >
        <Icon name="warning" /> {row.node.unreadable}
        <span class="visually-hidden"> not readable</span>
      </span>
    ) : null
  }
  if (row.size === null) return <span class="flag flag-warn">not readable</span>
  if (row.kind === "tag") return null
  const { gaps = 0, stale } = row.node.image
  return (
    <>
      {gaps > 0 && (
        <span class="flag flag-warn" title="Some of its tags could not be read">
          {Format.counted(gaps, "gap")}
        </span>
      )}
      {stale === true && (
        <span class="flag flag-warn" title="The figures are those of an earlier crawl">
          stale
        </span>
      )}
    </>
  )
}

const Name = ({ onExpand, row }: { readonly row: UsageRow } & Pick<Props, "onExpand">) => {
  const { href } = usePage()
  return (
    <span class="name" style={{ "--level": String(row.level - 1), "--hue": hue(row) }}>
      {row.kind === "tag" ? (
        <span class="toggle" />
      ) : (
        <button
          class="toggle"
          type="button"
          tabIndex={-1}
          aria-label={`${row.expanded ? "Close" : "Open"} ${row.key}`}
          onClick={() => onExpand(row.key)}
        >
          <Icon name="chevron" />
        </button>
      )}
      <span class={`dot dot-${row.kind}`} />
      <a
        class="name-link"
        tabIndex={-1}
        title={row.key}
        href={row.kind === "namespace" ? href({ path: row.key }) : href({ detail: row.key })}
      >
        {row.name}
        {row.kind === "namespace" && <span class="slash">/</span>}
      </a>
      <Flags row={row} />
    </span>
  )
}

const Note = ({ index, onRetry, row }: { readonly row: NoteRow } & Pick<Props, "index" | "onRetry">) => (
  <td colSpan={6} class="cell-note" aria-colindex={1}>
    <span class="name" style={{ "--level": String(row.level - 1) }}>
      <span class="toggle" />
      {row.text}
      {row.retry !== undefined && (
        <button class="link" type="button" onClick={() => onRetry(row.retry!)} aria-describedby={`row-${index}`}>
          Try again
        </button>
      )}
    </span>
  </td>
)

const Cells = ({ current, index, largest, onExpand, onFocus, onRetry, onSelect, row, selected }: Props) => {
  const { view } = usePage()
  const expandable = row.kind === "namespace" || row.kind === "repository"
  const share = row.kind === "note" || largest === 0 ? 0 : (row.disk_size ?? 0) / largest
  return (
    <tr
      class={`row row-${row.kind}${view.detail === row.key ? " row-open" : ""}`}
      aria-rowindex={index + 2}
      aria-level={row.level}
      {...(expandable ? { "aria-expanded": row.expanded } : {})}
      tabIndex={current ? 0 : -1}
      onFocus={() => onFocus(row.key)}
    >
      {row.kind === "note" ? (
        <Note row={row} index={index} onRetry={onRetry} />
      ) : (
        <>
          <td class="cell-select">
            <input
              type="checkbox"
              tabIndex={-1}
              checked={selected}
              disabled={row.size === null}
              aria-label={`Choose ${row.key}`}
              onChange={() => onSelect(row.key)}
            />
          </td>
          <td class="cell-name">
            <Name row={row} onExpand={onExpand} />
          </td>
          <td class="cell-disk_size" style={{ "--share": share.toFixed(4), "--hue": hue(row) }}>
            <span class="bar" aria-hidden="true" />
            <Size bytes={row.disk_size} partial={isPartial(row)} />
          </td>
          <td class="cell-size">
            <Size bytes={row.size} partial={isPartial(row)} />
          </td>
          <td class="cell-unique_size">
            <Size bytes={row.unique_size} partial={isPartial(row)} />
          </td>
          <td class="cell-tags">{typeof row.tags === "number" && Format.count(row.tags)}</td>
        </>
      )}
    </tr>
  )
}

/** Draws a row again only when one of its properties changes, so that scrolling draws only the rows that come into sight. */
export class TableRow extends Component<Props> {
  override shouldComponentUpdate(next: Props): boolean {
    const { props } = this
    return (Object.keys(next) as Array<keyof Props>).some((key) => next[key] !== props[key])
  }

  override render(props: Props) {
    return <Cells {...props} />
  }
}
