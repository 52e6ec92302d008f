/** The secrets of tests: they begin with `canary-` or are one of these. */
const secrets = [
  /canary-[\w-]*/,
  /\b(?:alice|zoe|paren|mallory|service|administrator)-secret\b/,
  /a test secret of more than thirty-two bytes/,
  /YWxpY2U6YWxpY2Utc2VjcmV0/,
  // A signed token.
  /\beyJ[\w-]{10,}\.eyJ[\w-]{10,}\.[\w-]{20,}/
]

/** The secrets in what a program or test wrote, at most one of each kind. */
export const found = (text: string): ReadonlyArray<string> =>
  secrets.flatMap((secret) => secret.exec(text)?.slice(0, 1) ?? [])

/** Prints the secrets that a program wrote, for the reporter of the tests, which lets the run fail. */
export const report = (program: string, text: string): void => {
  for (const secret of found(text)) console.error(`${program} wrote a secret: ${secret}`)
}
