/** Going to the past, and the way back. */
import * as Format from "../../view/Format.ts"
import { useShell } from "../../view/Shell.ts"
import { Icon } from "../controls/Icon.tsx"

/** Says that these are figures of the past: of a look at this instant, in seconds since 1970. */
export const Past = ({ at }: { readonly at: number }) => {
  const { go } = useShell()
  return (
    <div class="notice snapshot-notice" role="status">
      <p>
        <strong>This is the past.</strong> The registry as it was looked at on {Format.at(at)}.
      </p>
      <button class="button" type="button" onClick={() => go({ past: undefined })}>
        <Icon name="refresh" /> Back to now
      </button>
    </div>
  )
}

const two = (value: number) => String(value).padStart(2, "0")

/** A day as a field of a form has it, in the time zone of the reader. */
const fieldOf = (date: Date) => `${date.getFullYear()}-${two(date.getMonth() + 1)}-${two(date.getDate())}`

/** The end of a day (`2026-01-31`) in the time zone of the reader; undefined where that is not past, or no day. */
export const endOf = (day: string, now: Date): string | undefined => {
  const end = new Date(`${day}T23:59:59.999`)
  return Number.isNaN(end.getTime()) || end >= now ? undefined : end.toISOString()
}

/** Chooses the day at the end of which all is shown. */
export const DayChoice = () => {
  const { go, view } = useShell()
  const shown = new Date(view.past ?? Date.now())
  return (
    <label class="snapshot-picker">
      As of
      <input
        type="date"
        max={fieldOf(new Date())}
        value={Number.isNaN(shown.getTime()) ? "" : fieldOf(shown)}
        onChange={(event) => go({ past: endOf(event.currentTarget.value, new Date()) })}
      />
    </label>
  )
}
