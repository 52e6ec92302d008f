/**
 * The progress of a crawl on the standard error stream.
 */
import { Crawl } from "@gitlab-registry-usage/core"
import { Clock, Console, Duration, Effect, Stdio, Stream } from "effect"
import * as Format from "../output/Format.ts"
import { Screen } from "../output/Screen.ts"

const seconds = (millis: number) =>
  millis < 10_000 ? `${(millis / 1000).toFixed(1)}s` : Duration.format(Duration.seconds(Math.round(millis / 1000)))

/** The line after `elapsed` milliseconds, at most `width` columns long. */
export const line = (progress: Crawl.Progress, elapsed: number, width?: number): string => {
  const { gaps, repositoriesDone, repositoriesFound, tagsDone, tagsFound } = progress
  const rate = elapsed > 0 ? Math.round((tagsDone * 1000) / elapsed) : 0
  const left = Crawl.remaining({ ...progress, elapsed }) ?? 0
  const parts = [
    `${repositoriesDone}/${Format.repositories(repositoriesFound)}`,
    `${tagsDone}/${Format.counted(tagsFound, "tag")}`,
    ...(rate > 0 ? [`${rate} tags/s`] : []),
    ...(left >= 1000 && elapsed >= 2000 ? [`about ${seconds(left)} left`] : []),
    ...(gaps > 0 ? [`${gaps} unreadable`] : [])
  ]
  // What does not fit is left out as a whole, the last first.
  const limit = width ?? Number.POSITIVE_INFINITY
  while (parts.length > 1 && parts.join(" · ").length > limit) parts.pop()
  return parts.join(" · ")
}

/** The line at the end of a crawl. */
export const summary = (progress: Crawl.Progress, elapsed: number): string =>
  `read ${Format.repositories(progress.repositoriesDone)} with ${Format.counted(progress.tagsDone, "tag")} in ${seconds(elapsed)}`

const erase = "\r\u001B[K"

const nothing: Crawl.Progress = {
  repositoriesFound: 0,
  repositoriesDone: 0,
  tagsFound: 0,
  tagsDone: 0,
  manifests: 0,
  bytes: 0,
  gaps: 0,
  requests: 0,
  elapsed: 0
}

/**
 * Runs a crawl and shows the progress that it reports: on a terminal in one line, ten times a second, which is erased at
 * the end; elsewhere in a line every 10 seconds, and one at the end.
 */
export const shown = Effect.fnUntraced(function* <A, E, R>(
  crawl: (report: (progress: Crawl.Progress) => Effect.Effect<void>) => Effect.Effect<A, E, R>
) {
  const screen = yield* Screen
  const stdio = yield* Stdio.Stdio
  const began = yield* Clock.currentTimeMillis
  let latest = nothing
  const reported = crawl((progress) =>
    Effect.sync(() => {
      latest = progress
    })
  )
  if (screen.progress === "none") return yield* reported
  const isLive = screen.progress === "live"
  const write = (text: string) => Effect.ignore(Stream.run(Stream.make(text), stdio.stderr()))
  const show = Effect.flatMap(Clock.currentTimeMillis, (now) => {
    const text = line(latest, now - began, isLive ? (process.stderr.columns || 80) - 1 : undefined)
    return isLive ? write(`${erase}${text}`) : Console.error(text)
  })
  const ticking = Effect.forever(Effect.delay(show, isLive ? "100 millis" : "10 seconds"))
  return yield* Effect.raceFirst(reported, ticking).pipe(
    Effect.ensuring(isLive ? write(erase) : Effect.void),
    Effect.tap(() =>
      Effect.flatMap(Clock.currentTimeMillis, (now) =>
        isLive ? Effect.void : Console.error(summary(latest, now - began))
      )
    )
  )
})
