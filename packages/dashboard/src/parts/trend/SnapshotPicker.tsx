/** Chooses a day; the page then shows the last snapshot of that day. */
import * as Instant from "../../view/Instant.ts"
import { usePage } from "../../view/PageContext.ts"

export const SnapshotPicker = () => {
  const { go, view } = usePage()
  const shown = new Date(view.instant ?? Date.now())
  return (
    <label class="snapshot-picker">
      As of
      <input
        class="input"
        type="date"
        max={Instant.toDay(new Date())}
        value={Number.isNaN(shown.getTime()) ? "" : Instant.toDay(shown)}
        onChange={(event) => go({ instant: Instant.endOfDay(event.currentTarget.value, new Date()) })}
      />
    </label>
  )
}
