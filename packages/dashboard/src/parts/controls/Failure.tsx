/** Says why a part of the page has nothing to show, and lets the user try again. */
import { Icon } from "./Icon.tsx"

interface Props {
  readonly text: string
  readonly onRetry: () => void
}

export const Failure = ({ onRetry, text }: Props) => (
  <div class="notice notice-bad" role="alert">
    <p>{text}</p>
    <button class="button" type="button" onClick={onRetry}>
      <Icon name="refresh" /> Try again
    </button>
  </div>
)
