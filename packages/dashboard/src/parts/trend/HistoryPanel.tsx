/** How the place that is shown grew: the trend and the growers, where the server keeps a history. */
import { useEffect, useRef } from "preact/hooks"
import type { Loaded } from "../../api/Cache.ts"
import type { Links } from "../../api/Links.ts"
import { periods } from "../../usage/TimeSeries.ts"
import type { Node } from "../../usage/Tree.ts"
import * as Location from "../../view/Location.ts"
import { useShell } from "../../view/Shell.ts"
import { useSeen } from "../../view/useVisible.ts"
import { Failure } from "../controls/Failure.tsx"
import { Growers } from "./Growers.tsx"
import { DayChoice } from "./SnapshotPicker.tsx"
import { Trend } from "./Trend.tsx"

/** The links of the API's root, which are asked for once. */
export const useHome = (): Loaded<Links> | undefined => {
  const { cache, client } = useShell()
  useEffect(() => void cache.load("home", client.home), [cache, client])
  return cache.get<Links>("home")
}

/** The template that leads to a node, and what it is filled in with; for all there is the root itself. */
const placeOf = (node: Node, home: Links) =>
  node.kind === "repository"
    ? { link: home["image"], variables: { image: node.path } }
    : { link: home["namespace"], variables: { namespace: node.path.slice(0, -1) } }

interface Props {
  readonly node: Node
  readonly home: Links
}

export const Course = ({ home, node }: Props) => {
  const { cache, client, go, view } = useShell()
  const element = useRef<HTMLElement>(null)
  const seen = useSeen(element)
  const key = `links ${node.path}`
  const ask = () => {
    const { link, variables } = placeOf(node, home)
    return link === undefined ? Promise.resolve<Links>({}) : client.linksOf(link, variables)
  }
  useEffect(() => {
    if (seen && node.path !== "") cache.load(key, ask)
  }, [seen, cache, client, key, home])
  const links: Loaded<Links> | undefined = node.path === "" ? { state: "done", value: home } : cache.get<Links>(key)
  const told = seen && links?.state === "done" ? links.value : undefined
  return (
    <section class="history" ref={element} aria-labelledby="history-title">
      <div class="history-head">
        <h2 id="history-title">Over time</h2>
        <DayChoice />
        <fieldset class="segments">
          <legend class="visually-hidden">Period</legend>
          {Location.periods.map((period) => (
            <label key={period}>
              <input
                type="radio"
                name="period"
                checked={view.period === period}
                onChange={() => go({ period }, true)}
              />
              <span>{periods[period].label}</span>
            </label>
          ))}
        </fieldset>
      </div>
      {links?.state === "failed" ? (
        <div class="panel">
          <Failure problem={links.problem} onRetry={() => cache.retry(key, ask)} />
        </div>
      ) : (
        <div class={node.kind === "repository" ? "history-panels" : "history-panels has-growers"}>
          <Trend
            key={`trend ${node.path}`}
            link={told?.["history"]}
            name={node.path === "" ? "the registry" : node.path.replace(/\/$/, "")}
          />
          {node.kind === "namespace" && <Growers key={`growers ${node.path}`} link={told?.["growth"]} node={node} />}
        </div>
      )}
    </section>
  )
}
