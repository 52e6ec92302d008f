/** What grew in the period, and what shrank, came and went; and when the registry will be full. */
import { useEffect, useState } from "preact/hooks"
import type { Link } from "../../api/Links.ts"
import type { Grower, Growth } from "../../api/Resources.ts"
import { instantOf, names, periods } from "../../usage/TimeSeries.ts"
import type { Node } from "../../usage/Tree.ts"
import * as Format from "../../view/Format.ts"
import * as Location from "../../view/Location.ts"
import { useShell } from "../../view/Shell.ts"
import { useKept } from "../../view/useLastValue.ts"
import { Failure } from "../controls/Failure.tsx"
import { Projected } from "./ProjectedFull.tsx"

interface Props {
  /** Undefined while it is not known yet. */
  readonly link: Link | undefined
  readonly node: Node
}

const limits = { few: 7, many: 100 }

const kinds = { images: "Images", namespaces: "Groups" } as const

export const Growers = ({ link, node }: Props) => {
  const { cache, client, go, units, view } = useShell()
  const [limit, setLimit] = useState(limits.few)
  const asked = { from: periods[view.period].from, by: view.by, of: view.growers, limit }
  const key = `growth ${link?.href} ${Object.values(asked).join(" ")}`
  const ask = () => client.growth(link!, asked)
  useEffect(() => {
    if (link !== undefined) cache.load(key, ask)
  }, [cache, client, key, link])
  const loaded = link === undefined ? undefined : cache.get<Growth>(key)
  const growth = useKept(loaded)
  return (
    <section class="panel growers" aria-labelledby="growers-title" aria-busy={loaded?.state !== "done"}>
      <div class="growers-head">
        <h3 id="growers-title">What grew</h3>
        <fieldset class="segments">
          <legend class="visually-hidden">Of which kind</legend>
          {(["images", "namespaces"] as const).map((of) => (
            <label key={of}>
              <input
                type="radio"
                name="growers"
                checked={view.growers === of}
                onChange={() => go({ growers: of }, true)}
              />
              <span>{kinds[of]}</span>
            </label>
          ))}
        </fieldset>
        <fieldset class="segments">
          <legend class="visually-hidden">By which size</legend>
          {Location.sizeKeys.map((by) => (
            <label key={by} title={names[by]}>
              <input type="radio" name="by" checked={view.by === by} onChange={() => go({ by }, true)} />
              <span>{by === "unique_size" ? "Freed" : names[by]}</span>
            </label>
          ))}
        </fieldset>
      </div>
      {loaded?.state === "failed" ? (
        <Failure problem={loaded.problem} onRetry={() => cache.retry(key, ask)} />
      ) : growth === undefined ? (
        <p class="panel-empty">Loading …</p>
      ) : (
        <>
          {growth.projection !== null && <Projected projection={growth.projection} capacity={growth.capacity} />}
          {growth.from === growth.to ? (
            <p class="panel-empty">
              There is nothing to compare with yet: history begins at {Format.toMinute(growth.from)}. Come back after
              the next crawl.
            </p>
          ) : growth.items.length === 0 ? (
            <p class="panel-empty">Nothing changed since {Format.toMinute(growth.from)}.</p>
          ) : (
            <table class="growers-table">
              <caption>
                Since {Format.toMinute(growth.from)}
                {growth.change !== null && (
                  <>
                    : <strong>{Format.change(growth.change, units)}</strong>
                    {growth.percent !== null && ` (${Format.percentChange(growth.percent)})`} in all
                  </>
                )}
              </caption>
              <thead>
                <tr>
                  <th scope="col">{view.growers === "images" ? "Image" : "Group"}</th>
                  <th scope="col" class="growers-size">
                    Before
                  </th>
                  <th scope="col" class="growers-size">
                    Now
                  </th>
                  <th scope="col">Change</th>
                </tr>
              </thead>
              <tbody>
                {growth.items.map((grower) => (
                  <GrowerRow key={grower.name ?? grower.path} grower={grower} below={node.path} from={growth.from} />
                ))}
              </tbody>
            </table>
          )}
          {growth.matching > growth.items.length &&
            (limit === limits.few ? (
              <button class="link" type="button" onClick={() => setLimit(limits.many)}>
                {growth.matching > limits.many
                  ? `Show ${limits.many} of ${Format.count(growth.matching)}`
                  : `Show all ${growth.matching}`}
              </button>
            ) : (
              <p class="growers-more">And {Format.count(growth.matching - growth.items.length)} more changed.</p>
            ))}
        </>
      )}
    </section>
  )
}

interface GrowerProps {
  readonly grower: Grower
  /** The place that is shown, in which names are short. */
  readonly below: string
  /** The instant since when it grew, in seconds since 1970. */
  readonly from: number
}

const GrowerRow = ({ below, from, grower }: GrowerProps) => {
  const { href, units } = useShell()
  const { after, before, change, percent } = grower
  const path = grower.name ?? `${grower.path ?? ""}/`
  const label = path.startsWith(below) && path !== below ? path.slice(below.length) : path
  return (
    <tr>
      <th scope="row">
        <a href={href({ path, detail: undefined, ...(grower.gone === true ? { past: instantOf(from) } : {}) })}>
          {label}
        </a>
        {grower.new === true && (
          <>
            {" "}
            <span class="grower-mark">new</span>
          </>
        )}
        {grower.gone === true && (
          <>
            {" "}
            <span class="grower-mark">gone</span>
          </>
        )}
      </th>
      <td class="growers-size">{grower.new === true ? "–" : Format.bytes(before, units)}</td>
      <td class="growers-size">{grower.gone === true ? "–" : Format.bytes(after, units)}</td>
      <td>
        {change === null ? "unknown" : <span class={change > 0 ? "more" : "less"}>{Format.change(change, units)}</span>}{" "}
        {percent !== null && !grower.gone && <small>{Format.percentChange(percent)}</small>}
      </td>
    </tr>
  )
}
