/** Whether a media query matches. */
import { useEffect, useState } from "preact/hooks"

export const useMedia = (query: string): boolean => {
  const [matches, setMatches] = useState(() => matchMedia(query).matches)
  useEffect(() => {
    const list = matchMedia(query)
    const read = () => setMatches(list.matches)
    read()
    list.addEventListener("change", read)
    return () => list.removeEventListener("change", read)
  }, [query])
  return matches
}
