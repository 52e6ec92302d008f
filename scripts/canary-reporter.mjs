// Fails the run if the output of the tests contains a secret. The secrets of tests begin with "canary-" or match one of
// these patterns.
const secrets = [
  /canary-[\w-]*/,
  /\b(?:alice|zoe|paren|mallory|service|administrator)-secret\b/,
  /a test secret of more than thirty-two bytes/,
  /YWxpY2U6YWxpY2Utc2VjcmV0/,
  // A signed token.
  /\beyJ[\w-]{10,}\.eyJ[\w-]{10,}\.[\w-]{20,}/
]

export default class CanaryReporter {
  #found = []

  onUserConsoleLog({ content, taskId }) {
    for (const secret of secrets) {
      const match = secret.exec(content)
      if (match !== null) this.#found.push({ taskId, text: `${match[0].slice(0, 12)}…` })
    }
  }

  onTestRunEnd() {
    if (this.#found.length === 0) return
    const places = this.#found.map(({ taskId, text }) => `  ${text} by ${taskId ?? "a test"}`)
    console.error(`\nSecrets were printed during the tests:\n${[...new Set(places)].join("\n")}`)
    process.exitCode = 1
  }
}
