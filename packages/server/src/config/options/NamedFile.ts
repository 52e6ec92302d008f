/** Reads the files that keys of the configuration name. */
import { LdapDirectory } from "@gitlab-registry-usage/adapter-ldap"
import type { Secret } from "@gitlab-registry-usage/core"
import { Effect, type FileSystem, type Redacted, Result } from "effect"
import { address, type KeyOf, type Section, sectionKeys } from "../keys/ConfigKeys.ts"
import type { Findings } from "../source/ConfigDecoding.ts"
import * as RenewedFiles from "../source/RenewedFiles.ts"
import { readSecret, readText } from "../source/TextFile.ts"

/** The text of the file that a key names, if it names one. A problem with the file becomes a finding. */
export const readNamed = <S extends Section>(
  findings: Findings,
  section: S,
  key: KeyOf<S>,
  path: string | undefined
): Effect.Effect<string | undefined, never, FileSystem.FileSystem> =>
  path === undefined
    ? Effect.undefined
    : Effect.catch(readText(path), (message) => {
        findings.problem(section, key, `the file ${message}`)
        return Effect.undefined
      })

/** The certificates in the PEM file that a key names, each as PEM; undefined where it names none. */
export const readCertificates = <S extends Section>(
  findings: Findings,
  section: S,
  key: KeyOf<S>,
  path: string | undefined
): Effect.Effect<ReadonlyArray<string> | undefined, never, FileSystem.FileSystem> =>
  Effect.map(readNamed(findings, section, key, path), (text) => {
    if (text === undefined) return undefined
    const certificates = LdapDirectory.certificates(text)
    if (certificates === undefined) findings.problem(section, key, "the file does not hold certificates in PEM")
    return certificates
  })

/**
 * A secret that is read from its file again when that is replaced. One that is not in a file stays as it is. `isValid`
 * checks a new value.
 */
export const renewedSecret = <S extends Section, Value extends Redacted.Redacted | undefined>(
  findings: Findings,
  section: S,
  key: KeyOf<S>,
  first: Value,
  isValid: (secret: Redacted.Redacted) => boolean = () => true
): Effect.Effect<Value | Exclude<Secret.Secret, Redacted.Redacted>, never, FileSystem.FileSystem> => {
  const path = findings.fileOf(section, key)
  if (path === undefined || first === undefined) return Effect.succeed(first)
  const { accepts, decode } = sectionKeys(section).find(({ name }) => name === key)!.key.value
  return RenewedFiles.make<Redacted.Redacted>({
    subject: address(section, `${key}_file`),
    paths: [path],
    first,
    read: readSecret,
    decode: ([text = ""]) => {
      const secret = decode(text) as Redacted.Redacted | undefined
      return secret !== undefined && isValid(secret)
        ? Result.succeed(secret)
        : Result.fail(`does not hold what is accepted: ${accepts}`)
    }
  })
}
