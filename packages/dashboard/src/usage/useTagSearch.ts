/** Searching the tags of many repositories. */
import { useEffect, useState } from "preact/hooks"
import type { Cache } from "../api/Cache.ts"
import type { Client } from "../api/Client.ts"
import { fromUnknown, type Problem } from "../api/Problem.ts"
import type { Tag } from "../api/Resources.ts"
import { matches, type Search } from "./Search.ts"
import type { Repository } from "./Tree.ts"

export interface Found {
  readonly hits: ReadonlyArray<{ readonly repository: Repository; readonly tag: Tag }>
  /** How many repositories were looked through, of how many. */
  readonly done: number
  readonly of: number
  /** Whether it ended early because there are too many hits. */
  readonly more: boolean
  readonly problem: Problem | undefined
}

/** Requests under way at once: as many connections as a browser opens to one server. */
const concurrency = 6
/** More hits than a person looks through. */
const mostHits = 2_000
/** In milliseconds: results are shown while they come in, and typing is waited for. */
const pace = { show: 120, typing: 200 }

const nothing: Found = { hits: [], done: 0, of: 0, more: false, problem: undefined }

/**
 * The tags of these repositories that match, as far as they were found. Nothing is searched without a `tag` in the
 * search. The biggest repositories should come first.
 */
export const useTagSearch = (
  search: Search,
  among: ReadonlyArray<Repository>,
  client: Client,
  cache: Cache
): Found | undefined => {
  const [found, setFound] = useState<Found>()
  const part = search.tag
  useEffect(() => {
    if (part === undefined) {
      setFound(undefined)
      return
    }
    const controller = new AbortController()
    const hits: Array<Found["hits"][number]> = []
    let next = 0
    let done = 0
    let problem: Problem | undefined
    const full = () => hits.length >= mostHits
    const ended = () => full() || problem !== undefined || done === among.length
    const show = () =>
      setFound({ hits: hits.slice(0, mostHits), done, of: among.length, more: full() && done < among.length, problem })
    const tagsOf = async (repository: Repository): Promise<ReadonlyArray<Tag>> => {
      const known = cache.get<ReadonlyArray<Tag>>(`tags ${repository.path}`)
      if (known?.state === "done") return known.value
      return client.tags(repository.path, part === "" ? undefined : part, controller.signal)
    }
    const work = async () => {
      while (!ended() && !controller.signal.aborted) {
        const repository = among[next++]
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
    setFound((found) => found ?? { ...nothing, of: among.length })
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
  }, [part, among, client, cache])
  return found
}
