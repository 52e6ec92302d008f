/** Which images or namespaces grew, shrank, came or went in the period; and when the registry will be full. */
import { useState } from "preact/hooks"
import type { Link } from "../../api/Links.ts"
import type { Grower, Growth } from "../../api/Resources.ts"
import type { Node } from "../../usage/Tree.ts"
import { fewGrowers, useGrowth } from "../../usage/useGrowth.ts"
import * as Format from "../../view/Format.ts"
import * as Instant from "../../view/Instant.ts"
import { usePage } from "../../view/PageContext.ts"
import { growthNames } from "../../view/SizeNames.ts"
import { Segments } from "../controls/Segments.tsx"
import { LoadedPanel } from "./LoadedPanel.tsx"
import { ProjectedFull } from "./ProjectedFull.tsx"

interface Props {
  /** Undefined while it is loading. */
  readonly link: Link | undefined
  readonly node: Node
}

const limits = { few: fewGrowers, many: 100 }

const kinds = { images: { label: "Repositories" }, namespaces: { label: "Namespaces" } }

export const Growers = ({ link, node }: Props) => {
  const { go, view } = usePage()
  const [limit, setLimit] = useState(limits.few)
  const state = useGrowth(link, view, limit)
  const tools = (
    <>
      <Segments
        legend="Of which kind"
        name="growers"
        options={kinds}
        value={view.growthOf}
        onChange={(growthOf) => go({ growthOf }, true)}
      />
      <Segments
        legend="By which measure"
        name="by"
        options={growthNames}
        value={view.growthBy}
        onChange={(growthBy) => go({ growthBy }, true)}
      />
    </>
  )
  return (
    <LoadedPanel name="growers" title="What grew" tools={tools} state={state}>
      {(growth) => (
        <>
          {growth.projection !== null && <ProjectedFull projection={growth.projection} />}
          {growth.from === growth.to ? (
            <p class="panel-empty">
              There is nothing to compare with yet: history begins at {Format.toMinute(growth.from)}. Come back after
              the next crawl.
            </p>
          ) : growth.items.length === 0 ? (
            <p class="panel-empty">Nothing changed since {Format.toMinute(growth.from)}.</p>
          ) : (
            <GrowerTable growth={growth} below={node.path} />
          )}
          {growth.matching > growth.items.length &&
            (limit === limits.few ? (
              <button class="link" type="button" onClick={() => setLimit(limits.many)}>
                {growth.matching > limits.many
                  ? `Show ${limits.many} of ${Format.count(growth.matching)}`
                  : `Show all ${growth.matching}`}
              </button>
            ) : (
              <p class="caption">And {Format.count(growth.matching - growth.items.length)} more changed.</p>
            ))}
        </>
      )}
    </LoadedPanel>
  )
}

/** Names are shown without the path of the place, `below`. */
const GrowerTable = ({ below, growth }: { readonly below: string; readonly growth: Growth }) => {
  const { units, view } = usePage()
  // Very large snapshots are not compared blob by blob.
  const isCompared = growth.items.some(({ new_bytes }) => typeof new_bytes === "number")
  return (
    <table class="growers-table">
      <caption class="caption">
        Since {Format.toMinute(growth.from)}
        {growth.change !== null && (
          <>
            : <strong>{Format.change(growth.change, units)}</strong>
            {growth.percent !== null && ` (${Format.percentChange(growth.percent)})`} in all
          </>
        )}
        {isCompared && growth.unread_bytes !== null && growth.unread_bytes !== 0 && (
          <>; {Format.bytes(Math.abs(growth.unread_bytes), units)} of it could not be read at one of the two times</>
        )}
      </caption>
      <thead>
        <tr>
          <th scope="col">{view.growthOf === "images" ? "Repository" : "Namespace"}</th>
          <th scope="col" class="growers-size">
            Before
          </th>
          <th scope="col" class="growers-size">
            Now
          </th>
          {isCompared && (
            <th scope="col" title={growthNames.new_bytes.title}>
              {growthNames.new_bytes.label}
            </th>
          )}
          <th scope="col">Change</th>
        </tr>
      </thead>
      <tbody>
        {growth.items.map((grower) => (
          <GrowerRow
            key={grower.name ?? grower.path}
            grower={grower}
            below={below}
            from={growth.from}
            isCompared={isCompared}
          />
        ))}
      </tbody>
    </table>
  )
}

interface GrowerProps {
  readonly grower: Grower
  readonly below: string
  /** The instant of the earlier snapshot, in seconds since 1970. */
  readonly from: number
  /** Whether there is a column for new bytes. */
  readonly isCompared: boolean
}

const Moved = ({ bytes }: { readonly bytes: number }) => {
  const { units } = usePage()
  return (
    <div class="grower-moved" title="Stored before as well as now: it is charged to something else now">
      {Format.bytes(Math.abs(bytes), units)} moved {bytes > 0 ? "here" : "away"}
    </div>
  )
}

const GrowerRow = ({ below, from, grower, isCompared }: GrowerProps) => {
  const { href, units } = usePage()
  const { after, before, change, moved_bytes, new_bytes, percent } = grower
  const path = grower.name ?? `${grower.path ?? ""}/`
  const label = path.startsWith(below) && path !== below ? path.slice(below.length) : path
  const mark = grower.new === true ? "new" : grower.gone === true ? "gone" : undefined
  return (
    <tr>
      <th scope="row">
        <a href={href({ path, detail: undefined, ...(mark === "gone" ? { instant: Instant.fromSeconds(from) } : {}) })}>
          {label.split(/(?<=\/)/).map((part) => [<wbr />, part])}
        </a>
        {mark !== undefined && (
          <>
            {" "}
            <span class="grower-mark">{mark}</span>
          </>
        )}
      </th>
      <td class="growers-size">{mark === "new" ? "–" : Format.bytes(before, units)}</td>
      <td class="growers-size">{mark === "gone" ? "–" : Format.bytes(after, units)}</td>
      {isCompared && <td>{new_bytes === null ? "unknown" : Format.change(new_bytes, units)}</td>}
      <td>
        {change === null ? "unknown" : <span class={change > 0 ? "more" : "less"}>{Format.change(change, units)}</span>}{" "}
        {percent !== null && mark !== "gone" && <small>{Format.percentChange(percent)}</small>}
        {isCompared && moved_bytes !== null && moved_bytes !== 0 && <Moved bytes={moved_bytes} />}
      </td>
    </tr>
  )
}
