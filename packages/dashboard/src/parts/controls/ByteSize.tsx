/** A size whose unit is smaller than its number. */
import * as Format from "../../view/Format.ts"
import { usePage } from "../../view/PageContext.ts"

interface Props {
  readonly bytes: number | null
  /** Whether it is the least that the size can be. */
  readonly partial?: boolean | undefined
}

/** Stands before a sum in which something is missing. */
export const AtLeast = () => <span title="At least: something in it could not be read">≥ </span>

export const ByteSize = ({ bytes, partial = false }: Props) => {
  const { units } = usePage()
  if (bytes === null) return <>unknown</>
  const [number, unit] = Format.bytesParts(bytes, units)
  return (
    <>
      {partial && <AtLeast />}
      {number} <small>{unit}</small>
    </>
  )
}
