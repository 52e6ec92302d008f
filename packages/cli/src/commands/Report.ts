/**
 * `report`: several files from one crawl.
 */
import { OpenMetrics } from "@gitlab-registry-usage/core"
import { Console, Effect, FileSystem, Option, Path, Stream } from "effect"
import { Command, Flag } from "effect/cli"
import * as BudgetTable from "../tables/BudgetTable.ts"
import { switchFlag } from "../connection/FlagKinds.ts"
import * as UsageTable from "../tables/UsageTable.ts"
import * as Records from "../output/Records.ts"
import { print } from "../output/Print.ts"
import { root, type Shared } from "../connection/SharedFlags.ts"
import * as CrawledSnapshot from "../crawl/CrawledSnapshot.ts"
import { usageError } from "../output/CommandFailure.ts"
import { summarize } from "../crawl/Summary.ts"
import type { ReportInput } from "../report/ReportInput.ts"

const file = (name: string, what: string) =>
  Flag.Path(name).pipe(Flag.withMetavar("FILE"), Flag.withDescription(what), Flag.optional)

const files = {
  html: file("html", "A page with treemap and table, in one file"),
  junit: file("junit", "JUnit XML for artifacts:reports:junit"),
  openmetrics: file("openmetrics", "OpenMetrics for artifacts:reports:metrics"),
  markdown: file("markdown", "Markdown"),
  dotenv: file("dotenv", "Variables for artifacts:reports:dotenv"),
  csv: file("csv", "The repositories as CSV"),
  json: file("json", "The repositories as JSON")
}
type Kind = keyof typeof files

/** The names of the files that the GitLab component declares as artifacts. */
const names: Partial<Record<Kind, string>> = {
  junit: "junit.xml",
  openmetrics: "metrics.txt",
  json: "usage.json",
  html: "usage.html",
  dotenv: "usage.env"
}

/** The maximum of series in one file, which monitoring systems accept. */
const maxSeries = 1000

const repositories = ({ crawled }: ReportInput) => UsageTable.make(crawled.snapshot.usage, UsageTable.allRepositories)

const json = (input: ReportInput) =>
  Records.document({
    command: "report",
    ...summarize(input.crawled),
    budgets: Records.records(BudgetTable.make(input.outcomes)),
    repositories: Records.records(repositories(input))
  })

type Render = (input: ReportInput, flags: Shared) => Effect.Effect<string>

/** Loads a renderer when a file needs it. */
const lazy =
  (load: () => Promise<{ readonly render: (input: ReportInput, style: Shared) => string }>): Render =>
  (input, flags) =>
    Effect.map(Effect.promise(load), ({ render }) => render(input, flags))

const renderers: Record<Kind, Render> = {
  html: lazy(() => import("../report/Page.ts")),
  junit: lazy(() => import("../report/JUnit.ts")),
  // GitLab shows metrics that changed, and times change with each run.
  openmetrics: ({ crawled }) =>
    Effect.succeed(
      OpenMetrics.render(OpenMetrics.families(crawled.snapshot, { maxRepositories: maxSeries, times: false }))
    ),
  markdown: lazy(() => import("../report/MarkdownReport.ts")),
  dotenv: lazy(() => import("../report/Dotenv.ts")),
  csv: (input) => Stream.mkString(Records.csv(repositories(input), true)),
  json: (input) => Effect.succeed(json(input))
}

const write = Effect.fnUntraced(
  function* (path: string, text: string) {
    const fs = yield* FileSystem.FileSystem
    yield* fs.makeDirectory((yield* Path.Path).dirname(path), { recursive: true })
    yield* fs.writeFileString(path, text)
  },
  (effect, path) => Effect.mapError(effect, ({ reason }) => usageError(`${path} cannot be written (${reason._tag})`))
)

export const report = Command.make(
  "report",
  {
    ...files,
    ci: switchFlag("ci").pipe(
      Flag.withDescription(`All files that a GitLab job reports: ${Object.values(names).join(", ")}`)
    ),
    directory: Flag.Path("directory").pipe(
      Flag.withMetavar("DIR"),
      Flag.withDescription("Where --ci puts them (default: here)"),
      Flag.withDefault(".")
    ),
    ...BudgetTable.flags
  },
  Effect.fnUntraced(function* (input) {
    const shared = yield* root
    const path = yield* Path.Path
    const wanted = (Object.keys(files) as Array<Kind>).flatMap((kind) => {
      const name = names[kind]
      const target =
        Option.getOrUndefined(input[kind]) ??
        (input.ci && name !== undefined ? path.join(input.directory, name) : undefined)
      return target === undefined ? [] : [{ kind, target }]
    })
    if (wanted.length === 0) {
      return yield* usageError(
        "report what?",
        `name files with ${Object.keys(files)
          .map((name) => `--${name}`)
          .join(", ")}, or give --ci`
      )
    }
    const budgets = yield* BudgetTable.read(input, shared)
    const crawled = yield* CrawledSnapshot.make(shared)
    const outcomes = budgets === undefined ? [] : yield* BudgetTable.outcomes(budgets, crawled.snapshot.usage)
    for (const { kind, target } of wanted) {
      yield* write(target, yield* renderers[kind]({ crawled, outcomes, failOnPartial: shared.failOnPartial }, shared))
      if (!shared.quiet) yield* Console.error(`wrote ${target}`)
    }
    if (input.ci && !shared.quiet) {
      yield* print(shared, UsageTable.make(crawled.snapshot.usage, { ...UsageTable.allRepositories, count: 20 }), {
        command: "report",
        rows: "repositories",
        fields: summarize(crawled)
      })
    }
    yield* BudgetTable.enforce(outcomes, shared)
    yield* CrawledSnapshot.requireWhole(shared, crawled)
  })
).pipe(
  Command.withDescription("Write several reports from one crawl"),
  Command.withExamples([
    { command: "gitlab-registry-usage report --ci --max-total 50GB", description: "All that a GitLab job can show" },
    { command: "gitlab-registry-usage report --html usage.html", description: "A page to look at" }
  ])
)
