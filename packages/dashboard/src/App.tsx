/** The page: signed out or signed in. */
import { useCallback, useEffect, useMemo, useState } from "preact/hooks"
import * as Client from "./api/Client.ts"
import * as Session from "./api/Session.ts"
import { Dashboard } from "./parts/Dashboard.tsx"
import { Login } from "./parts/Login.tsx"
import { usePreference } from "./view/usePreference.ts"

export type Theme = "system" | "light" | "dark"

export const App = () => {
  const [token, setToken] = useState(Session.kept)
  const [expired, setExpired] = useState(false)
  const [theme, setTheme] = usePreference<Theme>("theme", ["system", "light", "dark"])

  useEffect(() => {
    if (theme === "system") delete document.documentElement.dataset["theme"]
    else document.documentElement.dataset["theme"] = theme
  }, [theme])

  const onSignedIn = useCallback((token: string, stay: boolean) => {
    if (stay) Session.keep(token)
    setExpired(false)
    setToken(token)
  }, [])
  const end = useCallback(() => {
    Session.forget()
    setToken(undefined)
  }, [])
  const onExpired = useCallback(() => {
    setExpired(true)
    end()
  }, [end])
  const onSignOut = useCallback(() => {
    // Names of repositories do not stay behind in the address.
    history.replaceState(null, "", "#/")
    setExpired(false)
    end()
  }, [end])

  const client = useMemo(() => (token === undefined ? undefined : Client.make(token)), [token])
  return client === undefined ? (
    <Login expired={expired} onSignedIn={onSignedIn} />
  ) : (
    <Dashboard client={client} theme={theme} onTheme={setTheme} onExpired={onExpired} onSignOut={onSignOut} />
  )
}
