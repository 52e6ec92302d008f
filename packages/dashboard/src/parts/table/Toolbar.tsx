/** The search, and the buttons above the table. */
import { useEffect, useRef } from "preact/hooks"
import type { TagSearch } from "../../usage/useTagSearch.ts"
import * as Format from "../../view/Format.ts"
import { usePage } from "../../view/PageContext.ts"
import { Icon, type IconName } from "../controls/Icon.tsx"

interface Props {
  readonly searching: boolean
  readonly found: TagSearch | undefined
  readonly rows: number
  /** Whether the server has a history. */
  readonly history: boolean
  readonly onCsv: (withTags: boolean) => void
}

const describe = (found: TagSearch | undefined, rows: number): string => {
  if (found === undefined) return Format.counted(rows, "match", "matches")
  const hits = Format.counted(found.hits.length, "tag")
  if (found.problem !== undefined) return `${hits}; the search ended early: ${found.problem.message}`
  if (found.more) return `the first ${hits}; search for less to see all`
  return found.done < found.of ? `${hits}, ${found.done} of ${found.of} repositories searched` : hits
}

interface ViewToggleProps {
  readonly name: "grouped" | "map" | "trend"
  readonly label: string
  readonly title: string
  readonly icon: IconName
  readonly disabled?: boolean
}

const ViewToggle = ({ disabled = false, icon, label, name, title }: ViewToggleProps) => {
  const { go, view } = usePage()
  return (
    <button
      class="button"
      type="button"
      aria-pressed={view[name]}
      disabled={disabled}
      title={title}
      onClick={() => go({ [name]: !view[name] }, true)}
    >
      <Icon name={icon} /> <span class="wide-only">{label}</span>
    </button>
  )
}

export const Toolbar = ({ found, history, onCsv, rows, searching }: Props) => {
  const { go, view } = usePage()
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
          class="input"
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
        {searching ? describe(found, rows) : ""}
      </span>
      <div class="toolbar-tools">
        <ViewToggle
          name="grouped"
          label="Group"
          title="Repositories under their namespaces"
          icon="tree"
          disabled={searching}
        />
        <ViewToggle name="map" label="Map" title="Show the map" icon="map" />
        {history && (
          <ViewToggle name="trend" label="Trend" title="Show the history" icon="trend" disabled={searching} />
        )}
        <button class="button" type="button" title="Download every repository here as CSV" onClick={() => onCsv(false)}>
          <Icon name="download" /> CSV
        </button>
        <button
          class="button"
          type="button"
          title="Download every repository here with its tags as CSV"
          onClick={() => onCsv(true)}
        >
          CSV with tags
        </button>
      </div>
    </div>
  )
}
