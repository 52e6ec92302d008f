import { NodeServices } from "@effect/platform-node"
import { SnapshotStore } from "@gitlab-registry-usage/core"
import { DirectoryTest, RegistryTest, SnapshotStoreTest, TokensTest } from "@gitlab-registry-usage/core/conformance"
import { Images } from "@gitlab-registry-usage/core/testing"
import { DockerRegistry, Servers } from "@gitlab-registry-usage/test-servers"
import { describe, expect, it } from "@effect/vitest"
import { hashSync } from "bcryptjs"
import { DateTime, Effect, FileSystem, Layer, Option } from "effect"
import * as DirectoryStore from "../directory-store.ts"
import * as DiskRegistry from "../disk-registry.ts"
import * as Htpasswd from "../htpasswd.ts"
import * as OpaqueTokens from "../opaque-tokens.ts"

const temporary = Effect.flatMap(FileSystem.FileSystem, (fs) => fs.makeTempDirectoryScoped())

const store = Layer.unwrap(
  Effect.map(temporary, (directory) => DirectoryStore.layer({ directory: `${directory}/new`, keep: 2 }))
).pipe(Layer.provide(NodeServices.layer), Layer.orDie)

SnapshotStoreTest.suite("a directory", store)

it.live("the store keeps as many snapshots as its options say", () =>
  Effect.gen(function* () {
    const store = yield* SnapshotStore.SnapshotStore
    for (const day of [1, 2, 3])
      yield* store.save(yield* SnapshotStoreTest.snapshotOf(`2026-01-0${day}T00:00:00Z`, [day]))
    expect((yield* store.history).map(DateTime.formatIso)).toEqual([
      "2026-01-02T00:00:00.000Z",
      "2026-01-03T00:00:00.000Z"
    ])
  }).pipe(Effect.provide(store))
)

it.live("a snapshot that cannot be read is an error of the port", () =>
  Effect.gen(function* () {
    const fs = yield* FileSystem.FileSystem
    const directory = yield* temporary
    yield* fs.writeFileString(`${directory}/1767225600000.snapshot`, "no snapshot")
    const error = yield* Effect.flip(
      Effect.flatMap(SnapshotStore.SnapshotStore, ({ load }) => load).pipe(
        Effect.provide(DirectoryStore.layer({ directory, keep: 2 }))
      )
    )
    expect(error).toMatchObject({ operation: "load", reason: { _tag: "SnapshotCorrupt" } })
    expect(Option.isSome(yield* Effect.option(fs.stat(`${directory}/1767225600000.snapshot`)))).toBe(true)
  }).pipe(Effect.scoped, Effect.provide(NodeServices.layer))
)

const users = [
  { username: "alice", password: "alice-secret" },
  { username: "zoe", password: "zoë-pass:word" }
]

const htpasswd = Layer.unwrap(
  Effect.gen(function* () {
    const fs = yield* FileSystem.FileSystem
    const file = `${yield* temporary}/users`
    const lines = users.map(({ password, username }) => `${username}:${hashSync(password, 4)}`)
    // An administrator can lock a user by hand like this.
    yield* fs.writeFileString(file, `${lines.join("\n")}\n#mallory:${hashSync("mallory-secret", 4)}\n`)
    return Htpasswd.layer(file)
  })
).pipe(Layer.provide(NodeServices.layer), Layer.orDie)

DirectoryTest.suite("an htpasswd file", htpasswd, {
  accepted: users,
  refused: [{ username: "mallory", password: "mallory-secret" }]
})

TokensTest.suite("opaque texts", OpaqueTokens.layer("1 hour"))

/** What docker-registry stores of the images that the suite expects. */
const disk = Layer.unwrap(
  Effect.gen(function* () {
    const registry = yield* DockerRegistry.start()
    for (const { name, tags } of yield* RegistryTest.repositories) {
      for (const tag of tags) yield* registry.push(name, tag.name, tag.image)
      if (tags.length > 0) continue
      // Only so a registry has a repository without tags.
      const image = yield* Images.image({ layers: [] })
      yield* registry.push(name, "deleted", image)
      yield* registry.remove(name, image.digest)
    }
    return DiskRegistry.layer(registry.storage)
  })
).pipe(Layer.provide(NodeServices.layer))

describe.skipIf(Servers.leftOut("docker-registry"))("disk-registry.ts", () => {
  RegistryTest.suite("the storage of docker-registry", disk)
})
