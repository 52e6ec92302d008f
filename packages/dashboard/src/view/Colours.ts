/** The colours of the style sheet, for what is drawn on a canvas. */

/** Custom properties as colours of now: `light-dark()` in them is decided only where a property uses them. */
export const resolve = <Name extends string>(within: Element, names: ReadonlyArray<Name>): Record<Name, string> => {
  const probe = document.createElement("span")
  probe.hidden = true
  within.append(probe)
  const colours = names.map((name) => {
    probe.style.color = `var(${name})`
    return [name, getComputedStyle(probe).color]
  })
  probe.remove()
  return Object.fromEntries(colours) as Record<Name, string>
}

/** Calls back when the system or the person changes from light to dark or back. Returns how to end that. */
export const onTheme = (changed: () => void): (() => void) => {
  const dark = matchMedia("(prefers-color-scheme: dark)")
  dark.addEventListener("change", changed)
  const observer = new MutationObserver(changed)
  observer.observe(document.documentElement, { attributeFilter: ["data-theme"] })
  return () => {
    dark.removeEventListener("change", changed)
    observer.disconnect()
  }
}
