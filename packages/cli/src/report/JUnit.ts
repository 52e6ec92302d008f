/**
 * A report as JUnit XML, which GitLab shows in merge requests and pipelines.
 *
 * Source: GitLab, "Unit test reports", "JUnit report format XML files"; a message is shown of failed cases.
 *
 * @since 0.1.0
 */
import { Effect, Stream } from "effect"
import { Xml } from "effect/encoding"
import * as Budget from "../tables/Budget.ts"
import type { Style } from "../output/Format.ts"
import type { Material } from "./Material.ts"

interface Case {
  readonly suite: string
  readonly name: string
  readonly failure?: string | undefined
  readonly skipped?: string | undefined
  readonly output?: string | undefined
}

const budgetCases = ({ outcomes }: Material, style: Style): ReadonlyArray<Case> =>
  outcomes.map((outcome) => {
    const line = Budget.line(outcome, style)
    return {
      suite: "budgets",
      name: `${outcome.name} ${outcome.rule} ${outcome.measure}`,
      ...(outcome.exceeded ? { failure: line } : outcome.actual === null ? { skipped: line } : { output: line })
    }
  })

/** What could not be read is skipped, as nothing is known of it; it fails where the whole was asked for. */
const gapCases = ({ failOnPartial, scan }: Material): ReadonlyArray<Case> =>
  scan.snapshot.usage.inventory.gaps.map(({ detail, digest, reason, repository, tag }) => {
    const text = `could not be read: ${reason}: ${detail}`
    return {
      suite: "readable",
      name: `${repository}${tag === undefined ? "" : `:${tag}`}${digest === undefined ? "" : `@${digest}`}`,
      ...(failOnPartial ? { failure: text } : { skipped: text })
    }
  })

const caseEvents = ({ failure, name, output, skipped, suite }: Case): ReadonlyArray<Xml.Event> => {
  const element = (name: string, text: string, attributes: Record<string, string> = {}): ReadonlyArray<Xml.Event> => [
    { _tag: "StartElement", name, attributes },
    { _tag: "Text", text },
    { _tag: "EndElement", name }
  ]
  return [
    { _tag: "StartElement", name: "testcase", attributes: { classname: `registry-usage.${suite}`, name, time: "0" } },
    ...(failure === undefined ? [] : element("failure", failure, { message: failure, type: suite })),
    ...(skipped === undefined ? [] : element("skipped", skipped, { message: skipped })),
    ...(output === undefined ? [] : element("system-out", output)),
    { _tag: "EndElement", name: "testcase" }
  ]
}

const counts = (cases: ReadonlyArray<Case>) => ({
  tests: `${cases.length}`,
  failures: `${cases.filter(({ failure }) => failure !== undefined).length}`,
  skipped: `${cases.filter(({ skipped }) => skipped !== undefined).length}`,
  errors: "0"
})

/**
 * One case says whether the registry could be read, with the totals; then one for each limit and each gap.
 *
 * @category rendering
 * @since 0.1.0
 */
export const render = (material: Material, style: Style): Effect.Effect<string> => {
  const { scan, totals } = material
  const cases: ReadonlyArray<Case> = [
    { suite: "registry", name: `read ${scan.of}`, output: totals(style) },
    ...budgetCases(material, style),
    ...gapCases(material)
  ]
  const suites = [...new Set(cases.map(({ suite }) => suite))]
  const events: ReadonlyArray<Xml.Event> = [
    { _tag: "Declaration", version: "1.0", encoding: "UTF-8" },
    { _tag: "StartElement", name: "testsuites", attributes: { name: "registry usage", ...counts(cases) } },
    ...suites.flatMap((suite): ReadonlyArray<Xml.Event> => {
      const own = cases.filter((one) => one.suite === suite)
      return [
        { _tag: "StartElement", name: "testsuite", attributes: { name: suite, ...counts(own), time: "0" } },
        ...own.flatMap(caseEvents),
        { _tag: "EndElement", name: "testsuite" }
      ]
    }),
    { _tag: "EndElement", name: "testsuites" }
  ]
  return Stream.fromIterable(events).pipe(
    Stream.pipeThroughChannel(Xml.encodeString()),
    Stream.mkString,
    Effect.map((xml) => `${xml}\n`),
    Effect.orDie
  )
}
