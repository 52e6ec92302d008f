/** The form to sign in with. */
import { useEffect, useRef, useState } from "preact/hooks"
import * as Client from "../api/Client.ts"
import { fromUnknown } from "../api/Problem.ts"
import { Mark } from "./controls/Icon.tsx"

interface Props {
  readonly expired: boolean
  readonly onSignedIn: (token: string) => void
}

const explain = (error: unknown): string => {
  const problem = fromUnknown(error)
  if (problem.kind === "expired") return "This user name and password were not accepted."
  if (problem.kind === "unreachable") return "The server cannot be reached. Check your connection and try again."
  if (problem.status === 429) return "Too many attempts. Wait a moment, then try again."
  return `You cannot be signed in right now: ${problem.message}.`
}

export const Login = ({ expired, onSignedIn }: Props) => {
  const [message, setMessage] = useState<string>()
  const [busy, setBusy] = useState(false)
  const username = useRef<HTMLInputElement>(null)
  const password = useRef<HTMLInputElement>(null)
  // The attribute `autofocus` works once in a document; this form may be shown again.
  useEffect(() => username.current?.focus(), [])

  const submit = async (event: SubmitEvent) => {
    event.preventDefault()
    const entered = new FormData(event.currentTarget as HTMLFormElement)
    setBusy(true)
    setMessage(undefined)
    try {
      const token = await Client.signIn(String(entered.get("username")), String(entered.get("password")))
      onSignedIn(token)
    } catch (error) {
      setMessage(explain(error))
      setBusy(false)
      password.current?.select()
    }
  }

  return (
    <main class="login">
      <form class="login-card" onSubmit={submit} aria-labelledby="login-title">
        <div class="login-head">
          <Mark />
          <h1 id="login-title">Registry usage</h1>
        </div>
        {expired && message === undefined && (
          <p class="notice" role="status">
            Your session has ended. Sign in again to go on where you were.
          </p>
        )}
        <label class="field">
          <span>User name</span>
          <input
            class="input"
            name="username"
            autocomplete="username"
            autocapitalize="none"
            spellcheck={false}
            required
            ref={username}
          />
        </label>
        <label class="field">
          <span>Password</span>
          <input
            class="input"
            name="password"
            type="password"
            autocomplete="current-password"
            required
            ref={password}
          />
        </label>
        {message !== undefined && (
          <p class="notice notice-bad" role="alert">
            {message}
          </p>
        )}
        <button class="button button-main" type="submit" disabled={busy}>
          {busy ? "Signing in …" : "Sign in"}
        </button>
      </form>
    </main>
  )
}
