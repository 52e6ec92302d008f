/**
 * Reads the files that keys of the configuration name.
 *
 * @since 0.1.0
 */
import { X509Certificate } from "node:crypto"
import { Effect, type FileSystem, Result } from "effect"
import type { Findings } from "../source/ConfigDecoding.ts"
import type { Section, Settings } from "../keys/ConfigKeys.ts"
import { readText } from "../source/TextFile.ts"

/**
 * The text of the file that a key names, if it names one. What is wrong with the file becomes a finding.
 *
 * @category reading
 * @since 0.1.0
 */
export const readNamed = <S extends Section>(
  findings: Findings,
  section: S,
  key: keyof Settings[S] & string,
  path: string | undefined
): Effect.Effect<string | undefined, never, FileSystem.FileSystem> =>
  path === undefined
    ? Effect.succeed(undefined)
    : Effect.match(readText(path), {
        onSuccess: (text) => text,
        onFailure: (message) => findings.problem(section, key, `the file ${message}`)
      }).pipe(Effect.map((text) => text ?? undefined))

const certificate = /-----BEGIN CERTIFICATE-----[\s\S]+?-----END CERTIFICATE-----/g

/**
 * The certificates in the PEM file that a key names, each as PEM; undefined where it names none.
 *
 * @category reading
 * @since 0.1.0
 */
export const readCertificates = Effect.fnUntraced(function* <S extends Section>(
  findings: Findings,
  section: S,
  key: keyof Settings[S] & string,
  path: string | undefined
): Effect.fn.Return<ReadonlyArray<string> | undefined, never, FileSystem.FileSystem> {
  const text = yield* readNamed(findings, section, key, path)
  if (text === undefined) return undefined
  const certificates = text.match(certificate) ?? []
  if (
    certificates.length === 0 ||
    !certificates.every((pem) => Result.isSuccess(Result.try(() => new X509Certificate(pem))))
  ) {
    findings.problem(section, key, "the file does not hold certificates in PEM")
    return undefined
  }
  return certificates
})
