/** The three sizes of a namespace, a repository or a tag. */
import type { SizeKey, Sizes } from "../../api/Resources.ts"
import * as Format from "../../view/Format.ts"
import { usePage } from "../../view/PageContext.ts"
import { sizeNames } from "../../view/SizeNames.ts"

const keys: ReadonlyArray<SizeKey> = ["disk_size", "size", "unique_size"]

interface Props {
  /** Whether something in it could not be read. */
  readonly partial?: boolean | undefined
  /** A size is undefined while it is loading. */
  readonly sizes: { readonly [Key in SizeKey]: Sizes[Key] | undefined }
}

export const SizeList = ({ partial = false, sizes }: Props) => {
  const { units } = usePage()
  return (
    <dl class="sizes">
      {keys.map((key) => (
        <div key={key}>
          <dt title={sizeNames[key].title}>{sizeNames[key].label}</dt>
          <dd>{sizes[key] === undefined ? "…" : Format.sum(sizes[key], partial, units)}</dd>
        </div>
      ))}
    </dl>
  )
}
