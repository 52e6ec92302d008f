/** The schema of the chart's values, with the settings of the server's table of keys. */
import {
  configKeys,
  type PlacedKey,
  placedKeys,
  type Section
} from "../../packages/server/src/config/keys/ConfigKeys.ts"

type Schema = Readonly<Record<string, unknown>>

/** An object with these properties and no other. */
const some = (properties: Readonly<Record<string, Schema>>): Schema => ({
  type: "object",
  additionalProperties: false,
  properties
})
/** An object with all of these properties: each has a default, which only null removes. */
const object = (properties: Readonly<Record<string, Schema>>): Schema => ({
  ...some(properties),
  required: Object.keys(properties).filter((name) => name !== "global")
})
const text: Schema = { type: "string" }
const flag: Schema = { type: "boolean" }
const whole = (minimum: number, maximum: number): Schema => ({ type: "integer", minimum, maximum })
const anything: Schema = { type: "object" }
const list = (items: Schema): Schema => ({ type: "array", items })
const texts: Schema = { type: "object", additionalProperties: text }

/** The settings that the chart makes from other values. */
const ofChart: ReadonlyArray<string> = [
  "socket_host",
  "socket_port",
  "health_host",
  "health_port",
  "metrics_host",
  "metrics_port",
  "shutdown_delay",
  "shutdown_timeout",
  "snapshot_file",
  // In [database]: the volume has the file.
  "path"
]

/** Whether the value is read from a file: a secret, or the file that the key names. */
const isFile = ({ key, name }: PlacedKey) => (key.value.secret || /_files?$/.test(name)) && !ofChart.includes(name)

const described = ({ key }: PlacedKey): string => `${key.doc} Accepted: ${key.value.accepts}.`

const setting = (placed: PlacedKey): Schema => ({
  type: ["string", "number", "boolean"],
  description: described(placed)
})

const reference = (placed: PlacedKey): Schema => ({
  description: described(placed),
  type: ["object", "null"],
  additionalProperties: false,
  required: ["key"],
  // Exactly one of the two.
  oneOf: [{ required: ["secret"] }, { required: ["configMap"] }],
  properties: {
    secret: { type: "string", minLength: 1, description: "The name of an existing Secret." },
    configMap: { type: "string", minLength: 1, description: "The name of an existing ConfigMap." },
    key: { type: "string", minLength: 1, description: "The key with the value." }
  }
})

const sections = (isOfIt: (placed: PlacedKey) => boolean, make: (placed: PlacedKey) => Schema): Schema =>
  object(
    Object.fromEntries(
      Object.keys(configKeys).map((section) => {
        const keys = placedKeys.filter((placed) => placed.section === (section as Section) && isOfIt(placed))
        return [section, some(Object.fromEntries(keys.map((placed) => [placed.name, make(placed)])))]
      })
    )
  )

export const valuesSchema: Schema = {
  $schema: "http://json-schema.org/draft-07/schema#",
  ...object({
    image: object({
      repository: text,
      tag: text,
      digest: { type: "string", pattern: "^(sha256:[0-9a-f]{64})?$" },
      pullPolicy: { enum: ["Always", "IfNotPresent", "Never"] },
      pullSecrets: list(text)
    }),
    replicas: whole(0, 100),
    config: sections((placed) => !isFile(placed) && !ofChart.includes(placed.name), setting),
    secrets: sections(isFile, reference),
    persistence: object({
      enabled: flag,
      size: { type: "string", pattern: "^[0-9.]+([KMGTPE]i?)?$" },
      storageClassName: text,
      accessMode: { enum: ["ReadWriteOnce", "ReadWriteOncePod", "ReadWriteMany"] },
      existingClaim: text
    }),
    service: object({
      type: { enum: ["ClusterIP", "NodePort", "LoadBalancer"] },
      port: whole(1, 65_535),
      annotations: texts
    }),
    ingress: object({
      enabled: flag,
      className: text,
      annotations: texts,
      host: text,
      path: { type: "string", pattern: "^/" },
      tlsSecretName: text
    }),
    metrics: object({
      separatePort: flag,
      monitor: { enum: ["none", "PodMonitor", "ServiceMonitor"] },
      monitorLabels: texts,
      interval: { type: "string", pattern: "^([0-9]+(ms|[smhd]))+$" }
    }),
    networkPolicy: object({
      enabled: flag,
      from: list(anything),
      metricsFrom: list(anything),
      egress: list(anything)
    }),
    podDisruptionBudget: object({ enabled: flag }),
    shutdownDelay: whole(0, 600),
    shutdownTimeout: whole(0, 600),
    resources: anything,
    serviceAccount: object({ create: flag, name: text }),
    podSecurityContext: anything,
    securityContext: anything,
    extraEnv: list(anything),
    podAnnotations: texts,
    podLabels: texts,
    nodeSelector: texts,
    tolerations: list(anything),
    affinity: anything,
    topologySpreadConstraints: list(anything),
    priorityClassName: text,
    // Helm adds it where the chart is a dependency.
    global: anything
  })
}
