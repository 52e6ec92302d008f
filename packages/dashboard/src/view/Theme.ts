/** The colour scheme of the page. */
import { useEffect } from "preact/hooks"
import { usePreference } from "./usePreference.ts"

export type Theme = "system" | "light" | "dark"

/** The theme that the user prefers, applied to the document. */
export const useTheme = (): readonly [Theme, (theme: Theme) => void] => {
  const [theme, setTheme] = usePreference<Theme>("theme", ["system", "light", "dark"])
  useEffect(() => {
    if (theme === "system") delete document.documentElement.dataset["theme"]
    else document.documentElement.dataset["theme"] = theme
  }, [theme])
  return [theme, setTheme]
}

/** Calls back when the system or the user changes between light and dark. Returns the function that ends this. */
export const onThemeChange = (changed: () => void): (() => void) => {
  const dark = matchMedia("(prefers-color-scheme: dark)")
  dark.addEventListener("change", changed)
  const observer = new MutationObserver(changed)
  observer.observe(document.documentElement, { attributeFilter: ["data-theme"] })
  return () => {
    dark.removeEventListener("change", changed)
    observer.disconnect()
  }
}

/**
 * Computes the colours of custom properties, for a canvas: `light-dark()` in them is resolved only where a property uses
 * them.
 */
export const resolveColours = <Name extends string>(
  within: Element,
  names: ReadonlyArray<Name>
): Record<Name, string> => {
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
