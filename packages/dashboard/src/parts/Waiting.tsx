/** Shown instead of the sizes while there are none. */
import type { Problem } from "../api/Problem.ts"
import type { Status } from "../api/Resources.ts"
import { usePage } from "../view/PageContext.ts"
import { Icon } from "./controls/Icon.tsx"

interface Props {
  readonly problem: Problem | undefined
  readonly status: Status | undefined
  readonly loading: boolean
  readonly onRetry: () => void
}

export const Waiting = ({ loading, onRetry, problem, status }: Props) => {
  const { go, view } = usePage()
  if (problem === undefined) {
    return (
      <main class="waiting" aria-busy="true">
        <p role="status">Loading …</p>
      </main>
    )
  }
  if (problem.kind === "unavailable") {
    const progress = status?.progress
    return (
      <main class="waiting">
        <h1>There are no figures yet</h1>
        <p role="status">
          {progress
            ? `The registry is being read: ${progress.repositories_done} of ${progress.repositories_found} repositories so far.`
            : problem.sentence}{" "}
          This page updates by itself.
        </p>
        {status?.last_error && <p class="notice notice-bad">The last attempt failed: {status.last_error}.</p>}
      </main>
    )
  }
  return (
    <main class="waiting">
      <h1>{problem.kind === "unreachable" ? "The server cannot be reached" : "The figures cannot be shown"}</h1>
      <p role="alert">
        {problem.kind === "unreachable"
          ? "It may be restarting, or the network is down."
          : `The server says: ${problem.message}.`}
      </p>
      <button class="button button-main" type="button" disabled={loading} onClick={onRetry}>
        <Icon name="refresh" /> Try again
      </button>
      {view.instant !== undefined && (
        <button class="button" type="button" onClick={() => go({ instant: undefined })}>
          Back to now
        </button>
      )}
    </main>
  )
}
