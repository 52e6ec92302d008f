/** The table: a tree of namespaces, repositories and tags. Only the rows in sight are drawn. */
import { useEffect, useMemo, useRef, useState } from "preact/hooks"
import type { Row, UsageRow } from "../../usage/Rows.ts"
import type { SortKey } from "../../view/Location.ts"
import { usePage } from "../../view/PageContext.ts"
import { sizeNames } from "../../view/SizeNames.ts"
import { useMedia } from "../../view/useMedia.ts"
import { useWindowing } from "../../view/useWindowing.ts"
import { Icon } from "../controls/Icon.tsx"
import { TableRow } from "./TableRow.tsx"

interface Props {
  readonly rows: ReadonlyArray<Row>
  readonly selected: ReadonlySet<string>
  readonly onSelect: (key: string) => void
  readonly onExpand: (key: string) => void
  readonly onRetry: (image: string) => void
}

const columns: ReadonlyArray<{ readonly key: SortKey; readonly label: string; readonly title: string }> = [
  { key: "name", label: "Name", title: "" },
  { key: "disk_size", ...sizeNames.disk_size },
  { key: "size", ...sizeNames.size },
  { key: "unique_size", ...sizeNames.unique_size },
  { key: "tags", label: "Tags", title: "The number of tags" }
]

export const Table = ({ onExpand, onRetry, onSelect, rows, selected }: Props) => {
  const { go, view } = usePage()
  const rowHeight = useMedia("(max-width: 640px)") ? 44 : 34
  const largest = useMemo(
    () => rows.reduce((largest, row) => Math.max(largest, row.kind === "note" ? 0 : (row.disk_size ?? 0)), 0),
    [rows]
  )
  const body = useRef<HTMLTableSectionElement>(null)
  const { end, start } = useWindowing(body, rows.length, rowHeight)
  const [current, setCurrent] = useState<string>()
  /** The row that gets the focus once it is drawn; without a key, the first row of another place. */
  const focusing = useRef<{ readonly path: string; readonly key?: string }>(undefined)

  const currentIndex = Math.max(
    0,
    rows.findIndex(({ key }) => key === current)
  )

  // The row may be drawn only after the window has scrolled, or after the place has changed.
  useEffect(() => {
    const { current: to } = focusing
    if (to === undefined || to.path !== view.path || (to.key !== undefined && to.key !== current)) return
    const row = body.current?.querySelector<HTMLElement>(`[aria-rowindex="${currentIndex + 2}"]`)
    if (row === null || row === undefined) return
    focusing.current = undefined
    row.focus({ preventScroll: true })
  })

  const moveTo = (index: number) => {
    const row = rows[index]
    if (row === undefined || body.current === null) return
    focusing.current = { path: view.path, key: row.key }
    setCurrent(row.key)
    const top = body.current.getBoundingClientRect().top + index * rowHeight
    const head = 40
    if (top < head) scrollBy(0, top - head)
    else if (top + rowHeight > innerHeight - 8) scrollBy(0, top + rowHeight - innerHeight + 8)
  }

  /** Does what a click on the name does. */
  const open = (row: UsageRow) => {
    if (row.kind !== "namespace") return go({ detail: row.key })
    focusing.current = { path: row.key }
    go({ path: row.key })
  }

  const select = (row: UsageRow) => {
    if (row.size !== null) onSelect(row.key)
  }

  const onKeyDown = (event: KeyboardEvent) => {
    // A link or a checkbox inside a row handles Enter and Space itself.
    const onRow = event.target instanceof HTMLTableRowElement
    const row = rows[currentIndex]
    if (row === undefined || event.ctrlKey || event.metaKey || event.altKey) return
    const expandable = row.kind === "namespace" || row.kind === "repository"
    const page = Math.max(1, Math.floor(innerHeight / rowHeight) - 3)
    const actions: Record<string, (() => void) | undefined> = {
      ArrowDown: () => moveTo(Math.min(rows.length - 1, currentIndex + 1)),
      ArrowUp: () => moveTo(Math.max(0, currentIndex - 1)),
      PageDown: () => moveTo(Math.min(rows.length - 1, currentIndex + page)),
      PageUp: () => moveTo(Math.max(0, currentIndex - page)),
      Home: () => moveTo(0),
      End: () => moveTo(rows.length - 1),
      ArrowRight: () => {
        if (expandable && !row.expanded) onExpand(row.key)
        else if (expandable) moveTo(currentIndex + 1)
      },
      ArrowLeft: () => {
        if (expandable && row.expanded) return onExpand(row.key)
        for (let i = currentIndex - 1; i >= 0; i--) if (rows[i]!.level < row.level) return moveTo(i)
      },
      ...(onRow && row.kind !== "note"
        ? { Enter: () => open(row), " ": () => select(row) }
        : onRow && row.kind === "note" && row.retry !== undefined
          ? { Enter: () => onRetry(row.retry!) }
          : {})
    }
    const action = actions[event.key]
    if (action === undefined) return
    event.preventDefault()
    action()
  }

  const sortBy = (key: SortKey) =>
    go(key === view.sort ? { descending: !view.descending } : { sort: key, descending: key !== "name" }, true)

  const space = (height: number) =>
    height === 0 ? null : (
      <tr aria-hidden="true" class="space">
        <td colSpan={6} style={{ height: `${height}px` }} />
      </tr>
    )

  return (
    <table class="table" role="treegrid" aria-label="Usage" aria-rowcount={rows.length + 1} onKeyDown={onKeyDown}>
      <thead>
        <tr aria-rowindex={1}>
          <th class="cell-select" scope="col">
            <span class="visually-hidden">Chosen</span>
          </th>
          {columns.map(({ key, label, title }) => {
            const sorted = view.sort === key
            return (
              <th
                key={key}
                class={`cell-${key}`}
                scope="col"
                aria-sort={sorted ? (view.descending ? "descending" : "ascending") : "none"}
              >
                <button type="button" class="sort" title={title} onClick={() => sortBy(key)}>
                  {label}
                  {sorted && <Icon name={view.descending ? "down" : "up"} />}
                </button>
              </th>
            )
          })}
        </tr>
      </thead>
      <tbody ref={body}>
        {space(start * rowHeight)}
        {rows.slice(start, end).map((row, i) => (
          <TableRow
            key={row.key}
            row={row}
            index={start + i}
            largest={largest}
            current={start + i === currentIndex}
            selected={selected.has(row.key)}
            onFocus={setCurrent}
            onSelect={onSelect}
            onExpand={onExpand}
            onRetry={onRetry}
          />
        ))}
        {space((rows.length - end) * rowHeight)}
      </tbody>
    </table>
  )
}
