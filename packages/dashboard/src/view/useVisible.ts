/** Whether an element has been scrolled into view. A part that the user has not seen loads nothing. */
import type { RefObject } from "preact"
import { useEffect, useState } from "preact/hooks"

/** Once true it stays true. */
export const useVisible = (element: RefObject<Element | null>): boolean => {
  const [visible, setVisible] = useState(false)
  useEffect(() => {
    if (visible) return
    const observer = new IntersectionObserver(
      (entries) => {
        if (entries.some(({ isIntersecting }) => isIntersecting)) setVisible(true)
      },
      { rootMargin: "100px" }
    )
    observer.observe(element.current!)
    return () => observer.disconnect()
  }, [element, visible])
  return visible
}
