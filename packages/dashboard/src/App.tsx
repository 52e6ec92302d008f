/** The page: signed out or signed in. */
import { useCallback, useMemo, useState } from "preact/hooks"
import * as Client from "./api/Client.ts"
import * as Session from "./api/Session.ts"
import { Dashboard } from "./parts/Dashboard.tsx"
import { Login } from "./parts/Login.tsx"
import { useTheme } from "./view/Theme.ts"

export const App = () => {
  const [token, setToken] = useState(Session.read)
  const [expired, setExpired] = useState(false)
  const [theme, setTheme] = useTheme()

  const onSignedIn = (token: string) => {
    Session.write(token)
    setToken(token)
  }
  const signOut = useCallback((expired: boolean) => {
    Session.clear()
    setExpired(expired)
    setToken(undefined)
  }, [])
  const onExpired = useCallback(() => signOut(true), [signOut])
  const onSignOut = () => {
    // The address may hold names of repositories.
    history.replaceState(null, "", "#/")
    signOut(false)
  }

  const client = useMemo(() => (token === undefined ? undefined : Client.make(token)), [token])
  return client === undefined ? (
    <Login expired={expired} onSignedIn={onSignedIn} />
  ) : (
    <Dashboard client={client} theme={theme} onTheme={setTheme} onExpired={onExpired} onSignOut={onSignOut} />
  )
}
