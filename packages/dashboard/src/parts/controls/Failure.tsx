/** Why a part of the page has nothing to show, and asking again. */
import type { Problem } from "../../api/Problem.ts"
import { Icon } from "./Icon.tsx"

interface Props {
  readonly problem: Problem
  readonly onRetry: () => void
}

export const Failure = ({ onRetry, problem }: Props) => (
  <div class="notice notice-bad" role="alert">
    <p>{problem.sentence}</p>
    <button class="button" type="button" onClick={onRetry}>
      <Icon name="refresh" /> Try again
    </button>
  </div>
)
