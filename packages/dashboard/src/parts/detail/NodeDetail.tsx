/** What is known of a namespace or a repository. */
import { useEffect } from "preact/hooks"
import type { Namespace as NamespaceSizes, Status, Tag } from "../../api/Resources.ts"
import * as Tree from "../../usage/Tree.ts"
import * as Format from "../../view/Format.ts"
import { useShell } from "../../view/Shell.ts"
import { Figures } from "./SizeList.tsx"
import { GapList } from "./Gaps.tsx"

interface Props {
  readonly node: Tree.Node
  readonly status: Status | undefined
}

export const NodeDetail = ({ node, status }: Props) =>
  node.kind === "repository" ? <RepositoryDetail node={node} status={status} /> : <NamespaceDetail node={node} />

const RepositoryDetail = ({
  node,
  status
}: {
  readonly node: Tree.Repository
  readonly status: Status | undefined
}) => {
  const { cache, client, href } = useShell()
  const readable = node.image.size !== null
  useEffect(() => {
    if (readable) cache.load(`tags ${node.path}`, () => client.tags(node.path))
  }, [cache, client, node.path, readable])
  const tags = cache.get<ReadonlyArray<Tag>>(`tags ${node.path}`)
  const gaps = status?.gaps?.filter(({ repository }) => repository === node.path) ?? []
  const { disk_size, stale, unique_size } = node.image
  return (
    <>
      {!readable ? (
        <p class="notice notice-bad">This repository could not be read, so its size is not known.</p>
      ) : (
        <>
          <Figures sizes={node.image} />
          <p class="detail-text">
            {Format.counted(node.tags ?? 0, "tag")}.{" "}
            {disk_size !== null && unique_size !== null && disk_size > unique_size
              ? "Other repositories use some of what is charged to it, so deleting it frees less than it takes up."
              : null}
          </p>
        </>
      )}
      {stale === true && (
        <p class="notice">It could not be read the last time; the figures are those of an earlier look.</p>
      )}
      <GapList gaps={gaps} named={false} />
      {tags?.state === "done" && <Biggest of={tags.value.map((tag) => ({ ...tag, at: `${node.path}:${tag.name}` }))} />}
      {readable && (
        <p>
          <a class="button" href={href({ path: node.path })}>
            Show its tags
          </a>
        </p>
      )}
    </>
  )
}

const NamespaceDetail = ({ node }: { readonly node: Tree.Namespace }) => {
  const { cache, client } = useShell()
  const parent = (node.parent?.path ?? "").slice(0, -1)
  useEffect(() => void cache.load(`namespaces ${parent}`, () => client.namespaces(parent)), [cache, client, parent])
  const loaded = cache.get<ReadonlyArray<NamespaceSizes>>(`namespaces ${parent}`)
  const told = loaded?.state === "done" ? loaded.value.find(({ path }) => node.path.startsWith(`${path}/`)) : undefined
  return (
    <>
      <Figures
        sizes={{ ...Tree.sizesOf(node), unique_size: told?.unique_size ?? null }}
        asking={loaded === undefined || loaded.state === "loading"}
      />
      <p class="detail-text">
        {Format.counted(node.images, "repository", "repositories")}, {Format.counted(node.tags, "tag")}
        {node.unreadable > 0 && `; ${node.unreadable} could not be read and count nothing here`}.
      </p>
      <Biggest
        of={Tree.repositories(node).map(({ disk_size, path }) => ({
          name: path.slice(node.path.length),
          disk_size,
          at: path
        }))}
      />
    </>
  )
}

interface Part {
  readonly name: string
  readonly disk_size: number | null
  readonly at: string
}

const Biggest = ({ of }: { readonly of: ReadonlyArray<Part> }) => {
  const { href, units } = useShell()
  const sorted = of.filter(({ disk_size }) => disk_size).sort((a, b) => (b.disk_size ?? 0) - (a.disk_size ?? 0))
  if (sorted.length === 0) return null
  return (
    <>
      <h3>The biggest in it</h3>
      <ul class="links">
        {sorted.slice(0, 8).map(({ at, disk_size, name }) => (
          <li key={at}>
            <a href={href({ detail: at })}>{name}</a>
            <span class="amount">{Format.bytes(disk_size, units)}</span>
          </li>
        ))}
      </ul>
    </>
  )
}
