/**
 * A report as JUnit XML, which GitLab shows in merge requests and pipelines.
 *
 * Source: GitLab, "Unit test reports", "JUnit report format XML files"; GitLab shows the message of a failed case.
 */
import { Inventory, PrintableText } from "@gitlab-registry-usage/core"
import { Effect, Stream } from "effect"
import { Xml } from "effect/encoding"
import * as Budget from "../tables/Budget.ts"
import type { Style } from "../output/Format.ts"
import { type ReportInput, totals } from "./ReportInput.ts"

interface Case {
  readonly suite: string
  readonly name: string
  readonly result: "failure" | "skipped" | "system-out"
  readonly text: string
}

const results = { OVER: "failure", ok: "system-out", unknown: "skipped" } as const

const budgetCases = ({ failOnPartial, outcomes }: ReportInput, style: Style): ReadonlyArray<Case> =>
  outcomes.map((outcome) => ({
    suite: "budgets",
    name: `${outcome.name} ${outcome.rule} ${outcome.measure}`,
    result: failOnPartial && outcome.state === "unknown" ? "failure" : results[outcome.state],
    text: Budget.line(outcome, style)
  }))

/** A gap is a skipped case, or a failed one with --fail-on-partial. */
const gapCases = ({ crawled, failOnPartial }: ReportInput): ReadonlyArray<Case> =>
  crawled.snapshot.usage.inventory.gaps.map((gap) => ({
    suite: "readable",
    name: Inventory.gapTarget(gap),
    result: failOnPartial ? "failure" : "skipped",
    text: `could not be read: ${gap.reason}: ${gap.detail}`
  }))

const element = (
  name: string,
  attributes: Record<string, string>,
  children: ReadonlyArray<Xml.Event>
): ReadonlyArray<Xml.Event> => [{ _tag: "StartElement", name, attributes }, ...children, { _tag: "EndElement", name }]

const caseElement = ({ name: named, result, suite, text: full }: Case): ReadonlyArray<Xml.Event> => {
  // XML has no control characters.
  const [name, text] = [PrintableText.printable(named), PrintableText.printable(full)]
  const message: Record<string, string> = result === "system-out" ? {} : { message: text }
  const attributes = result === "failure" ? { ...message, type: suite } : message
  return element(
    "testcase",
    { classname: `registry-usage.${suite}`, name, time: "0" },
    element(result, attributes, [{ _tag: "Text", text }])
  )
}

const counts = (cases: ReadonlyArray<Case>) => ({
  tests: `${cases.length}`,
  failures: `${cases.filter(({ result }) => result === "failure").length}`,
  skipped: `${cases.filter(({ result }) => result === "skipped").length}`,
  errors: "0"
})

/** The first case has the totals; then there is one for each limit and each gap. */
export const render = (input: ReportInput, style: Style): Effect.Effect<string> => {
  const cases: ReadonlyArray<Case> = [
    { suite: "registry", name: `read ${input.crawled.source}`, result: "system-out", text: totals(input, style) },
    ...budgetCases(input, style),
    ...gapCases(input)
  ]
  const suites = [...new Set(cases.map(({ suite }) => suite))].flatMap((name) => {
    const own = cases.filter(({ suite }) => suite === name)
    return element("testsuite", { name, ...counts(own), time: "0" }, own.flatMap(caseElement))
  })
  return Stream.make<ReadonlyArray<Xml.Event>>(
    { _tag: "Declaration", version: "1.0", encoding: "UTF-8" },
    ...element("testsuites", { name: "registry usage", ...counts(cases) }, suites)
  ).pipe(
    Stream.pipeThroughChannel(Xml.encodeString()),
    Stream.mkString,
    Effect.map((xml) => `${xml}\n`),
    Effect.orDie
  )
}
