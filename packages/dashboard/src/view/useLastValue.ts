/** What was shown last, while the next is on its way. */
import { useRef } from "preact/hooks"
import type { Loaded } from "../api/Cache.ts"

/** The value, or the one before while it is loading. */
export const useKept = <A>(loaded: Loaded<A> | undefined): A | undefined => {
  const last = useRef<A | undefined>(undefined)
  if (loaded?.state === "done") last.current = loaded.value
  if (loaded?.state === "failed") last.current = undefined
  return last.current
}
