/** Sends a request to the API when a part of the page is shown. */
import { useEffect, useRef } from "preact/hooks"
import type { Loaded } from "../api/Cache.ts"
import { usePage } from "./PageContext.ts"

export interface LoadedState<A> {
  readonly loaded: Loaded<A> | undefined
  /** The value, or the previous one while it is loading. */
  readonly latest: A | undefined
  readonly retry: () => void
}

/** Sends the request, once for each key; not while `request` is undefined. */
export const useLoaded = <A>(key: string, request: (() => Promise<A>) | undefined): LoadedState<A> => {
  const { cache } = usePage()
  const isReady = request !== undefined
  useEffect(() => {
    if (request !== undefined) cache.load(key, request)
  }, [cache, key, isReady])
  const loaded = isReady ? cache.get<A>(key) : undefined
  const latest = useRef<A | undefined>(undefined)
  if (loaded?.state === "done") latest.current = loaded.value
  if (loaded?.state === "failed") latest.current = undefined
  return { loaded, latest: latest.current, retry: () => request && cache.retry(key, request) }
}
