/** Reads the files that keys of the configuration name. */
import { LdapDirectory } from "@gitlab-registry-usage/adapter-ldap"
import { Effect, type FileSystem } from "effect"
import type { KeyOf, Section } from "../keys/ConfigKeys.ts"
import type { Findings } from "../source/ConfigDecoding.ts"
import { readText } from "../source/TextFile.ts"

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
