/** A panel with the value of a request, or with the reason why there is none. */
import type { ComponentChildren } from "preact"
import type { LoadedState } from "../../view/useLoaded.ts"
import { Failure } from "../controls/Failure.tsx"

interface Props<A> {
  readonly name: string
  readonly title: string
  /** Beside the title. */
  readonly tools?: ComponentChildren
  readonly state: LoadedState<A>
  readonly children: (value: A) => ComponentChildren
}

export const LoadedPanel = <A,>({ children, name, state: { latest, loaded, retry }, title, tools }: Props<A>) => (
  <section class={`panel ${name}`} aria-labelledby={`${name}-title`} aria-busy={loaded?.state !== "done"}>
    <div class="panel-head">
      <h3 id={`${name}-title`}>{title}</h3>
      {tools}
    </div>
    {loaded?.state === "failed" ? (
      <Failure text={loaded.problem.sentence} onRetry={retry} />
    ) : latest === undefined ? (
      <p class="panel-empty">Loading …</p>
    ) : (
      children(latest)
    )}
  </section>
)
