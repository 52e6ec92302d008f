/** The three sizes of a thing, each with what it means. */
import type { Sizes } from "../../api/Resources.ts"
import * as Format from "../../view/Format.ts"
import { useShell } from "../../view/Shell.ts"

interface Props {
  readonly sizes: Sizes
  /** Whether what would be freed is still being asked for. */
  readonly asking?: boolean
}

export const Figures = ({ asking = false, sizes }: Props) => {
  const { units } = useShell()
  return (
    <dl class="sizes">
      <div>
        <dt>On disk</dt>
        <dd>{Format.bytes(sizes.disk_size, units)}</dd>
      </div>
      <div>
        <dt>Virtual</dt>
        <dd>{Format.bytes(sizes.size, units)}</dd>
      </div>
      <div>
        <dt>Deleting frees</dt>
        <dd>{asking ? "…" : Format.bytes(sizes.unique_size, units)}</dd>
      </div>
    </dl>
  )
}
