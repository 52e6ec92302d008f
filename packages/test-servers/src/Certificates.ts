/**
 * Certificates that openssl makes for one test run.
 */
import * as Fs from "node:fs/promises"
import * as Path from "node:path"
import { Effect } from "effect"
import { run } from "./Servers.ts"

/**
 * Paths of PEM files: the certificate of an authority, and a certificate with its key that the authority signed.
 */
export interface Certificates {
  readonly authority: string
  readonly certificate: string
  readonly key: string
}

/** The options of a certificate. `names` are its subject alternative names, such as `DNS:localhost,IP:127.0.0.1`. */
export interface Options {
  readonly names: string
  readonly expired?: boolean | undefined
}

/**
 * Makes an authority and one certificate in a directory.
 */
export const make = Effect.fnUntraced(function* (directory: string, options: Options) {
  const path = (name: string) => Path.join(directory, name)
  const newKey = ["-newkey", "ec", "-pkeyopt", "ec_paramgen_curve:prime256v1", "-nodes"]
  const authority = ["-keyout", path("ca.key"), "-out", path("ca.pem"), "-days", "2", "-subj", "/CN=Test authority"]
  yield* run("openssl", ["req", "-x509", ...newKey, ...authority])
  const request = ["-keyout", path("server.key"), "-out", path("server.csr"), "-subj", "/CN=Test server"]
  yield* run("openssl", ["req", ...newKey, ...request])
  yield* Effect.promise(() => Fs.writeFile(path("server.ext"), `subjectAltName=${options.names}\n`))
  const signed = ["-CA", path("ca.pem"), "-CAkey", path("ca.key"), "-CAcreateserial", "-out", path("server.pem")]
  const days = ["-days", options.expired === true ? "-1" : "2"]
  yield* run("openssl", ["x509", "-req", "-in", path("server.csr"), "-extfile", path("server.ext"), ...signed, ...days])
  return { authority: path("ca.pem"), certificate: path("server.pem"), key: path("server.key") }
})
