/** The table: a tree of namespaces, repositories and tags, of which only the rows that can be seen are drawn. */
import { useEffect, useRef, useState } from "preact/hooks"
import type { Row } from "../../usage/Rows.ts"
import type { SortKey } from "../../view/Location.ts"
import { useShell } from "../../view/Shell.ts"
import { useMedia } from "../../view/useMedia.ts"
import { useWindowing } from "../../view/useWindowing.ts"
import { Icon } from "../controls/Icon.tsx"
import { TableRow } from "./TableRow.tsx"

interface Props {
  readonly rows: ReadonlyArray<Row>
  /** What the longest bar stands for, in bytes. */
  readonly most: number
  readonly ticked: ReadonlySet<string>
  readonly onTick: (key: string) => void
  readonly onExpand: (key: string) => void
  readonly onRetry: (image: string) => void
}

const columns: ReadonlyArray<{ readonly key: SortKey; readonly label: string; readonly title: string }> = [
  { key: "name", label: "Name", title: "" },
  { key: "disk_size", label: "On disk", title: "What is stored, each blob charged to one tag" },
  { key: "size", label: "Virtual", title: "What the tags add up to, as if nothing were shared" },
  { key: "unique_size", label: "Freed", title: "What deleting this alone would free" },
  { key: "tags", label: "Tags", title: "The number of tags" }
]

export const Table = ({ onExpand, onRetry, onTick, rows, ticked, most }: Props) => {
  const { go, view } = useShell()
  const rowHeight = useMedia("(max-width: 640px)") ? 44 : 34
  const body = useRef<HTMLTableSectionElement>(null)
  const { end, start } = useWindowing(body, rows.length, rowHeight)
  const [current, setCurrent] = useState<string>()
  /** Where the keys are going: to a row, or to the first one of another place. */
  const focusing = useRef<{ readonly path: string; readonly key?: string }>(undefined)

  const found = current === undefined ? -1 : rows.findIndex(({ key }) => key === current)
  const currentIndex = Math.max(0, found)

  // A row that the keys go to may not be drawn yet: the window scrolls, or another place is gone to, then it is.
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

  /** As a click on its name does. */
  const open = (row: Exclude<Row, { readonly kind: "note" }>) => {
    if (row.kind !== "namespace") return go({ detail: row.key })
    focusing.current = { path: row.key }
    go({ path: row.key })
  }

  const tick = (row: Exclude<Row, { readonly kind: "note" }>) => {
    if (row.size !== null) onTick(row.key)
  }

  const onKeyDown = (event: KeyboardEvent) => {
    // Within a row, a link or a box has the keys to itself, but for moving.
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
        ? { Enter: () => open(row), " ": () => tick(row) }
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
          <th class="cell-tick" scope="col">
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
            most={most}
            current={start + i === currentIndex}
            ticked={ticked.has(row.key)}
            onFocus={setCurrent}
            onTick={onTick}
            onExpand={onExpand}
            onRetry={onRetry}
          />
        ))}
        {space((rows.length - end) * rowHeight)}
      </tbody>
    </table>
  )
}
