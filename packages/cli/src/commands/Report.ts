/**
 * `report`: several files from one crawl.
 *
 * @since 0.1.0
 */
import { OpenMetrics } from "@gitlab-registry-usage/core"
import { Console, Effect, FileSystem, Option, Path } from "effect"
import { Command, Flag } from "effect/cli"
import * as Budgets from "../tables/BudgetTable.ts"
import { switchFlag } from "../connection/FlagKinds.ts"
import * as Listing from "../tables/UsageTable.ts"
import * as Records from "../output/Records.ts"
import { print } from "../output/Print.ts"
import { root, type Shared } from "../connection/SharedFlags.ts"
import * as Scan from "../crawl/CrawledSnapshot.ts"
import { usage } from "../output/CommandFailure.ts"
import { summaryOf } from "../crawl/Summary.ts"
import type * as Material from "../report/Material.ts"

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

/** What a job of the component declares as its artifacts. */
const names: Partial<Record<Kind, string>> = {
  junit: "junit.xml",
  openmetrics: "metrics.txt",
  json: "usage.json",
  html: "usage.html",
  dotenv: "usage.env"
}

const allRepositories = {
  of: "repositories",
  only: [],
  order: "disk",
  reverse: false,
  count: undefined,
  minSize: undefined
} as const

/** Series of one scrape or file that monitoring takes without harm. */
const maxSeries = 1000

const json = ({ outcomes, scan }: Material.Material) => {
  const record = (sheet: ReturnType<typeof Listing.make>) => sheet.rows.map((row) => Records.record(sheet.columns, row))
  const document = {
    schema_version: Records.schemaVersion,
    command: "report",
    ...summaryOf(scan),
    budgets: record(Budgets.sheetOf(outcomes)),
    repositories: record(Listing.make(scan.snapshot.usage, allRepositories))
  }
  return `${JSON.stringify(document, null, 2)}\n`
}

/** Each is loaded when it is asked for. */
const renderers: Record<Kind, (material: Material.Material, flags: Shared) => Effect.Effect<string>> = {
  html: (material, flags) =>
    Effect.map(
      Effect.promise(() => import("../report/Page.ts")),
      ({ render }) => render(material, flags)
    ),
  junit: (material, flags) =>
    Effect.flatMap(
      Effect.promise(() => import("../report/JUnit.ts")),
      ({ render }) => render(material, flags)
    ),
  // Times change with each run; GitLab shows metrics that changed.
  openmetrics: ({ scan }) =>
    Effect.succeed(
      OpenMetrics.render(OpenMetrics.families(scan.snapshot, { maxRepositories: maxSeries, times: false }))
    ),
  markdown: (material, flags) =>
    Effect.map(
      Effect.promise(() => import("../report/MarkdownReport.ts")),
      ({ render }) => render(material, flags)
    ),
  dotenv: (material) =>
    Effect.map(
      Effect.promise(() => import("../report/Dotenv.ts")),
      ({ render }) => render(material)
    ),
  csv: ({ scan }) => Records.csv(Listing.make(scan.snapshot.usage, allRepositories), true),
  json: (material) => Effect.succeed(json(material))
}

const write = Effect.fnUntraced(
  function* (path: string, text: string) {
    const fs = yield* FileSystem.FileSystem
    yield* fs.makeDirectory((yield* Path.Path).dirname(path), { recursive: true })
    yield* fs.writeFileString(path, text)
  },
  (effect, path) => Effect.mapError(effect, ({ reason }) => usage(`${path} cannot be written (${reason._tag})`))
)

/**
 * @category commands
 * @since 0.1.0
 */
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
    ...Budgets.flags
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
      return yield* usage(
        "report what?",
        `name files with ${Object.keys(files)
          .map((name) => `--${name}`)
          .join(", ")}, or give --ci`
      )
    }
    const budgets = yield* Budgets.read(input, shared)
    const scan = yield* Scan.make(shared)
    const outcomes = budgets === undefined ? [] : Budgets.outcomes(budgets, scan.snapshot.usage)
    const { make } = yield* Effect.promise(() => import("../report/Material.ts"))
    const material = make(scan, outcomes, shared.failOnPartial)
    for (const { kind, target } of wanted) {
      yield* write(target, yield* renderers[kind](material, shared))
      if (!shared.quiet) yield* Console.error(`wrote ${target}`)
    }
    if (input.ci && !shared.quiet) {
      yield* print(shared, Listing.make(scan.snapshot.usage, { ...allRepositories, count: 20 }), {
        command: "report",
        rows: "repositories",
        fields: summaryOf(scan)
      })
    }
    yield* Budgets.enforce(outcomes, shared)
    yield* Scan.requireWhole(shared, scan)
  })
).pipe(
  Command.withDescription("Write several reports from one crawl"),
  Command.withExamples([
    { command: "gitlab-registry-usage report --ci --max-total 50GB", description: "All that a GitLab job can show" },
    { command: "gitlab-registry-usage report --html usage.html", description: "A page to look at" }
  ])
)
