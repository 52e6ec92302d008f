/** The unique size of everything that is selected. */
import { useEffect, useState } from "preact/hooks"
import type { Loaded } from "../../api/Cache.ts"
import { fromUnknown, Problem } from "../../api/Problem.ts"
import type { UniqueSize } from "../../api/Resources.ts"
import * as Tree from "../../usage/Tree.ts"
import * as Format from "../../view/Format.ts"
import { usePage } from "../../view/PageContext.ts"
import { Icon } from "../controls/Icon.tsx"

interface Props {
  readonly selected: ReadonlySet<string>
  readonly tree: Tree.Tree
  readonly onClear: () => void
}

/** The API accepts no more items. */
const maximumItems = 10_000

/** In milliseconds: several selections in a row cause one request. */
const pause = 150

/** Replaces each namespace by its repositories, but for those that could not be read. */
const items = (selected: ReadonlySet<string>, tree: Tree.Tree): ReadonlyArray<string> => {
  const items = [...selected].flatMap((key) => {
    const node = tree.byPath.get(key)
    if (node?.kind !== "namespace") return [key]
    return Tree.repositories(node).flatMap(({ image, path }) => (image.size === null ? [] : [path]))
  })
  return [...new Set(items)]
}

export const Selection = ({ onClear, selected, tree }: Props) => {
  const { client, report, units } = usePage()
  const [loaded, setLoaded] = useState<Loaded<UniqueSize>>({ state: "loading" })
  useEffect(() => {
    if (selected.size === 0) return
    const chosen = items(selected, tree)
    if (chosen.length > maximumItems) {
      const message = `${Format.count(chosen.length)} repositories are more than one request may hold`
      setLoaded({ state: "failed", problem: new Problem("failed", message) })
      return
    }
    const controller = new AbortController()
    setLoaded({ state: "loading" })
    const timer = setTimeout(() => {
      client.uniqueSize(chosen, controller.signal).then(
        (value) => setLoaded({ state: "done", value }),
        (error: unknown) => {
          if (controller.signal.aborted) return
          const problem = fromUnknown(error)
          report(problem)
          setLoaded({ state: "failed", problem })
        }
      )
    }, pause)
    return () => {
      clearTimeout(timer)
      controller.abort()
    }
  }, [selected, tree, client, report])

  if (selected.size === 0) return null
  return (
    <section class="selection" aria-label="Chosen">
      <p role="status">
        {Format.count(selected.size)} chosen.{" "}
        {loaded.state === "loading" ? (
          "Working out what deleting them would free …"
        ) : loaded.state === "failed" ? (
          <span class="flag flag-warn">{loaded.problem.message}</span>
        ) : (
          <>
            Deleting {selected.size === 1 ? "it" : "all of them"} would free{" "}
            <strong>{Format.sum(loaded.value.unique_size, loaded.value.partial === true, units)}</strong>{" "}
            <small>
              ({Format.counted(loaded.value.tags, "tag")} in{" "}
              {Format.counted(loaded.value.images, "repository", "repositories")})
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
