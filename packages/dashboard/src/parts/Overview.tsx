/** One place of the registry: its figures, map, history and table, and the detail beside them. */
import { useCallback, useEffect, useMemo, useState } from "preact/hooks"
import type { Links } from "../api/Links.ts"
import { fromUnknown, Problem } from "../api/Problem.ts"
import type { Image, Namespace, Status, Tag, Totals } from "../api/Resources.ts"
import * as Csv from "../usage/Csv.ts"
import * as Rows from "../usage/Rows.ts"
import * as Search from "../usage/Search.ts"
import { comparator } from "../usage/Sort.ts"
import * as Tree from "../usage/Tree.ts"
import { useTagSearch } from "../usage/useTagSearch.ts"
import { usePage } from "../view/PageContext.ts"
import { useMedia } from "../view/useMedia.ts"
import { Breadcrumb } from "./Breadcrumb.tsx"
import { Failure } from "./controls/Failure.tsx"
import { Icon } from "./controls/Icon.tsx"
import { Detail } from "./detail/Detail.tsx"
import { Summary } from "./Summary.tsx"
import { Selection } from "./table/Selection.tsx"
import { Table } from "./table/Table.tsx"
import { Toolbar } from "./table/Toolbar.tsx"
import { Treemap } from "./Treemap.tsx"
import { HistoryPanel } from "./trend/HistoryPanel.tsx"
import { SnapshotNotice } from "./trend/SnapshotNotice.tsx"

interface Props {
  /** The links of the API's root, or why there are none. */
  readonly root: Links | Problem
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

export const Overview = ({ images, loading, onReload, problem, root, status, totals }: Props) => {
  const page = usePage()
  const { cache, client, report, view } = page
  // On a small screen the detail covers everything else.
  const covered = useMedia("(max-width: 1180px)") && view.detail !== undefined
  const [expanded, setExpanded] = useState<ReadonlySet<string>>(new Set())
  const [exportProblem, setExportProblem] = useState<Problem>()
  const [selected, setSelected] = useState<ReadonlySet<string>>(new Set())

  const links = root instanceof Problem ? {} : root
  const hasHistory = links["history"] !== undefined

  const search = useMemo(() => Search.orTags(Search.parse(view.query), images), [view.query, images])
  const searching = view.query.trim() !== ""
  const all = useMemo(() => Tree.make(images), [images])
  // While searching, the map shows the matches only.
  const tree = useMemo(() => {
    if (search.repository === "") return all
    return Tree.restrict(
      all,
      images.filter(({ name }) => Search.matches(name, search.repository))
    )
  }, [all, images, search.repository])
  const node = useMemo(() => Tree.nodeAt(tree, view.path), [tree, view.path])

  const biggestFirst = useMemo(
    () => Tree.repositories(node).toSorted((a, b) => (b.disk_size ?? 0) - (a.disk_size ?? 0)),
    [node]
  )
  const found = useTagSearch(search, biggestFirst, client, cache)

  useEffect(() => {
    if (found?.problem !== undefined) report(found.problem)
  }, [found?.problem, report])

  useEffect(() => {
    for (const opened of [node, ...[...expanded].map((path) => all.byPath.get(path))]) {
      if (opened?.kind !== "repository" || (opened === node && node.image.size === null)) continue
      cache.load(`tags ${opened.path}`, () => client.tags(opened.path))
    }
  }, [node, expanded, all, cache, client])

  // The API computes the unique sizes of namespaces, so they are loaded only where namespaces are shown.
  useEffect(() => {
    for (const opened of [node, ...[...expanded].map((path) => tree.byPath.get(path))]) {
      if (opened?.kind !== "namespace" || !opened.children.some(({ kind }) => kind === "namespace")) continue
      const path = opened.path.slice(0, -1)
      cache.load(`namespaces ${path}`, () => client.namespaces(path))
    }
  }, [node, expanded, tree, cache, client])

  const namespaceUnique = useCallback(
    (path: string) => {
      // The unique size of a whole namespace is not that of the matches in it.
      if (tree !== all) return undefined
      const parent = (all.byPath.get(path)?.parent?.path ?? "").slice(0, -1)
      const loaded = cache.get<ReadonlyArray<Namespace>>(`namespaces ${parent}`)
      if (loaded?.state === "failed") return null
      if (loaded?.state !== "done") return undefined
      return loaded.value.find((namespace) => path.startsWith(`${namespace.path}/`))?.unique_size
    },
    [cache, tree, all]
  )

  const rows = useMemo((): ReadonlyArray<Rows.Row> => {
    const order = { sort: view.sort, descending: view.descending }
    if (found !== undefined) {
      const prefix = node.kind === "namespace" ? node.path.length : 0
      return found.hits
        .map(({ repository, tag }) => Rows.tagRow(repository, tag, 1, `${repository.path.slice(prefix)}:${tag.name}`))
        .sort(comparator(order))
    }
    return Rows.below(node, {
      order,
      grouped: view.grouped && !searching,
      expanded,
      tags: (image) => cache.get<ReadonlyArray<Tag>>(`tags ${image}`),
      namespaceUnique
    })
    // The page context changes with the contents of the cache.
  }, [page, node, view.sort, view.descending, view.grouped, searching, expanded, found, cache, namespaceUnique])

  const mapTags = useMemo(() => {
    const loaded = cache.get<ReadonlyArray<Tag>>(`tags ${node.path}`)
    return loaded?.state === "done" ? loaded.value : undefined
  }, [page, node, cache])

  useEffect(() => {
    document.title = node.path === "" ? "Registry usage" : `${node.path} · Registry usage`
  }, [node.path])

  const onRetry = useCallback(
    (image: string) => cache.retry(`tags ${image}`, () => client.tags(image)),
    [cache, client]
  )
  const onSelect = useCallback((key: string) => setSelected((selected) => toggled(selected, key)), [])
  const onExpand = useCallback((key: string) => setExpanded((expanded) => toggled(expanded, key)), [])

  // The history of a place says nothing of the matches in it.
  const showsHistory = hasHistory && view.trend && !searching
  const nearest = Tree.nodeAt(all, view.path)

  const exportCsv = async (withTags: boolean) => {
    try {
      const isWhole = withTags && found === undefined
      const tags = isWhole ? await client.allTags() : new Map<string, ReadonlyArray<Tag>>()
      const repositoryRows = Rows.below(node, {
        order: { sort: view.sort, descending: view.descending },
        grouped: false,
        expanded: new Set(tags.keys()),
        tags: (image) => {
          const value = tags.get(image)
          return value === undefined ? cache.get<ReadonlyArray<Tag>>(`tags ${image}`) : { state: "done", value }
        },
        namespaceUnique
      })
      download(Csv.fileName(node.path, totals.timestamp), Csv.format(found === undefined ? repositoryRows : rows))
      setExportProblem(undefined)
    } catch (error) {
      const problem = fromUnknown(error)
      report(problem)
      setExportProblem(problem)
    }
  }

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
        {view.instant !== undefined && <SnapshotNotice timestamp={totals.timestamp} />}
        <Summary
          totals={totals}
          images={images}
          growth={links["growth"]}
          status={status}
          loading={loading}
          onReload={onReload}
        />
        {images.length === 0 ? (
          <section class="nothing">
            <h2>The registry is empty</h2>
            <p>There is no repository in it, so nothing takes up space.</p>
          </section>
        ) : !Tree.exists(all, view.path) ? (
          <section class="nothing">
            <h2>There is no such place</h2>
            <p>
              The registry has nothing named <code>{view.path}</code> in this snapshot.
            </p>
            <a class="button" href={page.href({ path: nearest.path })}>
              {nearest.path === "" ? "Show the whole registry" : `Show ${nearest.path}`}
            </a>
          </section>
        ) : (
          <>
            <Toolbar
              searching={searching}
              onCsv={(withTags) => void exportCsv(withTags)}
              found={found}
              rows={rows.length}
              history={hasHistory}
            />
            {exportProblem !== undefined && (
              <Failure text={exportProblem.sentence} onRetry={() => void exportCsv(true)} />
            )}
            <Breadcrumb node={node} />
            <div class={showsHistory ? "place has-history" : "place"}>
              {view.map && <Treemap node={node} tags={mapTags} />}
              {showsHistory && <HistoryPanel node={node} root={links} />}
            </div>
            {root instanceof Problem && view.trend && <Failure text={root.sentence} onRetry={onReload} />}
            <Table rows={rows} selected={selected} onSelect={onSelect} onExpand={onExpand} onRetry={onRetry} />
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
      {view.detail !== undefined && <Detail target={view.detail} tree={all} status={status} />}
      <Selection selected={selected} tree={all} onClear={() => setSelected(new Set())} />
    </div>
  )
}
