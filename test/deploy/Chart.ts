/** The Helm chart: rendered as Helm does it, and checked as Kubernetes does it. */
import { Servers } from "../../packages/test-servers/src/index.ts"
import { Ajv } from "ajv"
import { Effect, Schema } from "effect"
import { spawn } from "node:child_process"
import { readdirSync, readFileSync } from "node:fs"
import { join } from "node:path"
import { parse, parseAllDocuments } from "yaml"
import { root } from "../../scripts/workspace.mjs"
import { valuesSchema } from "./ValuesSchema.ts"

export const chart = join(root, "deploy/helm/gitlab-registry-usage")

export type Values = { readonly [key: string]: unknown }

const isValues = (value: unknown): value is Values =>
  typeof value === "object" && value !== null && !Array.isArray(value)

/** Other values over those of the chart; null removes a key. */
const merged = (values: Values, others: Values): Values => {
  const result: Record<string, unknown> = { ...values }
  for (const [key, other] of Object.entries(others)) {
    const value = result[key]
    if (other === null) delete result[key]
    else result[key] = isValues(value) && isValues(other) ? merged(value, other) : other
  }
  return result
}

const read = (path: string) => readFileSync(join(chart, path), "utf8")

// A test compares the file with it.
const validate = new Ajv({ allErrors: true, allowUnionTypes: true, strictRequired: false }).compile(valuesSchema)
const defaults: Values = parse(read("values.yaml"))
const { apiVersion: _, ...metadata } = parse(read("Chart.yaml"))

export interface Release {
  readonly values: Values
  readonly name?: string | undefined
  /** What installs it: Helm, unless these are plain manifests. */
  readonly service?: string | undefined
}

/** The rendered files by the name of their template, or why Helm would refuse the values. */
export type Rendered =
  | { readonly files: Readonly<Record<string, string>>; readonly error?: undefined }
  | { readonly files?: undefined; readonly error: string }

const decode = Schema.decodeUnknownEffect(
  Schema.fromJsonString(
    Schema.Array(
      Schema.Struct({
        files: Schema.optionalKey(Schema.Record(Schema.String, Schema.String)),
        error: Schema.optionalKey(Schema.String)
      })
    )
  )
)

/** Compiles the program that renders, and returns its path. It needs no network: Debian has its libraries. */
export const renderer = Effect.gen(function* () {
  const program = join(yield* Servers.temporaryDirectory, "render")
  yield* Servers.run("/usr/bin/go", ["build", "-o", program, join(import.meta.dirname, "render/main.go")], {
    timeout: 120_000,
    env: { ...process.env, GOPATH: "/usr/share/gocode", GO111MODULE: "off", GOFLAGS: "" }
  })
  return program
})

const output = (program: string, input: string) =>
  Effect.callback<string, Error>((resume) => {
    const child = spawn(program, [], { stdio: ["pipe", "pipe", "inherit"] })
    let text = ""
    child.stdout.setEncoding("utf8").on("data", (part) => (text += part))
    child.on("error", (error) => resume(Effect.fail(error)))
    child.on("close", (code) => resume(code === 0 ? Effect.succeed(text) : Effect.fail(new Error(`exit ${code}`))))
    child.stdin.end(input)
  })

/** Renders releases. Helm checks the values against the schema first. */
export const render = Effect.fnUntraced(function* (program: string, releases: ReadonlyArray<Release>) {
  const templates = Object.fromEntries(
    readdirSync(join(chart, "templates")).map((name) => [
      `${metadata.name}/templates/${name}`,
      read(`templates/${name}`)
    ])
  )
  const all = releases.map(({ name = "usage", service = "Helm", values }) => {
    const Values = merged(defaults, values)
    const refusal = validate(Values)
      ? undefined
      : validate.errors!.map(({ instancePath, message, params }) => {
          const property = params["additionalProperty"]
          return `${instancePath}${property === undefined ? "" : `/${property}`}: ${message}`
        })
    const context = {
      Values,
      Release: { Name: name, Namespace: "registry-usage", Service: service, IsInstall: true, IsUpgrade: false },
      Chart: { Name: metadata.name, Version: metadata.version },
      Capabilities: { KubeVersion: { Version: "v1.33.0", Major: "1", Minor: "33" } }
    }
    return { refusal, context }
  })
  const contexts = all.map(({ context }) => context)
  const results = yield* Effect.flatMap(output(program, JSON.stringify({ templates, contexts })), decode)
  return results.map(({ error, files = {} }, i): Rendered => {
    const refusal = all[i]!.refusal
    if (refusal !== undefined) return { error: refusal.join("\n") }
    if (error !== undefined) return { error }
    return { files: Object.fromEntries(Object.entries(files).map(([path, text]) => [path.replace(/^.*\//, ""), text])) }
  })
})

export type Manifest = {
  readonly apiVersion: string
  readonly kind: string
  readonly metadata: { readonly name: string; readonly labels: Readonly<Record<string, string>> }
  // The rest is what Kubernetes' schema says.
  readonly [key: string]: any
}

/** The manifests of a YAML stream. */
export const manifests = (text: string): ReadonlyArray<Manifest> =>
  parseAllDocuments(text, { uniqueKeys: true }).flatMap((document) => {
    if (document.errors[0] !== undefined) throw document.errors[0]
    const manifest: Manifest | null = document.toJS()
    return manifest === null ? [] : [manifest]
  })

/** The manifests of a release, without its notes. */
export const manifestsOf = (files: Readonly<Record<string, string>>): ReadonlyArray<Manifest> =>
  Object.keys(files)
    .filter((name) => name.endsWith(".yaml"))
    .toSorted()
    .flatMap((name) => manifests(files[name]!))

/** A value that remembers which of its fields were read. */
const watched = (value: unknown, path: string, unread: Set<string>): unknown => {
  if (typeof value !== "object" || value === null) return value
  const fields = Object.entries(value).map(([key, inner]) => [key, watched(inner, `${path}.${key}`, unread)] as const)
  if (!Array.isArray(value)) for (const [key] of fields) unread.add(`${path}.${key}`)
  const copy: object = Array.isArray(value) ? fields.map(([, inner]) => inner) : Object.fromEntries(fields)
  return new Proxy(copy, {
    get: (target, key, receiver) => {
      unread.delete(`${path}.${String(key)}`)
      return Reflect.get(target, key, receiver)
    }
  })
}

/**
 * Why Kubernetes would refuse a manifest: what its schema refuses, and unknown fields, which the schemas allow. The
 * compiled schemas read each field that they know, so that an unknown one stays unread.
 */
export const problems = async (manifest: Manifest): Promise<ReadonlyArray<string>> => {
  const { apiVersion, kind } = manifest
  const home = apiVersion.startsWith("monitoring.") ? "@kubernetes-models/prometheus-operator" : "kubernetes-models"
  const { [kind]: model } = await import(`${home}/${apiVersion}/${kind}`)
  const unread = new Set<string>()
  const refused: Array<string> = []
  try {
    model.prototype.validate.call(watched(manifest, kind, unread))
  } catch (error) {
    refused.push(`${kind}: ${String(error)}`)
  }
  return [...refused, ...[...unread].map((path) => `${path} is unknown`)]
}
