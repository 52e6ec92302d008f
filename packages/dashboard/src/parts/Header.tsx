/** The bar at the top: the name, preferences, signing out. */
import type { Units } from "../view/Format.ts"
import type { Theme } from "../view/Theme.ts"
import { Icon, Mark } from "./controls/Icon.tsx"
import { Segments } from "./controls/Segments.tsx"

export interface Props {
  readonly units: Units
  readonly onUnits: (units: Units) => void
  readonly theme: Theme
  readonly onTheme: (theme: Theme) => void
  readonly onSignOut: () => void
  /** Whether the detail covers it. */
  readonly covered: boolean
}

const unitOptions = {
  binary: { label: "KiB", title: "1 KiB = 1,024 bytes" },
  decimal: { label: "kB", title: "1 kB = 1,000 bytes" }
}

const themes = {
  system: { icon: "system", next: "light", label: "as the system" },
  light: { icon: "sun", next: "dark", label: "light" },
  dark: { icon: "moon", next: "system", label: "dark" }
} as const

export const Header = ({ covered, onSignOut, onTheme, onUnits, theme, units }: Props) => {
  const { icon, label, next } = themes[theme]
  return (
    <header class="header" inert={covered}>
      <a class="brand" href="#/">
        <Mark />
        <span>Registry usage</span>
      </a>
      <div class="header-tools">
        <Segments legend="Units" name="units" options={unitOptions} value={units} onChange={onUnits} />
        <button
          class="button button-quiet"
          type="button"
          title={`Colours: ${label}`}
          aria-label={`Colours: ${label}. Change to ${themes[next].label}`}
          onClick={() => onTheme(next)}
        >
          <Icon name={icon} />
        </button>
        <button class="button button-quiet" type="button" onClick={onSignOut}>
          <Icon name="exit" /> <span class="wide-only">Sign out</span>
        </button>
      </div>
    </header>
  )
}
