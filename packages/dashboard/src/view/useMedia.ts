/**
 * Whether a media query holds.
 *
 * @since 0.1.0
 */
import { useEffect, useState } from "preact/hooks"

/** @category hooks @since 0.1.0 */
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
