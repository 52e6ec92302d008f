/** Loads the sizes of the registry, and checks for newer ones. */
import { useCallback, useEffect, useMemo, useRef, useState } from "preact/hooks"
import * as Cache from "../api/Cache.ts"
import type { Client } from "../api/Client.ts"
import type { Links } from "../api/Links.ts"
import { fromUnknown, type Problem } from "../api/Problem.ts"
import type { Image, Status, Totals } from "../api/Resources.ts"
import type { Units } from "../view/Format.ts"
import * as Location from "../view/Location.ts"
import { type PageContext, Provider } from "../view/PageContext.ts"
import { useMedia } from "../view/useMedia.ts"
import { usePreference } from "../view/usePreference.ts"
import { useView } from "../view/useView.ts"
import { Header, type Props as HeaderProps } from "./Header.tsx"
import { Overview } from "./Overview.tsx"
import { Waiting } from "./Waiting.tsx"

interface Props extends Pick<HeaderProps, "theme" | "onTheme" | "onSignOut"> {
  readonly client: Client
  readonly onExpired: () => void
}

interface Usage {
  /** The links of the API's root, or why there are none. */
  readonly root: Links | Problem
  readonly totals: Totals
  readonly images: ReadonlyArray<Image>
}

/** In milliseconds. */
const pollIntervals = { firstCrawl: 2_000, newer: 30_000 }

export const Dashboard = ({ client: latestSnapshot, onExpired, ...header }: Props) => {
  const [units, setUnits] = usePreference<Units>("units", ["binary", "decimal"])
  const [view, go] = useView()
  const client = useMemo(() => latestSnapshot.asOf(view.instant), [latestSnapshot, view.instant])
  const current = useRef(client)
  current.current = client
  const [usage, setUsage] = useState<Usage>()
  const [problem, setProblem] = useState<Problem>()
  const [status, setStatus] = useState<Status>()
  const [loading, setLoading] = useState(true)
  const [version, setVersion] = useState(0)
  const narrow = useMedia("(max-width: 1180px)")

  const report = useCallback(
    (problem: Problem) => {
      if (problem.kind === "expired") onExpired()
    },
    [onExpired]
  )
  // Each snapshot has a cache of its own. A newer one shows what the previous one has until its own values arrive.
  const previous = useRef<{ readonly client: Client; readonly cache: Cache.Cache }>(undefined)
  const cache = useMemo(() => {
    const values = previous.current?.client === client ? previous.current.cache.done() : undefined
    const cache = Cache.make(() => setVersion((version) => version + 1), report, values)
    previous.current = { client, cache }
    return cache
  }, [usage, report])

  const loadStatus = useCallback(async () => {
    try {
      setStatus(await client.status())
    } catch (error) {
      report(fromUnknown(error))
    }
  }, [client, report])

  const load = useCallback(async () => {
    setLoading(true)
    try {
      // Together: what is drawn first stays where it is.
      const [images, root] = await Promise.all([
        client.images(),
        client.rootLinks().catch((error: unknown) => fromUnknown(error)),
        loadStatus()
      ])
      // The user may have gone to another snapshot meanwhile.
      if (current.current !== client) return
      setUsage({ ...images, root })
      setProblem(undefined)
    } catch (error) {
      if (current.current !== client) return
      const problem = fromUnknown(error)
      report(problem)
      setProblem(problem)
    }
    setLoading(false)
  }, [client, loadStatus, report])

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
        else if (document.visibilityState === "visible") void loadStatus()
      },
      waiting ? pollIntervals.firstCrawl : pollIntervals.newer
    )
    return () => clearInterval(timer)
  }, [waiting, load, loadStatus])

  const { capacity: bytes, capacity_unit: unit } = status ?? {}
  const capacity = useMemo(
    () => (typeof bytes === "number" && bytes > 0 ? { bytes, unit: unit ?? undefined } : undefined),
    [bytes, unit]
  )
  const page = useMemo<PageContext>(
    () => ({
      client,
      cache,
      units,
      capacity,
      view,
      go,
      report,
      href: (change) => Location.format({ ...view, ...change })
    }),
    // The version changes with the contents of the cache: what reads the cache is drawn again.
    [client, cache, units, capacity, view, go, report, version]
  )

  return (
    <Provider value={page}>
      <div class={view.detail === undefined ? "page" : "page has-detail"}>
        <Header
          {...header}
          units={units}
          onUnits={setUnits}
          covered={narrow && view.detail !== undefined && usage !== undefined}
        />
        {usage === undefined ? (
          <Waiting problem={problem} status={status} loading={loading} onRetry={load} />
        ) : (
          <Overview
            {...usage}
            // The status belongs to the latest snapshot.
            status={view.instant === undefined ? status : undefined}
            problem={problem}
            loading={loading}
            onReload={load}
          />
        )}
      </div>
    </Provider>
  )
}
