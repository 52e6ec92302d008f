/** Says that an earlier snapshot is shown, and leads back to the latest one. */
import * as Format from "../../view/Format.ts"
import { usePage } from "../../view/PageContext.ts"
import { Icon } from "../controls/Icon.tsx"

/** The timestamp of the snapshot is in seconds since 1970. */
export const SnapshotNotice = ({ timestamp }: { readonly timestamp: number }) => {
  const { go } = usePage()
  return (
    <div class="notice snapshot-notice" role="status">
      <p>
        <strong>This is an earlier snapshot.</strong> It shows the registry on {Format.at(timestamp)}.
      </p>
      <button class="button" type="button" onClick={() => go({ instant: undefined })}>
        <Icon name="refresh" /> Back to now
      </button>
    </div>
  )
}
