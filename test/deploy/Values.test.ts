/** The values of the Helm chart: their schema, and the rules over several of them. */
import { describe, expect, it, layer } from "@effect/vitest"
import { Context, Effect, Layer } from "effect"
import { join } from "node:path"
import { Servers } from "../../packages/test-servers/src/index.ts"
import * as Chart from "./Chart.ts"
import { needed, secret } from "./Values.ts"
import { valuesSchema } from "./ValuesSchema.ts"

class Renderer extends Context.Service<Renderer, string>()("Renderer") {}

it("the schema of the values has the settings of the server", async () => {
  const text = `${JSON.stringify(valuesSchema, undefined, 2)}\n`
  await expect(text).toMatchFileSnapshot(join(Chart.chart, "values.schema.json"))
})

describe.skipIf(Servers.leftOut("Go"))("the chart", () => {
  layer(Layer.effect(Renderer, Chart.renderer), { excludeTestServices: true, timeout: 150_000 })("rendered", (it) => {
    const wrong: ReadonlyArray<readonly [what: string, message: string, values: Chart.Values]> = [
      ["no value", "image.repository: set the name of the image", { ...needed, image: {} }],
      ["no tag", "image.tag: set it, or image.digest", { ...needed, image: { repository: "r" } }],
      [
        "no access token",
        "secrets.registry.access_token: name the Secret",
        { ...needed, secrets: { jwt: needed.secrets.jwt } }
      ],
      [
        "no key for tokens",
        "secrets.jwt.secret_key: name the Secret",
        { ...needed, secrets: { registry: needed.secrets.registry } }
      ],
      ["no registry", "config.registry.gitlab_base_url: set it", { ...needed, config: { ldap: needed.config.ldap } }],
      ["no directory", "config.ldap.host: set it", { ...needed, config: { registry: needed.config.registry } }],
      [
        "replicas without PostgreSQL",
        "replicas: more than one needs a PostgreSQL database",
        { ...needed, replicas: 2 }
      ],
      [
        "a certificate without its key",
        "secrets.general: set both of tls_certificate_file and tls_key_file",
        { ...needed, secrets: { ...needed.secrets, general: { tls_certificate_file: secret("tls.crt") } } }
      ],
      [
        "a monitor that may not read",
        "metrics.monitor: set secrets.general.metrics_token",
        { ...needed, metrics: { monitor: "PodMonitor" } }
      ],
      ["an Ingress without a host", "ingress.host: set the host name", { ...needed, ingress: { enabled: true } }],
      [
        "two paths",
        "config.general.server_prefix is /a, but ingress.path is /: leave server_prefix out",
        {
          ...needed,
          config: { ...needed.config, general: { server_prefix: "/a" } },
          ingress: { enabled: true, host: "h" }
        }
      ],
      ["an unknown value", "/replicaCount: must NOT have additional properties", { ...needed, replicaCount: 2 }],
      [
        "an unknown setting",
        "/config/ldap/hots: must NOT have",
        { ...needed, config: { ...needed.config, ldap: { hots: "" } } }
      ],
      [
        "a secret in plain text",
        "/config/registry/access_token: must NOT have",
        { ...needed, config: { registry: { access_token: "glpat" } } }
      ],
      [
        "a secret that is no reference",
        "/secrets/registry/access_token: must be object",
        { ...needed, secrets: { registry: { access_token: "glpat" } } }
      ],
      [
        "a setting of the chart",
        "/config/general/socket_port: must NOT have",
        { ...needed, config: { general: { socket_port: 80 } } }
      ],
      [
        "null for a section",
        "/secrets: must have required property 'ldap'",
        { ...needed, secrets: { ...needed.secrets, ldap: null } }
      ],
      ["a text for a number", "/replicas: must be integer", { ...needed, replicas: "2" }],
      ["a digest that is none", "/image/digest: must match pattern", { ...needed, image: { digest: "sha256:1" } }]
    ]
    it.effect("refuses wrong values with a message that names the value", () =>
      Effect.gen(function* () {
        const results = yield* Chart.render(
          yield* Renderer,
          wrong.map(([, , values]) => ({ values }))
        )
        for (const [i, [what, message]] of wrong.entries()) expect(results[i]!.error, what).toContain(message)
      })
    )
  })
})
