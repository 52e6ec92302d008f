/**
 * Results as JUnit XML, which GitLab shows in merge requests and pipelines.
 *
 * Source: GitLab, "Unit test reports", "JUnit report format XML files"; GitLab shows the message of a failed case.
 *
 * @since 0.1.0
 */
import * as Markup from "./Markup.ts"
import { printable } from "./PrintableText.ts"

/**
 * A test case: what was examined, and what came of it. The text of a `system-out` is that of a success.
 *
 * @category models
 * @since 0.1.0
 */
export interface Case {
  readonly suite: string
  readonly name: string
  readonly result: "failure" | "skipped" | "system-out"
  readonly text: string
}

// XML has no control characters.
const text = (value: string) => Markup.escape(printable(value))

const element = (name: string, attributes: Readonly<Record<string, string>>, content: string): string => {
  const written = Object.entries(attributes).map(([key, value]) => ` ${key}="${text(value)}"`)
  return `<${name}${written.join("")}>${content}</${name}>`
}

const caseElement = ({ name, result, suite, text: full }: Case): string => {
  const message: Record<string, string> = result === "system-out" ? {} : { message: full }
  const attributes = result === "failure" ? { ...message, type: suite } : message
  return element(
    "testcase",
    { classname: `registry-usage.${suite}`, name, time: "0" },
    element(result, attributes, text(full))
  )
}

const counts = (cases: ReadonlyArray<Case>) => ({
  tests: `${cases.length}`,
  failures: `${cases.filter(({ result }) => result === "failure").length}`,
  skipped: `${cases.filter(({ result }) => result === "skipped").length}`,
  errors: "0"
})

/**
 * The cases as an XML document, the suites in the order of their first cases.
 *
 * @category rendering
 * @since 0.1.0
 */
export const render = (cases: ReadonlyArray<Case>): string => {
  const suites = [...new Set(cases.map(({ suite }) => suite))].map((name) => {
    const own = cases.filter(({ suite }) => suite === name)
    return element("testsuite", { name, ...counts(own), time: "0" }, own.map(caseElement).join(""))
  })
  const all = element("testsuites", { name: "registry usage", ...counts(cases) }, suites.join(""))
  return `<?xml version="1.0" encoding="UTF-8"?>${all}\n`
}
