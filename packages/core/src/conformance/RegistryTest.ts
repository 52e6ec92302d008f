/**
 * What every adapter of the `Registry` port does.
 *
 * @since 0.1.0
 */
import { assert, layer as withLayer } from "@effect/vitest"
import { Effect, type Layer, Stream } from "effect"
import { Digest } from "../registry/Digest.ts"
import { RepositoryName, TagName } from "../registry/Names.ts"
import { Registry, type RegistryError, type RegistryReason } from "../registry/Registry.ts"
import * as Images from "../testing/Images.ts"

const { repository } = Images

/** One repository is for deleting from; `kept` holds another manifest under another tag. */
const deletable = RepositoryName.make("group/deletable")

/** A repository whose tags were all deleted. */
const empty = RepositoryName.make("group/empty")

/**
 * What the registry under test holds, and nothing else: images of every kind that a registry accepts, repositories
 * whose names look like paths of the API, names as long as they may be, and a repository without tags.
 *
 * @category fixtures
 * @since 0.1.0
 */
export const repositories: Effect.Effect<ReadonlyArray<Images.Repository>> = Effect.gen(function* () {
  const base = yield* Images.layer("base", 5000)
  const app = yield* Images.layer("app", 300)
  const arm = yield* Images.layer("arm", 400)
  const docker = yield* Images.image({ layers: [base, app], flavour: "docker", config: { docker: true } })
  const dockerArm = yield* Images.image({ layers: [base, arm], flavour: "docker", config: { docker: "arm" } })
  const list = yield* Images.index({
    flavour: "docker",
    images: [{ image: docker }, { image: dockerArm, platform: "linux/arm64/v8" }]
  })
  const amd64 = yield* Images.image({ layers: [base, app] })
  const arm64 = yield* Images.image({ layers: [base, arm] })
  const attestation = yield* Images.attestation(amd64)
  const multi = yield* Images.index({
    images: [{ image: amd64 }, { image: arm64, platform: "linux/arm64/v8" }],
    attestations: [{ attestation, of: amd64 }]
  })
  const nested = yield* Images.index({ images: [{ image: multi }] })
  const artifact = yield* Images.image({ layers: [app], artifactType: "application/vnd.example", config: {} })
  const signature = yield* Images.image({ layers: [app], subject: amd64, config: { of: amd64.digest } })
  const component = "a-component_with.everything__in--it"
  return [
    repository("group/app", { "1.0": docker, "1.0-list": list, latest: docker }),
    repository("group/app/multi", { "1.0": multi, nested, amd64, [`sha256-${amd64.digest.slice(7)}.sig`]: signature }),
    repository("group/artifact", { "1.0": artifact }),
    repository("tags/list", { manifests: amd64 }),
    repository("manifests/blobs/v2", { "1.0": arm64 }),
    repository(`${component}/`.repeat(5) + component, { ["t".repeat(128)]: amd64 }),
    repository(deletable, { "1.0": amd64, latest: amd64, kept: arm64 }),
    repository(empty, {})
  ]
})

const collect = <A>(stream: Stream.Stream<A, RegistryError>) => Stream.runCollect(stream)

/** Every tag of every repository. */
const everyTag = Effect.map(repositories, (all) =>
  all.flatMap(({ name, tags }) => tags.map(({ image, name: tag }) => ({ name, tag, image })))
)

/** Every manifest of every repository, children of indexes as well. */
const everyManifest = Effect.map(everyTag, (all) =>
  all.flatMap(({ image, name }) => withChildren(image).map((image) => ({ name, image })))
)

const withChildren = (image: Images.Image): ReadonlyArray<Images.Image> => [
  image,
  ...image.children.flatMap(withChildren)
]

const fails = <A>(
  effect: Effect.Effect<A, RegistryError>,
  operation: RegistryError["operation"],
  target: string,
  reason: RegistryReason["_tag"]
) =>
  Effect.map(Effect.flip(effect), (error) =>
    assert.deepStrictEqual([error.operation, error.target, error.reason._tag], [operation, target, reason])
  )

/**
 * Declares the tests of an adapter to a registry that holds `repositories`. They run with the live clock, and the last
 * of them deletes.
 *
 * @category conformance
 * @since 0.1.0
 */
export const suite = <E>(name: string, layer: Layer.Layer<Registry, E>): void => {
  const missing = {
    repository: RepositoryName.make("group/missing"),
    tag: TagName.make("missing"),
    digest: Digest.make(`sha256:${"0".repeat(64)}`)
  }

  withLayer(layer, { excludeTestServices: true, timeout: "60 seconds" })(`Registry: ${name}`, (it) => {
    const check = (title: string, test: (registry: Registry["Service"]) => Effect.fn.Return<void, unknown>) =>
      it.effect(title, () => Effect.flatMap(Registry, Effect.fnUntraced(test)))

    check("lists the repositories, each once", function* (registry) {
      const listed = yield* collect(registry.repositories)
      assert.lengthOf(new Set(listed), listed.length)
      const expected = (yield* repositories).map(({ name }) => name)
      // Whether a repository without tags is still one is not the same everywhere.
      const withTags = (name: string) => name !== empty
      assert.deepStrictEqual(listed.filter(withTags).sort(), expected.filter(withTags).sort())
    })

    check("lists the tags of a repository, each once", function* (registry) {
      for (const { name, tags } of yield* repositories) {
        const listed = yield* collect(registry.tags(name))
        assert.deepStrictEqual(listed.map((tag) => tag.name).sort(), tags.map((tag) => tag.name).sort(), name)
        for (const { digest, name } of listed) {
          if (digest === undefined) continue
          assert.strictEqual(digest, tags.find((tag) => tag.name === name)?.image.digest)
        }
      }
    })

    check("can list again", function* (registry) {
      assert.deepStrictEqual(yield* collect(registry.repositories), yield* collect(registry.repositories))
      const tags = registry.tags(deletable)
      assert.deepStrictEqual(yield* collect(tags), yield* collect(tags))
    })

    check("resolves tags", function* (registry) {
      for (const { image, name, tag } of yield* everyTag) {
        assert.strictEqual(yield* registry.resolve(name, tag), image.digest)
      }
    })

    check("resolves tags whatever they pointed to when last seen", function* (registry) {
      for (const { image, name, tag } of yield* everyTag) {
        for (const known of [image.digest, missing.digest]) {
          assert.strictEqual(yield* registry.resolve(name, tag, known), image.digest)
        }
      }
    })

    check("gives manifests of every type by tag, as they are stored", function* (registry) {
      for (const { image, name, tag } of yield* everyTag) {
        const { body, digest, mediaType } = yield* registry.manifest(name, tag)
        assert.deepStrictEqual({ digest, mediaType }, { digest: image.digest, mediaType: image.mediaType })
        assert.deepStrictEqual([...body], [...image.body], `${name}:${tag}`)
      }
    })

    check("gives manifests of every type by digest, children of indexes as well", function* (registry) {
      for (const { image, name } of yield* everyManifest) {
        const { body, digest, mediaType } = yield* registry.manifest(name, image.digest)
        assert.deepStrictEqual({ digest, mediaType }, { digest: image.digest, mediaType: image.mediaType })
        assert.strictEqual(yield* Images.digestOf(body), image.digest)
      }
    })

    check("gives the same manifest whatever type is accepted in addition", function* (registry) {
      for (const { image, name } of yield* everyManifest) {
        for (const type of [image.mediaType, "application/vnd.example.thing.v1+json", "no type", "a/b\r\nx: y", ""]) {
          const { digest, mediaType } = yield* registry.manifest(name, image.digest, type)
          assert.deepStrictEqual({ digest, mediaType }, { digest: image.digest, mediaType: image.mediaType })
        }
      }
    })

    check("gives blobs and their sizes", function* (registry) {
      for (const { image, name } of yield* everyManifest) {
        for (const { body, digest } of image.blobs) {
          assert.strictEqual(yield* registry.blobSize(name, digest), body.length)
          assert.strictEqual(yield* Images.digestOf(yield* registry.blob(name, digest, body.length)), digest)
          const less = registry.blob(name, digest, body.length - 1)
          yield* fails(less, "blob", `${name}@${digest}`, "TooLarge")
        }
      }
    })

    check("fails with NotFound for what it does not have", function* (registry) {
      const { digest, repository: unknown, tag } = missing
      const known = (yield* repositories)[0]!.name
      yield* fails(collect(registry.tags(unknown)), "tags", unknown, "NotFound")
      for (const name of [unknown, known]) {
        yield* fails(registry.resolve(name, tag), "resolve", `${name}:${tag}`, "NotFound")
        yield* fails(registry.manifest(name, tag), "manifest", `${name}:${tag}`, "NotFound")
        yield* fails(registry.manifest(name, digest), "manifest", `${name}@${digest}`, "NotFound")
        yield* fails(registry.blob(name, digest, 1000), "blob", `${name}@${digest}`, "NotFound")
        yield* fails(registry.blobSize(name, digest), "blobSize", `${name}@${digest}`, "NotFound")
        yield* fails(registry.deleteManifest(name, digest), "deleteManifest", `${name}@${digest}`, "NotFound")
      }
    })

    check("answers many at the same time", function* (registry) {
      const { name, tags } = (yield* repositories)[1]!
      const wanted = Array.from({ length: 10 }, () => tags).flat()
      const found = yield* Effect.forEach(wanted, (tag) => registry.manifest(name, tag.name), {
        concurrency: "unbounded"
      })
      assert.deepStrictEqual(
        found.map(({ digest }) => digest),
        wanted.map(({ image }) => image.digest)
      )
    })

    check("deletes a manifest and with it every tag that points to it", function* (registry) {
      const { tags } = (yield* repositories).find(({ name }) => name === deletable)!
      const [{ image }, , kept] = tags as [(typeof tags)[number], (typeof tags)[number], (typeof tags)[number]]
      yield* registry.deleteManifest(deletable, image.digest)
      assert.deepStrictEqual(
        (yield* collect(registry.tags(deletable))).map(({ name }) => name),
        [kept.name]
      )
      yield* fails(registry.resolve(deletable, tags[0]!.name), "resolve", `${deletable}:1.0`, "NotFound")
      yield* fails(registry.manifest(deletable, image.digest), "manifest", `${deletable}@${image.digest}`, "NotFound")
      assert.strictEqual((yield* registry.manifest(deletable, kept.name)).digest, kept.image.digest)
      assert.strictEqual((yield* registry.manifest(deletable, kept.image.digest)).digest, kept.image.digest)
    })
  })
}
