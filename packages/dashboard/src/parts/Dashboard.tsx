/** Loads the figures of the registry, and keeps an eye on newer ones. */
import { useCallback, useEffect, useMemo, useRef, useState } from "preact/hooks"
import * as Cache from "../api/Cache.ts"
import type { Client } from "../api/Client.ts"
import { fromUnknown, type Problem } from "../api/Problem.ts"
import type { Image, Status, Totals } from "../api/Resources.ts"
import type { Theme } from "../App.tsx"
import type { Units } from "../view/Format.ts"
import * as Location from "../view/Location.ts"
import { Provider, type Shell } from "../view/Shell.ts"
import { useMedia } from "../view/useMedia.ts"
import { usePreference } from "../view/usePreference.ts"
import { useView } from "../view/useView.ts"
import { Header } from "./Header.tsx"
import { Icon } from "./controls/Icon.tsx"
import { Overview } from "./Overview.tsx"

interface Props {
  readonly client: Client
  readonly theme: Theme
  readonly onTheme: (theme: Theme) => void
  readonly onExpired: () => void
  readonly onSignOut: () => void
}

interface Usage {
  readonly totals: Totals
  readonly images: ReadonlyArray<Image>
}

/** In milliseconds. */
const distances = { firstCrawl: 2_000, newer: 30_000 }

export const Dashboard = ({ client: present, onExpired, onSignOut, onTheme, theme }: Props) => {
  const [units, setUnits] = usePreference<Units>("units", ["binary", "decimal"])
  const [view, go] = useView()
  const client = useMemo(() => present.asOf(view.past), [present, view.past])
  const latest = useRef(client)
  latest.current = client
  const [usage, setUsage] = useState<Usage>()
  const [problem, setProblem] = useState<Problem>()
  const [status, setStatus] = useState<Status>()
  const [loading, setLoading] = useState(true)
  const [version, setVersion] = useState(0)
  const narrow = useMedia("(max-width: 1180px)")

  const onProblem = useCallback(
    (problem: Problem) => {
      if (problem.kind === "expired") onExpired()
    },
    [onExpired]
  )
  // A new snapshot makes all that was loaded from the last one void.
  const cache = useMemo(() => Cache.make(() => setVersion((version) => version + 1), onProblem), [usage, onProblem])

  const look = useCallback(async () => {
    try {
      setStatus(await client.status())
    } catch (error) {
      onProblem(fromUnknown(error))
    }
  }, [client, onProblem])

  const load = useCallback(async () => {
    setLoading(true)
    try {
      const usage = await client.images()
      // Meanwhile the page may have gone to another time.
      if (latest.current !== client) return
      setUsage(usage)
      setProblem(undefined)
    } catch (error) {
      if (latest.current !== client) return
      const problem = fromUnknown(error)
      onProblem(problem)
      setProblem(problem)
    }
    setLoading(false)
    await look()
  }, [client, look, onProblem])

  useEffect(() => {
    setUsage(undefined)
    setProblem(undefined)
    void load()
  }, [load])

  const waiting = usage === undefined && problem?.kind === "unavailable"
  useEffect(() => {
    const timer = setInterval(
      () => {
        if (waiting) void load()
        else if (document.visibilityState === "visible") void look()
      },
      waiting ? distances.firstCrawl : distances.newer
    )
    return () => clearInterval(timer)
  }, [waiting, load, look])

  const shell = useMemo<Shell>(
    () => ({
      client,
      cache,
      units,
      view,
      go,
      href: (change) => Location.format({ ...view, ...change }),
      report: onProblem
    }),
    // A new version has no new contents here; it makes what reads the cache look again.
    [client, cache, units, view, go, onProblem, version]
  )

  return (
    <Provider value={shell}>
      <div class={view.detail === undefined ? "page" : "page has-detail"}>
        <Header
          units={units}
          onUnits={setUnits}
          theme={theme}
          onTheme={onTheme}
          onSignOut={onSignOut}
          covered={narrow && view.detail !== undefined && usage !== undefined}
        />
        {usage === undefined ? (
          <Waiting
            problem={problem}
            status={status}
            loading={loading}
            onRetry={load}
            onNow={view.past === undefined ? undefined : () => go({ past: undefined })}
          />
        ) : (
          <Overview
            totals={usage.totals}
            images={usage.images}
            // What is said of the present says nothing of the past.
            status={view.past === undefined ? status : undefined}
            problem={problem}
            loading={loading}
            onReload={load}
          />
        )}
      </div>
    </Provider>
  )
}

interface WaitingProps {
  readonly problem: Problem | undefined
  readonly status: Status | undefined
  readonly loading: boolean
  readonly onRetry: () => void
  /** Leads back to the present, from the past. */
  readonly onNow: (() => void) | undefined
}

/** What is there instead of figures. */
const Waiting = ({ loading, onNow, onRetry, problem, status }: WaitingProps) => {
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
          This page goes on by itself.
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
      {onNow !== undefined && (
        <button class="button" type="button" onClick={onNow}>
          Back to now
        </button>
      )}
    </main>
  )
}
