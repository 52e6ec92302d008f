/** Searching, and what else can be done with the list. */
import { useEffect, useRef } from "preact/hooks"
import type { Found } from "../../usage/useTagSearch.ts"
import * as Format from "../../view/Format.ts"
import { useShell } from "../../view/Shell.ts"
import { Icon } from "../controls/Icon.tsx"

interface Props {
  readonly searching: boolean
  readonly found: Found | undefined
  readonly rows: number
  /** Whether there is a history to show. */
  readonly history: boolean
  readonly onCsv: () => void
}

const told = (found: Found | undefined, rows: number): string => {
  if (found === undefined) return Format.counted(rows, "match", "matches")
  const hits = Format.counted(found.hits.length, "tag")
  if (found.problem !== undefined) return `${hits}; the search ended early: ${found.problem.message}`
  if (found.more) return `the first ${hits}; search for less to see all`
  return found.done < found.of ? `${hits}, ${found.done} of ${found.of} repositories searched` : hits
}

export const Toolbar = ({ found, history, onCsv, rows, searching }: Props) => {
  const { go, view } = useShell()
  const field = useRef<HTMLInputElement>(null)
  useEffect(() => {
    const focus = (event: KeyboardEvent) => {
      if (event.key !== "/" || event.ctrlKey || event.metaKey || event.altKey) return
      if (event.target instanceof HTMLElement && event.target.matches("input, textarea, select")) return
      event.preventDefault()
      field.current?.focus()
    }
    addEventListener("keydown", focus)
    return () => removeEventListener("keydown", focus)
  }, [])
  return (
    <div class="toolbar">
      <search class="search">
        <Icon name="search" />
        <input
          ref={field}
          type="search"
          aria-label="Search for repository:tag"
          placeholder="Search repository:tag"
          spellcheck={false}
          autocapitalize="none"
          autocomplete="off"
          value={view.query}
          onInput={(event) => go({ query: event.currentTarget.value }, true)}
          onKeyDown={(event) => {
            if (event.key === "Escape" && view.query !== "") {
              event.stopPropagation()
              go({ query: "" }, true)
            }
          }}
        />
        <kbd aria-hidden="true">/</kbd>
      </search>
      <span class="toolbar-status" role="status">
        {searching ? told(found, rows) : ""}
      </span>
      <div class="toolbar-tools">
        <button
          class="button"
          type="button"
          aria-pressed={view.grouped}
          disabled={searching}
          title="Repositories under their namespaces"
          onClick={() => go({ grouped: !view.grouped }, true)}
        >
          <Icon name="tree" /> <span class="wide-only">Group</span>
        </button>
        <button
          class="button"
          type="button"
          aria-pressed={view.map}
          title="Show the map"
          onClick={() => go({ map: !view.map }, true)}
        >
          <Icon name="map" /> <span class="wide-only">Map</span>
        </button>
        {history && (
          <button
            class="button"
            type="button"
            aria-pressed={view.trend}
            disabled={searching}
            title="Show how it grew"
            onClick={() => go({ trend: !view.trend }, true)}
          >
            <Icon name="trend" /> <span class="wide-only">Trend</span>
          </button>
        )}
        <button class="button" type="button" title="Download the list as CSV" onClick={onCsv}>
          <Icon name="download" /> CSV
        </button>
      </div>
    </div>
  )
}
