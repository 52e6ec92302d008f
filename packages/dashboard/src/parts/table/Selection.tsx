/** What deleting all that is ticked would free. */
import { useEffect, useState } from "preact/hooks"
import { fromUnknown } from "../../api/Problem.ts"
import type { Freed } from "../../api/Resources.ts"
import * as Tree from "../../usage/Tree.ts"
import * as Format from "../../view/Format.ts"
import { useShell } from "../../view/Shell.ts"
import { Icon } from "../controls/Icon.tsx"

interface Props {
  readonly ticked: ReadonlySet<string>
  readonly tree: Tree.Tree
  readonly onClear: () => void
}

/** More than the API takes at once. */
const mostItems = 10_000

/** In milliseconds: several ticks in a row are asked about once. */
const pause = 150

/** A namespace stands for the repositories in it; what could not be read frees nothing that is known. */
const itemsOf = (ticked: ReadonlySet<string>, tree: Tree.Tree): ReadonlyArray<string> => {
  const items = new Set<string>()
  for (const key of ticked) {
    const node = tree.byPath.get(key)
    if (node?.kind === "namespace") {
      for (const { image, path } of Tree.repositories(node)) if (image.size !== null) items.add(path)
    } else items.add(key)
  }
  return [...items]
}

type Answer =
  | { readonly state: "asking" }
  | { readonly state: "told"; readonly freed: Freed }
  | { readonly state: "failed"; readonly message: string }

export const Selection = ({ onClear, ticked, tree }: Props) => {
  const { client, report, units } = useShell()
  const [answer, setAnswer] = useState<Answer>({ state: "asking" })
  useEffect(() => {
    if (ticked.size === 0) return
    const items = itemsOf(ticked, tree)
    if (items.length > mostItems) {
      setAnswer({
        state: "failed",
        message: `${Format.count(items.length)} repositories are more than can be asked about`
      })
      return
    }
    const controller = new AbortController()
    setAnswer({ state: "asking" })
    const timer = setTimeout(() => {
      client.freed(items, controller.signal).then(
        (freed) => setAnswer({ state: "told", freed }),
        (error: unknown) => {
          if (controller.signal.aborted) return
          const problem = fromUnknown(error)
          report(problem)
          setAnswer({ state: "failed", message: problem.message })
        }
      )
    }, pause)
    return () => {
      clearTimeout(timer)
      controller.abort()
    }
  }, [ticked, tree, client, report])

  if (ticked.size === 0) return null
  return (
    <section class="selection" aria-label="Chosen">
      <p role="status">
        <span class="selection-count">{Format.count(ticked.size)} chosen.</span>{" "}
        {answer.state === "asking" ? (
          "Working out what deleting them would free …"
        ) : answer.state === "failed" ? (
          <span class="flag flag-warn">{answer.message}</span>
        ) : (
          <>
            Deleting {ticked.size === 1 ? "it" : "all of them"} would free{" "}
            <strong>{Format.bytes(answer.freed.unique_size, units)}</strong>{" "}
            <small>
              ({Format.counted(answer.freed.tags, "tag")} in{" "}
              {Format.counted(answer.freed.images, "repository", "repositories")})
            </small>
          </>
        )}
      </p>
      <button class="button" type="button" onClick={onClear}>
        <Icon name="close" /> Clear
      </button>
    </section>
  )
}
