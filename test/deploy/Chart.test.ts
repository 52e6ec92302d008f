/** The Helm chart and the plain manifests that are made from it. */
import { describe, expect, it, layer } from "@effect/vitest"
import { Context, Duration, Effect, Layer } from "effect"
import { randomBytes } from "node:crypto"
import { mkdirSync, readFileSync, writeFileSync } from "node:fs"
import { dirname, join } from "node:path"
import { parse } from "yaml"
import { load } from "../../packages/server/test/config/fixture.ts"
import { Servers } from "../../packages/test-servers/src/index.ts"
import { root } from "../../scripts/workspace.mjs"
import * as Chart from "./Chart.ts"
import { needed, postgres, secret } from "./Values.ts"

class Renderer extends Context.Service<Renderer, string>()("Renderer") {}

const render = Effect.fnUntraced(function* (...releases: ReadonlyArray<Chart.Release>) {
  return yield* Chart.render(yield* Renderer, releases)
})

/** The manifests with these values, by kind. Kubernetes accepts all of them. */
const release = Effect.fnUntraced(function* (values: Chart.Values) {
  const [{ error, files = {} } = {}] = yield* render({ values })
  expect(error).toBeUndefined()
  const manifests = Chart.manifestsOf(files)
  for (const manifest of manifests) {
    expect(yield* Effect.promise(() => Chart.problems(manifest))).toEqual([])
    expect(manifest.metadata.labels["app.kubernetes.io/instance"]).toBe("usage")
  }
  return new Map(manifests.map((manifest) => [manifest.kind, manifest]))
})

type Manifests = ReadonlyMap<string, Chart.Manifest>

const configurationOf = (manifests: Manifests): string =>
  manifests.get("ConfigMap")!["data"]["gitlab_registry_usage_rest.conf"]
const podOf = (manifests: Manifests) => manifests.get("Deployment")!["spec"].template.spec

/** The settings that the server reads from the configuration of a release; its secrets are the ones of a test. */
const settingsOf = Effect.fnUntraced(function* (manifests: Manifests) {
  const directory = yield* Servers.temporaryDirectory
  const home = "/etc/gitlab-registry-usage/secrets"
  const [, secrets] = podOf(manifests).volumes
  for (const source of secrets.projected.sources) {
    for (const { path } of (source.secret ?? source.configMap).items) {
      mkdirSync(dirname(join(directory, path)), { recursive: true })
      writeFileSync(
        join(directory, path),
        path.endsWith("/url") ? "postgres://usage@127.0.0.1/usage" : randomBytes(48).toString("base64")
      )
    }
  }
  return yield* load(configurationOf(manifests).replaceAll(home, directory))
})

const plain = (name: string) => join(root, "deploy/kubernetes", name)

describe("the check of manifests", () => {
  const service = {
    apiVersion: "v1",
    kind: "Service",
    metadata: { name: "usage", labels: {} },
    spec: { ports: [{ port: 80, targetPort: "http" }] }
  }

  it("accepts what Kubernetes accepts", async () => {
    expect(await Chart.problems(service)).toEqual([])
  })

  it("refuses wrong types, and unknown fields at each depth", async () => {
    const wrong = { ...service, spec: { ports: [{ port: "eighty" }] } }
    expect(await Chart.problems(wrong)).toEqual([expect.stringContaining("port")])
    const unknown = { ...service, specs: {}, spec: { ports: [{ port: 80, target: "http" }] } }
    expect(await Chart.problems(unknown)).toEqual([
      "Service.spec.ports.0.target is unknown",
      "Service.specs is unknown"
    ])
  })
})

describe.skipIf(Servers.leftOut("Go"))("the chart", () => {
  layer(Layer.effect(Renderer, Chart.renderer), { excludeTestServices: true, timeout: 150_000 })("rendered", (it) => {
    it.effect("has one replica with a volume, hardened, and nothing that is not asked for", () =>
      Effect.gen(function* () {
        const manifests = yield* release(needed)
        expect([...manifests.keys()].toSorted()).toEqual([
          "ConfigMap",
          "Deployment",
          "NetworkPolicy",
          "PersistentVolumeClaim",
          "Service",
          "ServiceAccount"
        ])
        expect(manifests.get("Deployment")!["spec"]).toMatchObject({ replicas: 1, strategy: { type: "Recreate" } })
        const pod = podOf(manifests)
        expect(pod).toMatchObject({
          serviceAccountName: "usage-gitlab-registry-usage",
          automountServiceAccountToken: false,
          enableServiceLinks: false,
          terminationGracePeriodSeconds: 30,
          // The restricted Pod Security Standard.
          securityContext: { runAsNonRoot: true, seccompProfile: { type: "RuntimeDefault" } }
        })
        const [container] = pod.containers
        expect(container.securityContext).toEqual({
          allowPrivilegeEscalation: false,
          readOnlyRootFilesystem: true,
          capabilities: { drop: ["ALL"] }
        })
        expect(container.image).toBe("registry.example.com/usage:1")
        const named = container.ports.map(({ name }: { readonly name: string }) => name)
        for (const probe of ["startupProbe", "livenessProbe", "readinessProbe"]) {
          expect(named).toContain(container[probe].httpGet.port)
        }
        const volumes = pod.volumes.map(({ name }: { readonly name: string }) => name)
        for (const { name } of container.volumeMounts) expect(volumes).toContain(name)
      })
    )

    it.effect("has a configuration that the server reads, with no secret in it", () =>
      Effect.gen(function* () {
        const config = {
          ...postgres,
          config: {
            ...needed.config,
            general: {
              metrics_repositories: 1_000_000,
              metrics_tags: true,
              trusted_proxies: "10.0.0.0/8\n192.168.0.1"
            },
            ldap: { ...needed.config.ldap, base_dn: "ou=100%,dc=example,dc=com" },
            registry: { ...needed.config.registry, refresh_jitter: 0.25 }
          },
          replicas: 3,
          shutdownDelay: 15,
          metrics: { separatePort: true }
        }
        const manifests = yield* release(config)
        const { directory, http, collector, metricsServer, store, warnings } = yield* settingsOf(manifests)
        expect(http).toMatchObject({
          host: "0.0.0.0",
          port: 5000,
          health: { host: "0.0.0.0", port: 5001 },
          metrics: { maxRepositories: 1_000_000, tags: true },
          trustedProxies: ["10.0.0.0/8", "192.168.0.1"]
        })
        expect(Duration.toSeconds(http.shutdownDelay!)).toBe(15)
        expect(metricsServer).toEqual({ host: "0.0.0.0", port: 9100 })
        expect(directory.baseDn).toBe("ou=100%,dc=example,dc=com")
        expect(collector.jitter).toBe(0.25)
        expect(store._tag).toBe("Postgres")
        expect(warnings).toEqual([])
        const ports = podOf(manifests).containers[0].ports.map(
          ({ containerPort }: { readonly containerPort: number }) => containerPort
        )
        expect(ports).toEqual([http.port, http.health!.port, metricsServer!.port])
      })
    )

    it.effect("replaces replicas on PostgreSQL one after the other, and keeps one during a drain of nodes", () =>
      Effect.gen(function* () {
        const manifests = yield* release({ ...postgres, replicas: 2, shutdownDelay: 20, shutdownTimeout: 30 })
        expect(manifests.get("Deployment")!["spec"].strategy).toEqual({
          type: "RollingUpdate",
          rollingUpdate: { maxSurge: 1, maxUnavailable: 0 }
        })
        expect(manifests.get("PodDisruptionBudget")!["spec"].maxUnavailable).toBe(1)
        expect(manifests.has("PersistentVolumeClaim")).toBe(false)
        expect(podOf(manifests)).toMatchObject({
          terminationGracePeriodSeconds: 60,
          topologySpreadConstraints: [{ topologyKey: "kubernetes.io/hostname" }]
        })
        const { readinessProbe } = podOf(manifests).containers[0]
        // The default delay is longer than it takes to notice.
        expect(readinessProbe.periodSeconds * readinessProbe.failureThreshold).toBeLessThan(10)
      })
    )

    it.effect("publishes the API under the path of an Ingress", () =>
      Effect.gen(function* () {
        const ingress = {
          enabled: true,
          host: "usage.example.com",
          path: "/usage",
          tlsSecretName: "tls",
          className: "nginx"
        }
        const manifests = yield* release({ ...needed, ingress })
        expect(manifests.get("Ingress")!["spec"]).toMatchObject({
          ingressClassName: "nginx",
          tls: [{ hosts: ["usage.example.com"], secretName: "tls" }],
          rules: [{ host: "usage.example.com", http: { paths: [{ path: "/usage", pathType: "Prefix" }] } }]
        })
        const { backend } = manifests.get("Ingress")!["spec"].rules[0].http.paths[0]
        expect(manifests.get("Service")!["spec"].ports.map(({ name }: { readonly name: string }) => name)).toEqual([
          backend.service.port.name
        ])
        expect((yield* settingsOf(manifests)).http.prefix).toBe("/usage")
      })
    )

    for (const monitor of ["PodMonitor", "ServiceMonitor"]) {
      it.effect(`${monitor} reads the metrics with a token, or on their own port`, () =>
        Effect.gen(function* () {
          const endpoint = (manifests: Manifests) =>
            Object.entries(manifests.get(monitor)!["spec"]).flatMap(([key, value]) =>
              /endpoints$/i.test(key) ? (value as ReadonlyArray<unknown>) : []
            )
          const general = { metrics_token: secret("metrics_token") }
          const withToken = yield* release({ ...needed, secrets: { ...needed.secrets, general }, metrics: { monitor } })
          expect(endpoint(withToken)).toEqual([
            {
              path: "/metrics",
              interval: "30s",
              port: "http",
              scheme: "http",
              authorization: { type: "Bearer", credentials: { name: "usage", key: "metrics_token" } }
            }
          ])
          const metricsFrom = [{ namespaceSelector: { matchLabels: { "kubernetes.io/metadata.name": "monitoring" } } }]
          const apart = yield* release({
            ...needed,
            metrics: { monitor, separatePort: true, monitorLabels: { release: "prometheus" } },
            networkPolicy: { metricsFrom }
          })
          expect(endpoint(apart)).toEqual([{ path: "/metrics", interval: "30s", port: "metrics" }])
          expect(apart.get(monitor)!.metadata.labels["release"]).toBe("prometheus")
          const rules = apart.get("NetworkPolicy")!["spec"].ingress
          expect(rules).toContainEqual({ ports: [{ port: "metrics" }], from: metricsFrom })
        })
      )
    }

    it.effect("has every other value where Kubernetes looks for it", () =>
      Effect.gen(function* () {
        const tls = { tls_certificate_file: secret("tls.crt"), tls_key_file: secret("tls.key") }
        const manifests = yield* release({
          ...needed,
          image: { repository: "r", digest: `sha256:${"0".repeat(64)}`, pullSecrets: ["pull"], pullPolicy: "Always" },
          secrets: {
            ...needed.secrets,
            general: tls,
            registry: { ...needed.secrets.registry, ca_file: { configMap: "company", key: "ca.crt" } }
          },
          persistence: { existingClaim: "old" },
          service: { type: "LoadBalancer", port: 443, annotations: { a: "b" } },
          networkPolicy: { from: [{ podSelector: {} }], egress: [{ ports: [{ port: 443 }] }] },
          serviceAccount: { create: false },
          podSecurityContext: { fsGroup: null },
          extraEnv: [{ name: "NODE_OPTIONS", value: "--max-old-space-size=300" }],
          podAnnotations: { a: "1" },
          podLabels: { team: "x" },
          nodeSelector: { disk: "ssd" },
          tolerations: [{ key: "k", operator: "Exists" }],
          affinity: { podAntiAffinity: {} },
          topologySpreadConstraints: [{ maxSkew: 1, topologyKey: "zone", whenUnsatisfiable: "DoNotSchedule" }],
          priorityClassName: "high"
        })
        const pod = podOf(manifests)
        expect(pod).toMatchObject({
          serviceAccountName: "default",
          imagePullSecrets: [{ name: "pull" }],
          nodeSelector: { disk: "ssd" },
          tolerations: [{ key: "k", operator: "Exists" }],
          affinity: { podAntiAffinity: {} },
          topologySpreadConstraints: [{ topologyKey: "zone" }],
          priorityClassName: "high"
        })
        expect(pod.securityContext).not.toHaveProperty("fsGroup")
        expect(pod.containers[0]).toMatchObject({
          image: `r@sha256:${"0".repeat(64)}`,
          env: [{ name: "NODE_OPTIONS", value: "--max-old-space-size=300" }]
        })
        expect(pod.volumes).toContainEqual({ name: "state", persistentVolumeClaim: { claimName: "old" } })
        expect(pod.volumes[1].projected.sources).toContainEqual({
          configMap: { name: "company", items: [{ key: "ca.crt", path: "registry/ca_file" }] }
        })
        expect(configurationOf(manifests)).toContain(
          "\nca_file = /etc/gitlab-registry-usage/secrets/registry/ca_file\n"
        )
        expect(manifests.get("Service")!["spec"].ports).toEqual([{ name: "https", port: 443, targetPort: "http" }])
        expect(manifests.get("NetworkPolicy")!["spec"]).toMatchObject({
          policyTypes: ["Ingress", "Egress"],
          ingress: [{ ports: [{ port: "http" }], from: [{ podSelector: {} }] }, { ports: [{ port: "health" }] }],
          egress: [{ ports: [{ port: 443 }] }]
        })
        expect(manifests.has("ServiceAccount")).toBe(false)
        expect(manifests.has("PersistentVolumeClaim")).toBe(false)
      })
    )

    it.effect("restarts the pods when the configuration changes", () =>
      Effect.gen(function* () {
        const checksum = (manifests: Manifests) =>
          manifests.get("Deployment")!["spec"].template.metadata.annotations["checksum/configuration"]
        const changed = { ...needed, config: { ...needed.config, general: { log_level: "debug" } } }
        const [one, same, other] = yield* Effect.forEach([needed, needed, changed], release)
        expect(checksum(same!)).toBe(checksum(one!))
        expect(checksum(other!)).not.toBe(checksum(one!))
      })
    )

    for (const name of ["single", "replicas"]) {
      it.effect(`the plain manifests ${name}.yaml are the ones of the chart`, () =>
        Effect.gen(function* () {
          const values = parse(readFileSync(plain(`${name}.values.yaml`), "utf8"))
          const [{ error, files = {} } = {}] = yield* render({
            values,
            name: "gitlab-registry-usage",
            service: "kubectl"
          })
          expect(error).toBeUndefined()
          const parts = Object.keys(files)
            .filter((file) => file.endsWith(".yaml"))
            .toSorted()
          const text = [
            `# Made of ${name}.values.yaml by test/deploy; \`vitest -u\` updates it.\n`,
            ...parts.flatMap((file) => (files[file]!.trim() === "" ? [] : [`---\n${files[file]!.trim()}\n`]))
          ].join("")
          yield* Effect.promise(() => expect(text).toMatchFileSnapshot(plain(`${name}.yaml`)))
          for (const manifest of Chart.manifests(text)) {
            expect(yield* Effect.promise(() => Chart.problems(manifest))).toEqual([])
          }
        })
      )
    }
  })
})
