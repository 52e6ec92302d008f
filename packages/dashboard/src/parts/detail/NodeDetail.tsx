/** The detail of a namespace or a repository. */
import type { Namespace, Status } from "../../api/Resources.ts"
import * as Tree from "../../usage/Tree.ts"
import * as Format from "../../view/Format.ts"
import { usePage } from "../../view/PageContext.ts"
import { useLoaded } from "../../view/useLoaded.ts"
import { GapList } from "./Gaps.tsx"
import { SizeList } from "./SizeList.tsx"

interface RepositoryProps {
  readonly node: Tree.Repository
  readonly status: Status | undefined
}

export const RepositoryDetail = ({ node, status }: RepositoryProps) => {
  const { client, href } = usePage()
  const readable = node.image.size !== null
  const { latest: tags } = useLoaded(`tags ${node.path}`, readable ? () => client.tags(node.path) : undefined)
  const gaps = status?.gaps?.filter(({ repository }) => repository === node.path) ?? []
  const { disk_size, stale, unique_size } = node.image
  return (
    <>
      {!readable ? (
        <p class="notice notice-bad">This repository could not be read, so its size is not known.</p>
      ) : (
        <>
          <SizeList sizes={node.image} partial={node.image.partial} />
          <p class="muted">
            {Format.counted(node.tags ?? 0, "tag")}.{" "}
            {disk_size !== null && unique_size !== null && disk_size > unique_size
              ? "Other repositories use some of what is charged to it, so deleting it frees less than it takes up."
              : null}
          </p>
        </>
      )}
      {stale === true && (
        <p class="notice">The last crawl could not read it; the figures are those of an earlier crawl.</p>
      )}
      <GapList gaps={gaps} named={false} />
      {readable && (
        <p>
          <a class="button" href={href({ path: node.path })}>
            Show its tags
          </a>
        </p>
      )}
      {tags && <Biggest parts={tags.map((tag) => ({ ...tag, target: `${node.path}:${tag.name}` }))} />}
    </>
  )
}

export const NamespaceDetail = ({ node }: { readonly node: Tree.Namespace }) => {
  const { client } = usePage()
  const parent = (node.parent?.path ?? "").slice(0, -1)
  const { loaded } = useLoaded(`namespaces ${parent}`, () => client.namespaces(parent))
  const isIn = ({ path }: Namespace) => node.path.startsWith(`${path}/`)
  const unique_size =
    loaded?.state === "done"
      ? (loaded.value.find(isIn)?.unique_size ?? null)
      : loaded?.state === "failed"
        ? null
        : undefined
  return (
    <>
      <SizeList sizes={{ ...node, unique_size }} partial={node.partial} />
      <p class="muted">
        {Format.counted(node.images, "repository", "repositories")}, {Format.counted(node.tags, "tag")}
        {node.unreadable > 0 && `; ${node.unreadable} could not be read and count nothing here`}.
      </p>
      <Biggest
        parts={Tree.repositories(node).map(({ disk_size, path }) => ({
          name: path.slice(node.path.length),
          disk_size,
          target: path
        }))}
      />
    </>
  )
}

interface Part {
  readonly name: string
  readonly disk_size: number | null
  readonly target: string
}

const Biggest = ({ parts }: { readonly parts: ReadonlyArray<Part> }) => {
  const { href, units } = usePage()
  const sorted = parts.filter(({ disk_size }) => disk_size).sort((a, b) => (b.disk_size ?? 0) - (a.disk_size ?? 0))
  if (sorted.length === 0) return null
  return (
    <>
      <h3>The biggest in it</h3>
      <ul class="links">
        {sorted.slice(0, 8).map(({ disk_size, name, target }) => (
          <li key={target}>
            <a href={href({ detail: target })}>{name}</a>
            <span class="amount">{Format.bytes(disk_size, units)}</span>
          </li>
        ))}
      </ul>
    </>
  )
}
