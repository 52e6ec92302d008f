/** A size whose unit is smaller than its number. */
import * as Format from "../../view/Format.ts"
import { usePage } from "../../view/PageContext.ts"

export const ByteSize = ({ bytes }: { readonly bytes: number | null }) => {
  const { units } = usePage()
  if (bytes === null) return <>unknown</>
  const [number, unit] = Format.bytesParts(bytes, units)
  return (
    <>
      {number} <small>{unit}</small>
    </>
  )
}
