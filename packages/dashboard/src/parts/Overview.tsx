/** The figures, the map and the table of one place in the registry, and the detail beside them. */
import { useCallback, useEffect, useMemo, useState } from "preact/hooks"
import type { Problem } from "../api/Problem.ts"
import type { Image, Namespace as NamespaceSizes, Status, Tag, Totals } from "../api/Resources.ts"
import * as Csv from "../usage/Csv.ts"
import * as Rows from "../usage/Rows.ts"
import * as Search from "../usage/Search.ts"
import { comparator } from "../usage/Sort.ts"
import * as Tree from "../usage/Tree.ts"
import { useTagSearch } from "../usage/useTagSearch.ts"
import { useShell } from "../view/Shell.ts"
import { useKept } from "../view/useLastValue.ts"
import { useMedia } from "../view/useMedia.ts"
import { Breadcrumb } from "./Breadcrumb.tsx"
import { Course, useHome } from "./trend/HistoryPanel.tsx"
import { Detail } from "./detail/Detail.tsx"
import { Failure } from "./controls/Failure.tsx"
import { Icon } from "./controls/Icon.tsx"
import { Map as UsageMap } from "./Treemap.tsx"
import { Past } from "./trend/SnapshotPicker.tsx"
import { Selection } from "./table/Selection.tsx"
import { Summary } from "./Summary.tsx"
import { Table } from "./table/Table.tsx"
import { Toolbar } from "./table/Toolbar.tsx"

interface Props {
  readonly totals: Totals
  readonly images: ReadonlyArray<Image>
  readonly status: Status | undefined
  readonly problem: Problem | undefined
  readonly loading: boolean
  readonly onReload: () => void
}

const toggled = (set: ReadonlySet<string>, key: string): ReadonlySet<string> => {
  const next = new Set(set)
  if (!next.delete(key)) next.add(key)
  return next
}

const download = (name: string, text: string) => {
  const link = document.createElement("a")
  link.href = URL.createObjectURL(new Blob([text], { type: "text/csv;charset=utf-8" }))
  link.download = name
  link.click()
  URL.revokeObjectURL(link.href)
}

export const Overview = ({ images, loading, onReload, problem, status, totals }: Props) => {
  const shell = useShell()
  const { cache, client, report, view } = shell
  // On a small screen the detail lies over all else.
  const covered = useMedia("(max-width: 1180px)") && view.detail !== undefined
  const [expanded, setExpanded] = useState<ReadonlySet<string>>(new Set())
  const [ticked, setTicked] = useState<ReadonlySet<string>>(new Set())

  const home = useHome()
  const links = useKept(home)
  const hasHistory = links?.["history"] !== undefined

  const search = useMemo(() => Search.parse(view.query), [view.query])
  const searching = view.query.trim() !== ""
  const all = useMemo(() => Tree.make(images), [images])
  // The map shows what is sought, too: a tree of the matches alone.
  const tree = useMemo(() => {
    if (search.repository === "") return all
    return Tree.restrict(
      all,
      images.filter(({ name }) => Search.matches(name, search.repository))
    )
  }, [all, images, search.repository])
  const node = useMemo(() => Tree.nodeAt(tree, view.path), [tree, view.path])

  const among = useMemo(
    () => Tree.repositories(node).toSorted((a, b) => (b.disk_size ?? 0) - (a.disk_size ?? 0)),
    [node]
  )
  const found = useTagSearch(search, among, client, cache)

  const failure = found?.problem
  useEffect(() => {
    if (failure !== undefined) report(failure)
  }, [failure, report])

  const loadTags = useCallback(
    (image: string, again = false) => {
      const key = `tags ${image}`
      const ask = () => client.tags(image)
      if (again) cache.retry(key, ask)
      else cache.load(key, ask)
    },
    [cache, client]
  )

  useEffect(() => {
    if (node.kind === "repository" && node.image.size !== null) loadTags(node.path)
    for (const path of expanded) {
      const opened = all.byPath.get(path)
      if (opened?.kind === "repository") loadTags(path)
    }
  }, [node, expanded, all, loadTags])

  // What deleting whole namespaces would free is asked for where namespaces are shown.
  useEffect(() => {
    const places = [node, ...[...expanded].map((path) => tree.byPath.get(path))]
    for (const place of places) {
      if (place?.kind !== "namespace" || !place.children.some(({ kind }) => kind === "namespace")) continue
      const path = place.path.slice(0, -1)
      cache.load(`namespaces ${path}`, () => client.namespaces(path))
    }
  }, [node, expanded, tree, cache, client])

  const namespaceUnique = useCallback(
    (path: string) => {
      // A part of a namespace is not freed as the whole is.
      if (tree !== all) return undefined
      const parent = (all.byPath.get(path)?.parent?.path ?? "").slice(0, -1)
      const loaded = cache.get<ReadonlyArray<NamespaceSizes>>(`namespaces ${parent}`)
      if (loaded?.state === "failed") return null
      if (loaded?.state !== "done") return undefined
      return loaded.value.find((namespace) => path.startsWith(`${namespace.path}/`))?.unique_size
    },
    [cache, tree, all]
  )

  const rows = useMemo((): ReadonlyArray<Rows.Row> => {
    const order = { sort: view.sort, descending: view.descending }
    if (found !== undefined) {
      return found.hits
        .map(({ repository, tag }) =>
          Rows.tagRow(
            repository,
            tag,
            1,
            `${repository.path.slice(node.kind === "namespace" ? node.path.length : 0)}:${tag.name}`
          )
        )
        .sort(comparator(order))
    }
    return Rows.below(node, {
      order,
      grouped: view.grouped && !searching,
      expanded,
      tags: (image) => cache.get<ReadonlyArray<Tag>>(`tags ${image}`),
      namespaceUnique
    })
    // The shell is new when something was loaded.
  }, [shell, node, view.sort, view.descending, view.grouped, searching, expanded, found, cache, namespaceUnique])

  const most = useMemo(
    () => rows.reduce((most, row) => Math.max(most, row.kind === "note" ? 0 : (row.disk_size ?? 0)), 0),
    [rows]
  )

  const mapTags = useMemo(() => {
    const loaded = node.kind === "repository" ? cache.get<ReadonlyArray<Tag>>(`tags ${node.path}`) : undefined
    return loaded?.state === "done" ? loaded.value : undefined
  }, [shell, node, cache])

  useEffect(() => {
    document.title = node.path === "" ? "Registry usage" : `${node.path} · Registry usage`
  }, [node.path])

  const onRetry = useCallback((image: string) => loadTags(image, true), [loadTags])
  const onTick = useCallback((key: string) => setTicked((ticked) => toggled(ticked, key)), [])
  const onExpand = useCallback((key: string) => setExpanded((expanded) => toggled(expanded, key)), [])

  return (
    <div class="content">
      <main class="overview" inert={covered}>
        <h1 class="visually-hidden">Usage of the registry</h1>
        {problem !== undefined && (
          <p class="notice notice-bad" role="alert">
            {problem.kind === "unreachable" ? "The server cannot be reached." : `The server says: ${problem.message}.`}{" "}
            These are the figures from before.{" "}
            <button class="link" type="button" disabled={loading} onClick={onReload}>
              Try again
            </button>
          </p>
        )}
        {view.past !== undefined && <Past at={totals.timestamp} />}
        <Summary totals={totals} images={images} status={status} loading={loading} onReload={onReload} />
        {images.length === 0 ? (
          <section class="nothing">
            <h2>The registry is empty</h2>
            <p>There is no repository in it, so nothing takes up space.</p>
          </section>
        ) : (
          <>
            <Toolbar
              searching={searching}
              onCsv={() => download("registry-usage.csv", Csv.format(rows))}
              found={found}
              rows={rows.length}
              history={hasHistory}
            />
            <Breadcrumb node={node} />
            {view.map && <UsageMap node={node} tags={mapTags} />}
            {/* The figures of a place say nothing of what matches a search in it. */}
            {links !== undefined && hasHistory && view.trend && !searching && <Course node={node} home={links} />}
            {home?.state === "failed" && view.trend && (
              <Failure problem={home.problem} onRetry={() => cache.retry("home", client.home)} />
            )}
            <Table rows={rows} most={most} ticked={ticked} onTick={onTick} onExpand={onExpand} onRetry={onRetry} />
            {rows.length === 0 && (
              <p class="nothing" role="status">
                {searching
                  ? found !== undefined && found.done < found.of && !found.more
                    ? "Searching …"
                    : "Nothing matches."
                  : "Nothing is in here."}
                {searching && <Icon name="search" />}
              </p>
            )}
          </>
        )}
      </main>
      {view.detail !== undefined && <Detail at={view.detail} tree={all} status={status} />}
      <Selection ticked={ticked} tree={all} onClear={() => setTicked(new Set())} />
    </div>
  )
}
