// Reads along with everything that the tests print, and lets the run fail where a secret is in it. Tests print the secrets
// that the programs which they start have written.
import { found } from "../packages/test-servers/src/Secrets.ts"

export default class CanaryReporter {
  #found = []

  onUserConsoleLog({ content, taskId }) {
    for (const secret of found(content)) this.#found.push({ taskId, text: `${secret.slice(0, 12)}…` })
  }

  onTestRunEnd() {
    if (this.#found.length === 0) return
    const places = this.#found.map(({ taskId, text }) => `  ${text} by ${taskId ?? "a test"}`)
    console.error(`\nSecrets were printed during the tests:\n${[...new Set(places)].join("\n")}`)
    process.exitCode = 1
  }
}
