/** The section [jwt] as options of the tokens, with the rules over several of its keys. */
import { JwtTokens, KeySet } from "@gitlab-registry-usage/adapter-jwt"
import { Effect, type FileSystem, Redacted } from "effect"
import type { KeyOf, Settings } from "../keys/ConfigKeys.ts"
import { type Findings, notSet } from "../source/ConfigDecoding.ts"
import { readNamed } from "./NamedFile.ts"

type Jwt = Settings["jwt"]
type Key = KeyOf<"jwt">

const currentKey = Effect.fnUntraced(function* (jwt: Jwt, findings: Findings) {
  if (jwt.private_key_file === undefined) {
    if (jwt.secret_key === undefined) findings.problem("jwt", "secret_key", notSet("jwt", "secret_key"))
    return KeySet.sharedSecret(jwt.secret_key ?? Redacted.make(""))
  }
  if (jwt.secret_key !== undefined) {
    findings.problem(
      "jwt",
      "secret_key",
      "private_key_file is set as well; keep one of the two. A secret that signed before belongs into previous_secret_key"
    )
  }
  const text = yield* readNamed(findings, "jwt", "private_key_file", jwt.private_key_file)
  return KeySet.privateKey(Redacted.make(text ?? ""))
})

/** The previous keys, each with the configuration key that it comes from. */
const previousKeys = Effect.fnUntraced(function* (jwt: Jwt, findings: Findings) {
  const keys: Array<readonly [Key, KeySet.SharedSecret | KeySet.PublicKey]> = []
  if (jwt.previous_secret_key !== undefined) {
    keys.push(["previous_secret_key", KeySet.sharedSecret(jwt.previous_secret_key)])
  }
  for (const path of jwt.previous_public_key_files ?? []) {
    const text = yield* readNamed(findings, "jwt", "previous_public_key_files", path)
    if (text !== undefined) keys.push(["previous_public_key_files", KeySet.publicKey(text)])
  }
  return keys
})

/** The options of the tokens. Problems become findings; then the options must not be used. */
export const tokensConfig = Effect.fnUntraced(function* (
  jwt: Jwt,
  registry: URL | undefined,
  findings: Findings
): Effect.fn.Return<JwtTokens.Options, never, FileSystem.FileSystem> {
  const current = yield* currentKey(jwt, findings)
  const previous = yield* previousKeys(jwt, findings)
  const options: JwtTokens.Options = {
    current,
    previous: previous.map(([, key]) => key),
    issuer: jwt.issuer,
    // Deployments for different registries refuse each other's tokens, even with the same secret.
    audience: jwt.audience ?? registry?.href ?? jwt.issuer,
    life: jwt.auth_token_expires,
    notBefore: jwt.not_before === undefined ? undefined : Effect.succeed(jwt.not_before)
  }
  const optionKeys: Readonly<Record<string, Key>> = {
    current: jwt.private_key_file === undefined ? "secret_key" : "private_key_file",
    issuer: "issuer",
    audience: "audience",
    life: "auth_token_expires",
    ...Object.fromEntries(previous.map(([name], index) => [`previous.${index}`, name]))
  }
  yield* Effect.catch(JwtTokens.make(options), ({ problems }) => {
    for (const { message, option } of problems) findings.problem("jwt", optionKeys[option] ?? "secret_key", message)
    return Effect.void
  })
  return options
})
