import { NodeHttpClient, NodeServices } from "@effect/platform-node"
import { Collector, type Digest, Names, Usage } from "@gitlab-registry-usage/core"
import { Images } from "@gitlab-registry-usage/core/testing"
import { RegistryHttp } from "@gitlab-registry-usage/adapter-http"
import { DockerRegistry, Servers, Slapd } from "@gitlab-registry-usage/test-servers"
import { describe, expect, layer } from "@effect/vitest"
import { Context, Effect, FileSystem, Layer, Option, Redacted } from "effect"
import * as ServerConfig from "../src/config/options/ServerConfig.ts"
import { Adapters, Server } from "@gitlab-registry-usage/server"
import { basic, send } from "./app.ts"
import * as Client from "./Client.ts"
import { catalog, repositories as recordedRepositories } from "./golden/golden.ts"

const account = { username: "usage", password: "registry-access-token" }

/** A registry with what it holds, and the server on it, configured by a file as an operator writes it. */
class Scene extends Context.Service<
  Scene,
  {
    readonly registry: DockerRegistry.DockerRegistry
    readonly images: Effect.Success<typeof images>
  }
>()("Scene") {}

/**
 * Images of every kind. What an index refers to has a tag of its own as well: the garbage collection of docker-registry
 * 2.8 takes untagged manifests for garbage even where an index refers to them.
 */
const images = Effect.gen(function* () {
  const [base, app, arm, tool] = yield* Effect.all([
    Images.layer("base", 50_000),
    Images.layer("app", 3_000),
    Images.layer("arm", 4_000),
    Images.layer("tool", 700)
  ])
  const docker = yield* Images.image({ layers: [base, app], flavour: "docker", config: { docker: true } })
  const amd64 = yield* Images.image({ layers: [base, app] })
  const arm64 = yield* Images.image({ layers: [base, arm] })
  const attestation = yield* Images.attestation(amd64)
  const multi = yield* Images.index({
    images: [{ image: amd64 }, { image: arm64, platform: "linux/arm64" }],
    attestations: [{ attestation, of: amd64 }]
  })
  const alone = yield* Images.image({ layers: [tool] })
  return { docker, amd64, arm64, attestation, multi, alone }
})

const scene = Layer.effect(
  Scene,
  Effect.gen(function* () {
    const registry = yield* DockerRegistry.start({
      deletable: true,
      tokens: { users: { [account.username]: { password: account.password, grants: (_, __, actions) => actions } } }
    })
    const pushed = yield* images
    for (const name of ["docker", "amd64", "arm64", "attestation", "multi"] as const) {
      yield* registry.push("group/project/app", name, pushed[name])
    }
    yield* registry.push("group/project/app", "latest", pushed.docker)
    yield* registry.push("group/project/tool", "1.0", pushed.alone)
    yield* registry.push("other", "copy", pushed.amd64)
    // A repository all of whose tags are gone.
    const gone = yield* Images.image({ layers: [yield* Images.layer("gone", 900)] })
    yield* registry.push("group/emptied", "x", gone)
    yield* registry.remove("group/emptied", gone.digest)
    yield* Effect.forEach(yield* recordedRepositories, ({ name, tags }) =>
      Effect.forEach(tags, (tag) => registry.push(`golden/${name}`, tag.name, tag.image))
    )
    // What the emptied repository held is garbage already.
    yield* registry.collectGarbage
    return Scene.of({ registry, images: pushed })
  })
)

const configured = Layer.unwrap(
  Effect.gen(function* () {
    const fs = yield* FileSystem.FileSystem
    const { registry } = yield* Scene
    const slapd = yield* Slapd.Slapd
    const home = yield* fs.makeTempDirectoryScoped()
    yield* fs.writeFileString(
      `${home}/server.conf`,
      `
[general]
socket_host = 127.0.0.1
socket_port = 0
snapshot_file = ${home}/state/snapshot

[ldap]
host = ${slapd.ldaps.replace("ldaps://", "")}
base_dn = ${slapd.baseDn}
valid_gid = ${Slapd.gidNumber}
username_attribute = uid
gid_attribute = gidNumber
ca_file = ${home}/ca.pem
refusal_time = 1ms

[jwt]
auth_token_expires = 2 weeks
secret_key = a secret of the test; longer # than 32 bytes

[registry]
gitlab_base_url = ${registry.tokens!.realm}
registry_base_url = ${registry.url.href}
username = ${account.username}
access_token = ${account.password}
`
    )
    yield* fs.writeFileString(`${home}/ca.pem`, slapd.authority)
    const config = yield* ServerConfig.load({ file: { path: `${home}/server.conf`, required: true }, environment: {} })
    return Client.layer.pipe(Layer.provideMerge(Server.layer(config).pipe(Layer.provide(Adapters.layer(config)))))
  })
).pipe(Layer.provide(NodeServices.layer))

const everything = configured.pipe(Layer.provideMerge(Layer.mergeAll(scene, Slapd.layer())))

const bearer = Effect.gen(function* () {
  const { json } = yield* send("/auth_token", { headers: basic("alice", "alice-secret") })
  return { authorization: `Bearer ${(json as { auth_token: string }).auth_token}` }
})

interface Item {
  readonly name: string
  readonly size: number
  readonly disk_size: number
  readonly unique_size: number
  readonly _embedded: { readonly related: { readonly _embedded: { readonly items: ReadonlyArray<Item> } } }
}

const allImages = Effect.gen(function* () {
  const collector = yield* Collector.Collector
  yield* collector.refresh
  const { json } = yield* send("/images?embed=true", { headers: yield* bearer })
  return (json as { _embedded: { items: ReadonlyArray<Item> } })._embedded.items
})

const sum = (items: ReadonlyArray<Item>) => items.reduce((sum, item) => sum + item.disk_size, 0)
const at = (items: ReadonlyArray<Item>, image: string, tag: string) =>
  items.find(({ name }) => name === image)!._embedded.related._embedded.items.find(({ name }) => name === tag)!

describe.skipIf(Servers.leftOut("the whole server on a real registry and directory"))(
  "the whole server on a real registry and directory",
  () => {
    layer(everything, { excludeTestServices: true, timeout: 60_000 })(
      "on a real registry and a real directory",
      (it) => {
        it.effect("signs in by LDAP only", () =>
          Effect.gen(function* () {
            const statusOf = (username: string, password: string) =>
              Effect.map(send("/auth_token", { headers: basic(username, password) }), ({ status }) => status)
            expect(yield* statusOf("zoe", "zoë-pass:word")).toBe(200)
            expect(yield* statusOf("paren(s)", "paren-secret")).toBe(200)
            for (const [username, password] of [
              ["alice", "wrong"],
              ["mallory", "mallory-secret"],
              ["alic*", "alice-secret"],
              ["twin", "twin-secret"]
            ]) {
              expect(yield* statusOf(username!, password!), username).toBe(401)
            }
          })
        )

        it.effect("the sum of disk_size is the bytes of the blob files on disk", () =>
          Effect.gen(function* () {
            const { registry } = yield* Scene
            const items = yield* allImages
            expect(sum(items)).toBe(yield* registry.bytesOnDisk)
            expect(
              items
                .flatMap((item) => item._embedded.related._embedded.items)
                .reduce((total, tag) => total + tag.disk_size, 0)
            ).toBe(sum(items))
            expect(items.find(({ name }) => name === "group/emptied")).toMatchObject({
              size: 0,
              disk_size: 0,
              unique_size: 0
            })
          })
        )

        it.effect("the recorded registry has the recorded number of layer bytes in every tag", () =>
          Effect.gen(function* () {
            yield* allImages
            const collector = yield* Collector.Collector
            const {
              usage: { inventory }
            } = Option.getOrThrow(yield* collector.current)
            const usage = Usage.measure(inventory, { accounting: "layers" })
            const expected = catalog.expected.repositories as Record<string, Record<string, { layerBytes: number }>>
            let compared = 0
            for (const [image, tags] of Object.entries(expected)) {
              const r = Usage.findRepository(usage, Names.RepositoryName.make(`golden/${image}`))
              for (const [tag, { layerBytes }] of Object.entries(tags)) {
                const number = Usage.findTag(usage, r!, Names.TagName.make(tag))!
                expect(Usage.tagSizes(usage, number)?.size, `${image}:${tag}`).toBe(layerBytes)
                compared++
              }
            }
            expect(compared).toBe(9)
          })
        )

        it.effect("a later crawl without changes gives the same figures", () =>
          Effect.gen(function* () {
            const [first, second] = [yield* allImages, yield* allImages]
            expect(second).toEqual(first)
          })
        )

        it.effect("deleting frees exactly the unique_size, for a tag and for an index with its children", () =>
          Effect.gen(function* () {
            const { images, registry } = yield* Scene
            const adapter = yield* RegistryHttp.make({
              url: registry.url,
              gitlabUrl: new URL(registry.tokens!.realm),
              credentials: { username: account.username, token: Redacted.make(account.password) }
            })
            const remove = (repository: string, digest: Digest.Digest) =>
              adapter.deleteManifest(Names.RepositoryName.make(repository), digest)

            const before = yield* allImages
            const alone = at(before, "group/project/tool", "1.0")
            expect(alone.unique_size).toBeGreaterThan(700)
            yield* remove("group/project/tool", images.alone.digest)
            yield* registry.collectGarbage
            expect(sum(before) - (yield* registry.bytesOnDisk)).toBe(alone.unique_size)

            const after = yield* allImages
            expect(sum(after)).toBe(yield* registry.bytesOnDisk)
            const collector = yield* Collector.Collector
            const { usage } = Option.getOrThrow(yield* collector.current)
            const r = Usage.findRepository(usage, Names.RepositoryName.make("group/project/app"))!
            const set = ["multi", "amd64", "arm64", "attestation"].map((tag) =>
              Usage.findTag(usage, r, Names.TagName.make(tag))!
            )
            const freed = Usage.uniqueSizeOf(usage, set)
            // `amd64` has a copy elsewhere, and shares its base with `docker`: the parts alone would say something else.
            expect(freed).not.toBe(set.reduce((sum, tag) => sum + Usage.tagSizes(usage, tag)!.uniqueSize, 0))
            for (const name of ["multi", "amd64", "arm64", "attestation"] as const) {
              yield* remove("group/project/app", images[name].digest)
            }
            yield* registry.collectGarbage
            expect(sum(after) - (yield* registry.bytesOnDisk)).toBe(freed)
            expect(sum(yield* allImages)).toBe(yield* registry.bytesOnDisk)
          }).pipe(Effect.scoped, Effect.provide(NodeHttpClient.layerUndici))
        )
      }
    )
  }
)
