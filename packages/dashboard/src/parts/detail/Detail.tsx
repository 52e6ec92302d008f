/** What is known of one namespace, repository or tag; or of what could not be read. */
import type { ComponentChildren } from "preact"
import { useEffect, useRef } from "preact/hooks"
import type { Status } from "../../api/Resources.ts"
import type { Tree } from "../../usage/Tree.ts"
import { useShell } from "../../view/Shell.ts"
import { Gaps } from "./Gaps.tsx"
import { Icon } from "../controls/Icon.tsx"
import { NodeDetail } from "./NodeDetail.tsx"
import { TagDetail } from "./TagDetail.tsx"

interface Props {
  readonly at: string
  readonly tree: Tree
  readonly status: Status | undefined
}

const titleOf = (at: string) => {
  if (at === "!gaps") return { kind: "Registry", title: "What could not be read" }
  const [image = "", tag] = at.split(":")
  return tag === undefined
    ? { kind: image.endsWith("/") ? "Namespace" : "Repository", title: image.replace(/\/$/, "") }
    : { kind: "Tag", title: at }
}

/** A long name breaks at its slashes and before its tag. */
const breakable = (name: string): ComponentChildren =>
  name.split(/(?<=[/:])/).flatMap((part, i) => (i === 0 ? [part] : [<wbr key={i} />, part]))

export const Detail = ({ at, status, tree }: Props) => {
  const { go } = useShell()
  const heading = useRef<HTMLHeadingElement>(null)
  const before = useRef<Element | null>(null)
  const { kind, title } = titleOf(at)

  useEffect(() => {
    before.current ??= document.activeElement
    heading.current?.focus({ preventScroll: true })
  }, [at])
  useEffect(
    () => () => (before.current instanceof HTMLElement ? before.current.focus({ preventScroll: true }) : undefined),
    []
  )
  useEffect(() => {
    const close = (event: KeyboardEvent) => {
      if (event.key === "Escape" && !event.defaultPrevented) go({ detail: undefined })
    }
    addEventListener("keydown", close)
    return () => removeEventListener("keydown", close)
  }, [go])

  const [image = "", tag] = at.split(":")
  const node = tree.byPath.get(at)
  return (
    <aside class="detail" aria-labelledby="detail-title">
      <div class="detail-head">
        <p class="detail-kind">{kind}</p>
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
      {at === "!gaps" ? (
        <Gaps status={status} />
      ) : tag !== undefined ? (
        <TagDetail key={at} image={image} tag={tag} />
      ) : node === undefined ? (
        <p class="notice">There is nothing of this name in the registry (any more).</p>
      ) : (
        <NodeDetail key={at} node={node} status={status} />
      )}
    </aside>
  )
}
