/** The history of the place that is shown: its time series and its growth. */
import { useRef } from "preact/hooks"
import type { Links } from "../../api/Links.ts"
import type { Node } from "../../usage/Tree.ts"
import { periods } from "../../view/Location.ts"
import { usePage } from "../../view/PageContext.ts"
import { useLoaded } from "../../view/useLoaded.ts"
import { useVisible } from "../../view/useVisible.ts"
import { Failure } from "../controls/Failure.tsx"
import { Segments } from "../controls/Segments.tsx"
import { Growers } from "./Growers.tsx"
import { SnapshotPicker } from "./SnapshotPicker.tsx"
import { Trend } from "./Trend.tsx"

interface Props {
  readonly node: Node
  /** The links of the API's root. */
  readonly root: Links
}

export const HistoryPanel = ({ node, root }: Props) => {
  const { client, go, view } = usePage()
  const element = useRef<HTMLElement>(null)
  const visible = useVisible(element)
  const { loaded, retry } = useLoaded<Links>(
    `links ${node.path}`,
    visible
      ? async () => {
          if (node.path === "") return root
          const [link, variables] =
            node.kind === "repository"
              ? [root["image"], { image: node.path }]
              : [root["namespace"], { namespace: node.path.slice(0, -1) }]
          return link === undefined ? {} : client.linksOf(link, variables)
        }
      : undefined
  )
  const links = loaded?.state === "done" ? loaded.value : undefined
  return (
    <section class="history" ref={element} aria-labelledby="history-title">
      <div class="panel-head">
        <h2 id="history-title">History</h2>
        <SnapshotPicker />
        <Segments
          legend="Period"
          name="period"
          options={periods}
          value={view.period}
          onChange={(period) => go({ period }, true)}
        />
      </div>
      {loaded?.state === "failed" ? (
        <div class="panel">
          <Failure text={loaded.problem.sentence} onRetry={retry} />
        </div>
      ) : (
        <div class={node.kind === "repository" ? "history-panels" : "history-panels has-growers"}>
          <Trend
            key={`trend ${node.path}`}
            link={links?.["history"]}
            name={node.path === "" ? "the registry" : node.path.replace(/\/$/, "")}
          />
          {node.kind === "namespace" && <Growers key={`growers ${node.path}`} link={links?.["growth"]} node={node} />}
        </div>
      )}
    </section>
  )
}
