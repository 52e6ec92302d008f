/** Searching the tags of many repositories. */
import { useEffect, useState } from "preact/hooks"
import type { Cache } from "../api/Cache.ts"
import type { Client } from "../api/Client.ts"
import { fromUnknown, type Problem } from "../api/Problem.ts"
import type { Tag } from "../api/Resources.ts"
import { matches, type Search } from "./Search.ts"
import type { Repository } from "./Tree.ts"

export interface TagSearch {
  readonly hits: ReadonlyArray<{ readonly repository: Repository; readonly tag: Tag }>
  /** How many repositories were searched, of how many. */
  readonly done: number
  readonly of: number
  /** Whether the search ended early because there are too many hits. */
  readonly more: boolean
  readonly problem: Problem | undefined
}

/** The number of connections that a browser opens to one server. */
const concurrency = 6
/** More hits than a user reads. */
const maximumHits = 2_000
/** In milliseconds: how often new results are shown, and how long the search waits for more typing. */
const pace = { show: 120, typing: 200 }

/** Searches the repositories in their order for matching tags. Returns `undefined` if the search has no `tag`. */
export const useTagSearch = (
  search: Search,
  repositories: ReadonlyArray<Repository>,
  client: Client,
  cache: Cache
): TagSearch | undefined => {
  const [found, setFound] = useState<TagSearch>()
  const part = search.tag
  useEffect(() => {
    if (part === undefined) {
      setFound(undefined)
      return
    }
    const controller = new AbortController()
    const hits: Array<TagSearch["hits"][number]> = []
    let next = 0
    let done = 0
    let problem: Problem | undefined
    const full = () => hits.length >= maximumHits
    const ended = () => full() || problem !== undefined || done === repositories.length
    const current = (): TagSearch => ({
      hits: hits.slice(0, maximumHits),
      done,
      of: repositories.length,
      more: full() && done < repositories.length,
      problem
    })
    const show = () => setFound(current())
    const tagsOf = async (repository: Repository): Promise<ReadonlyArray<Tag>> => {
      const known = cache.get<ReadonlyArray<Tag>>(`tags ${repository.path}`)
      if (known?.state === "done") return known.value
      return client.tags(repository.path, part === "" ? undefined : part, controller.signal)
    }
    const work = async () => {
      while (!ended() && !controller.signal.aborted) {
        const repository = repositories[next++]
        if (repository === undefined) return
        try {
          for (const tag of await tagsOf(repository)) {
            if (matches(tag.name, part)) hits.push({ repository, tag })
          }
          done++
        } catch (error) {
          if (!controller.signal.aborted) problem = fromUnknown(error)
        }
      }
    }
    setFound((found) => found ?? current())
    let showing: ReturnType<typeof setInterval> | undefined
    const waiting = setTimeout(() => {
      showing = setInterval(show, pace.show)
      void Promise.all(Array.from({ length: concurrency }, work)).then(() => {
        clearInterval(showing)
        if (!controller.signal.aborted) show()
      })
    }, pace.typing)
    return () => {
      controller.abort()
      clearTimeout(waiting)
      clearInterval(showing)
    }
  }, [part, repositories, client, cache])
  return found
}
