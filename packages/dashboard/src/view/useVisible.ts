/** Whether something has come into sight, so that nothing is asked for that nobody looks at. */
import type { RefObject } from "preact"
import { useEffect, useState } from "preact/hooks"

/** Once true it stays so. */
export const useSeen = (element: RefObject<Element | null>): boolean => {
  const [seen, setSeen] = useState(false)
  useEffect(() => {
    if (seen) return
    const observer = new IntersectionObserver(
      (entries) => {
        if (entries.some(({ isIntersecting }) => isIntersecting)) setSeen(true)
      },
      { rootMargin: "100px" }
    )
    observer.observe(element.current!)
    return () => observer.disconnect()
  }, [element, seen])
  return seen
}
