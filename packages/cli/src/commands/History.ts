/**
 * `history`: the time series of sizes.
 */
import { DurationText, ParsedText } from "@gitlab-registry-usage/core"
import { DateTime, Duration, Effect, Option } from "effect"
import { Argument, Command, Flag } from "effect/cli"
import { textFlag } from "../connection/FlagKinds.ts"
import * as HistoryTable from "../tables/HistoryTable.ts"
import * as TimeSeriesMetrics from "../tables/TimeSeriesMetrics.ts"
import { HistorySource } from "../history/HistorySource.ts"
import * as HistoryFlags from "../history/HistoryFlags.ts"
import * as Source from "../history/Source.ts"
import { print } from "../output/Print.ts"
import { root } from "../connection/SharedFlags.ts"

/** A duration, or 0. */
const Step = ParsedText.make(
  "a duration such as 1h or 1d, or 0",
  (text) => (text === "0" ? Duration.zero : DurationText.parse(text)),
  DurationText.format
)

export const history = Command.make(
  "history",
  {
    ...Source.flags,
    since: HistoryFlags.since,
    to: HistoryFlags.to,
    step: textFlag("step", "STEP", Step).pipe(
      Flag.withDescription("The last snapshot of each step, as 1h or 1d; 0 for every snapshot (default: 1d)"),
      Flag.withDefault(Duration.days(1))
    ),
    subject: Argument.String("repository or group/").pipe(
      Argument.withDescription("group/project, or group/ with all below it (default: everything)"),
      Argument.optional
    )
  },
  Effect.fnUntraced(function* (input) {
    const shared = yield* root
    const subject = yield* HistoryFlags.parseSubject(Option.getOrUndefined(input.subject))
    const range = yield* HistoryFlags.timeRange(input, shared, "30 days")
    const series = yield* HistorySource.pipe(
      Effect.flatMap(({ timeSeries }) => timeSeries(subject, range, input.step)),
      Effect.provide(Source.layer(input, shared))
    )
    const { from, to } = series.period
    const isNamespace = subject._tag === "Namespace"
    const options = { bars: shared.output === "table", several: isNamespace }
    yield* print(shared, HistoryTable.make(series, options), {
      command: "history",
      rows: "points",
      fields: {
        [isNamespace ? "namespace" : "repository"]: subject.path,
        from: DateTime.formatIso(from),
        to: DateTime.formatIso(to),
        step_seconds: Duration.toSeconds(input.step)
      },
      openmetrics: () => TimeSeriesMetrics.render(subject, series.points)
    })
    yield* HistoryFlags.requireWhole(
      shared,
      series.points.some(({ figures }) => figures.gaps > 0)
    )
  })
).pipe(
  Command.withDescription("Show the time series of sizes, from the database of a server or a running server"),
  Command.withExamples([
    {
      command: "gitlab-registry-usage history --database usage.sqlite --from 30d --step 1d",
      description: "The registry in the last thirty days, one line a day"
    },
    {
      command: "gitlab-registry-usage history --api https://usage.example.com -c credentials group/",
      description: "A group, from a running server"
    }
  ])
)
