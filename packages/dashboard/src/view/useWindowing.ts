/** Which rows of a long list are in sight while the window scrolls. */
import type { RefObject } from "preact"
import { useCallback, useEffect, useLayoutEffect, useState } from "preact/hooks"

/** Rows drawn above and below those in sight, so that scrolling shows no gap. */
const overscan = 12

/** The range of rows to draw, of `count` rows of `rowHeight` pixels in the element. */
export const useWindowing = (element: RefObject<HTMLElement | null>, count: number, rowHeight: number) => {
  const [range, setRange] = useState({ start: 0, end: Math.min(count, 40) })
  const measure = useCallback(() => {
    const top = element.current?.getBoundingClientRect().top ?? 0
    const first = Math.floor(-top / rowHeight)
    const visible = Math.ceil(innerHeight / rowHeight)
    // In steps, so that most scroll events change nothing.
    const step = overscan / 2
    const start = Math.max(0, Math.min(count, Math.floor((first - overscan) / step) * step))
    // A list below the window has its first rows drawn before the user scrolls to it.
    const least = start === 0 ? overscan : 0
    const end = Math.min(count, Math.max(least, Math.ceil((first + visible + overscan) / step) * step))
    setRange((range) => (range.start === start && range.end === end ? range : { start, end: Math.max(start, end) }))
  }, [element, count, rowHeight])
  useLayoutEffect(measure)
  useEffect(() => {
    addEventListener("scroll", measure, { passive: true })
    addEventListener("resize", measure)
    // What is above the list may change its height.
    const observer = new ResizeObserver(measure)
    observer.observe(document.body)
    return () => {
      observer.disconnect()
      removeEventListener("scroll", measure)
      removeEventListener("resize", measure)
    }
  }, [measure])
  return { start: Math.min(range.start, count), end: Math.min(range.end, count) }
}
