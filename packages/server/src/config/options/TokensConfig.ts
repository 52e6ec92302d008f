/**
 * The section [jwt] as options of the tokens, with the rules over several of its keys.
 *
 * @since 0.1.0
 */
import { type JwtTokens, KeySet } from "@gitlab-registry-usage/adapter-jwt"
import { Effect, type FileSystem, Redacted } from "effect"
import { type Findings, notSet } from "../source/ConfigDecoding.ts"
import type { Settings } from "../keys/ConfigKeys.ts"
import { readNamed } from "./NamedFile.ts"

type Jwt = Settings["jwt"]

/** What is wrong with a set of keys. It holds nothing of them. */
const problemsOf = (current: KeySet.SigningKey, previous: ReadonlyArray<KeySet.SigningKey | KeySet.PublicKey>) =>
  Effect.match(KeySet.make(current, previous), {
    onSuccess: (): ReadonlyArray<string> => [],
    onFailure: ({ problems }) => problems
  })

const currentKey = Effect.fnUntraced(function* (
  jwt: Jwt,
  findings: Findings
): Effect.fn.Return<KeySet.SigningKey, never, FileSystem.FileSystem> {
  if (jwt.private_key_file !== undefined) {
    if (jwt.secret_key !== undefined) {
      findings.problem(
        "jwt",
        "secret_key",
        "private_key_file is set as well; keep one of the two. A secret that signed before belongs into previous_secret_key"
      )
    }
    const text = yield* readNamed(findings, "jwt", "private_key_file", jwt.private_key_file)
    const key = KeySet.privateKey(Redacted.make(text ?? ""))
    const [problem] = yield* problemsOf(key, [])
    if (problem !== undefined) findings.problem("jwt", "private_key_file", problem)
    return key
  }
  if (jwt.secret_key === undefined) findings.problem("jwt", "secret_key", notSet("jwt", "secret_key"))
  const key = KeySet.sharedSecret(jwt.secret_key ?? Redacted.make(""))
  const [problem] = yield* problemsOf(key, [])
  if (problem !== undefined) findings.problem("jwt", "secret_key", problem)
  return key
})

const previousKeys = Effect.fnUntraced(function* (
  jwt: Jwt,
  current: KeySet.SigningKey,
  findings: Findings
): Effect.fn.Return<ReadonlyArray<KeySet.SigningKey | KeySet.PublicKey>, never, FileSystem.FileSystem> {
  const ofCurrent = (yield* problemsOf(current, [])).length
  const keys: Array<KeySet.SigningKey | KeySet.PublicKey> = []
  const add = Effect.fnUntraced(function* (
    name: "previous_secret_key" | "previous_public_key_files",
    key: KeySet.SigningKey | KeySet.PublicKey
  ) {
    keys.push(key)
    const problem = (yield* problemsOf(current, [key]))[ofCurrent]
    if (problem !== undefined) findings.problem("jwt", name, problem)
  })
  if (jwt.previous_secret_key !== undefined) {
    yield* add("previous_secret_key", KeySet.sharedSecret(jwt.previous_secret_key))
  }
  for (const path of jwt.previous_public_key_files ?? []) {
    const text = yield* readNamed(findings, "jwt", "previous_public_key_files", path)
    if (text !== undefined) yield* add("previous_public_key_files", KeySet.publicKey(text))
  }
  return keys
})

/**
 * The options of the tokens. What is wrong becomes findings; then the options are not to be used.
 *
 * @category configuration
 * @since 0.1.0
 */
export const tokensConfig = Effect.fnUntraced(function* (
  jwt: Jwt,
  registry: URL,
  findings: Findings
): Effect.fn.Return<JwtTokens.Options, never, FileSystem.FileSystem> {
  const current = yield* currentKey(jwt, findings)
  return {
    current,
    previous: yield* previousKeys(jwt, current, findings),
    issuer: jwt.issuer,
    // Deployments for different registries refuse each other's tokens, even with the same secret.
    audience: jwt.audience ?? registry.href,
    life: jwt.auth_token_expires,
    notBefore: jwt.not_before === undefined ? undefined : Effect.succeed(jwt.not_before)
  }
})
