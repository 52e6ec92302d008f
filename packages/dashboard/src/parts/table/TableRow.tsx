/** One row of the table. */
import { Component } from "preact"
import type { NamespaceRow, NoteRow, RepositoryRow, Row, TagRow } from "../../usage/Rows.ts"
import * as Format from "../../view/Format.ts"
import { useShell } from "../../view/Shell.ts"
import { Icon } from "../controls/Icon.tsx"

interface Props {
  readonly row: Row
  readonly index: number
  /** What the longest bar stands for, in bytes. */
  readonly most: number
  /** Whether the keys begin here. */
  readonly current: boolean
  readonly ticked: boolean
  readonly onFocus: (key: string) => void
  readonly onTick: (key: string) => void
  readonly onExpand: (key: string) => void
  readonly onRetry: (image: string) => void
}

const hueOf = (row: NamespaceRow | RepositoryRow | TagRow) => (row.kind === "tag" ? row.repository.hue : row.node.hue)

const Size = ({
  bytes,
  unknown = "unknown"
}: {
  readonly bytes: number | null | undefined
  readonly unknown?: string
}) => {
  const { units } = useShell()
  if (bytes === null || bytes === undefined) return <span class="unknown">{unknown}</span>
  const [number, unit] = Format.bytesParts(bytes, units)
  return (
    <span class={bytes === 0 ? "size zero" : "size"}>
      {number} <small>{unit}</small>
    </span>
  )
}

/** What of the row is worth a word. */
const Flags = ({ row }: { readonly row: NamespaceRow | RepositoryRow | TagRow }) => {
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
  if (row.kind === "tag") return row.size === null ? <span class="flag flag-warn">not readable</span> : null
  const { gaps = 0, size, stale } = row.node.image
  if (size === null) return <span class="flag flag-warn">not readable</span>
  return (
    <>
      {gaps > 0 && (
        <span class="flag flag-warn" title="Some of its tags could not be read">
          {Format.counted(gaps, "gap")}
        </span>
      )}
      {stale === true && (
        <span class="flag flag-warn" title="The figures are those of an earlier look">
          stale
        </span>
      )}
    </>
  )
}

const Name = ({ onExpand, row }: { readonly row: NamespaceRow | RepositoryRow | TagRow } & Pick<Props, "onExpand">) => {
  const { href } = useShell()
  return (
    <span class="name" style={{ "--level": String(row.level - 1), "--hue": String(Math.round(hueOf(row))) }}>
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

const Cells = ({ current, index, onExpand, onFocus, onRetry, onTick, row, ticked, most }: Props) => {
  const { view } = useShell()
  const unknown = row.kind !== "note" && row.size === null
  const expandable = row.kind === "namespace" || row.kind === "repository"
  const share = row.kind === "note" || most === 0 ? 0 : (row.disk_size ?? 0) / most
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
          <td class="cell-tick">
            <input
              type="checkbox"
              tabIndex={-1}
              checked={ticked}
              disabled={unknown}
              aria-label={`Choose ${row.key}`}
              onChange={() => onTick(row.key)}
            />
          </td>
          <td class="cell-name">
            <Name row={row} onExpand={onExpand} />
          </td>
          <td class="cell-disk_size" style={{ "--share": share.toFixed(4), "--hue": String(Math.round(hueOf(row))) }}>
            <span class="bar" aria-hidden="true" />
            <Size bytes={row.disk_size} />
          </td>
          <td class="cell-size">
            <Size bytes={row.size} />
          </td>
          <td class="cell-unique_size">
            <Size bytes={row.unique_size} unknown={row.unique_size === undefined ? "…" : "unknown"} />
          </td>
          <td class="cell-tags">{row.tags === null || row.tags === undefined ? "" : Format.count(row.tags)}</td>
        </>
      )}
    </tr>
  )
}

/**
 * A row that is drawn anew only when something about it is new: scrolling through the list draws what comes into sight.
 */
export class TableRow extends Component<Props> {
  override shouldComponentUpdate(next: Props): boolean {
    const { props } = this
    return (Object.keys(next) as Array<keyof Props>).some((key) => next[key] !== props[key])
  }

  override render(props: Props) {
    return <Cells {...props} />
  }
}
