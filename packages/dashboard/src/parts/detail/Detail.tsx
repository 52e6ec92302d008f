/** The detail beside the page: of a namespace, a repository or a tag, or the gaps. */
import type { ComponentChildren } from "preact"
import { useEffect, useRef } from "preact/hooks"
import type { Status } from "../../api/Resources.ts"
import type { Tree } from "../../usage/Tree.ts"
import { usePage } from "../../view/PageContext.ts"
import { Icon } from "../controls/Icon.tsx"
import { Gaps } from "./Gaps.tsx"
import { NamespaceDetail, RepositoryDetail } from "./NodeDetail.tsx"
import { TagDetail } from "./TagDetail.tsx"

interface Props {
  /** As in `View`. */
  readonly target: string
  readonly tree: Tree
  readonly status: Status | undefined
}

const describe = (target: string, { byPath }: Tree, status: Status | undefined) => {
  if (target === "!gaps")
    return { kind: "Registry", title: "What could not be read", content: <Gaps status={status} /> }
  const [image = "", tag] = target.split(":")
  if (tag !== undefined) {
    return { kind: "Tag", title: target, content: <TagDetail key={target} image={image} tag={tag} /> }
  }
  const node = byPath.get(target)
  return {
    kind: target.endsWith("/") ? "Namespace" : "Repository",
    title: target.replace(/\/$/, ""),
    content:
      node === undefined ? (
        <p class="notice">There is nothing of this name in the registry (any more).</p>
      ) : node.kind === "repository" ? (
        <RepositoryDetail key={target} node={node} status={status} />
      ) : (
        <NamespaceDetail key={target} node={node} />
      )
  }
}

/** Lets a long name break at its slashes and before its tag. */
const breakable = (name: string): ComponentChildren =>
  name.split(/(?<=[/:])/).flatMap((part, i) => (i === 0 ? [part] : [<wbr key={i} />, part]))

export const Detail = ({ status, target, tree }: Props) => {
  const { go } = usePage()
  const heading = useRef<HTMLHeadingElement>(null)
  const focusedBefore = useRef<Element | null>(null)
  const { content, kind, title } = describe(target, tree, status)

  useEffect(() => {
    focusedBefore.current ??= document.activeElement
    heading.current?.focus({ preventScroll: true })
  }, [target])
  useEffect(
    () => () => {
      if (focusedBefore.current instanceof HTMLElement) focusedBefore.current.focus({ preventScroll: true })
    },
    []
  )
  useEffect(() => {
    const close = (event: KeyboardEvent) => {
      if (event.key === "Escape" && !event.defaultPrevented) go({ detail: undefined })
    }
    addEventListener("keydown", close)
    return () => removeEventListener("keydown", close)
  }, [go])

  return (
    <aside class="detail" aria-labelledby="detail-title">
      <div class="detail-head">
        <p class="caption">{kind}</p>
        <h2 id="detail-title" tabIndex={-1} ref={heading}>
          {breakable(title)}
        </h2>
        <button
          class="button button-quiet"
          type="button"
          aria-label="Close the detail"
          onClick={() => go({ detail: undefined })}
        >
          <Icon name="close" />
        </button>
      </div>
      {content}
    </aside>
  )
}
