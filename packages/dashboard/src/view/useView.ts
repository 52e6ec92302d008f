/** The view, kept in the address. */
import { useCallback, useEffect, useState } from "preact/hooks"
import { format, parse, type View } from "./Location.ts"

export const useView = (): readonly [View, (change: Partial<View>, replace?: boolean) => void] => {
  const [view, setView] = useState(() => parse(location.hash))
  useEffect(() => {
    const read = () => setView(parse(location.hash))
    addEventListener("popstate", read)
    addEventListener("hashchange", read)
    return () => {
      removeEventListener("popstate", read)
      removeEventListener("hashchange", read)
    }
  }, [])
  const go = useCallback((change: Partial<View>, replace = false) => {
    const next = { ...parse(location.hash), ...change }
    const fragment = format(next)
    if (fragment !== location.hash) history[replace ? "replaceState" : "pushState"](null, "", fragment)
    setView(next)
  }, [])
  return [view, go]
}
