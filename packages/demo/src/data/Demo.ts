/** The contents of the demo's registry: the same bytes at every run. */
import { Registry } from "@gitlab-registry-usage/core"
import { Images } from "@gitlab-registry-usage/core/testing"
import { Effect } from "effect"

/** The layers that several repositories share. Each has about a hundredth of the real size. */
const bases = Effect.gen(function* () {
  return {
    debian: yield* Images.layer("debian 12", 280_000),
    debianArm: yield* Images.layer("debian 12 arm64", 270_000),
    certificates: yield* Images.layer("ca-certificates", 42_000),
    node: yield* Images.layer("node 24", 300_000),
    java: yield* Images.layer("java 21", 240_000)
  }
})
type Bases = Effect.Success<typeof bases>

/** An index for two platforms, each with its attestation, as `docker buildx build` pushes it. */
const multiarch = Effect.fnUntraced(function* (
  images: ReadonlyArray<{ readonly image: Images.Image; readonly platform: string }>
) {
  const attestations = yield* Effect.forEach(images, ({ image }) =>
    Effect.map(Images.attestation(image), (attestation) => ({ attestation, of: image }))
  )
  return yield* Images.index({ images, attestations })
})

const shop = Effect.fnUntraced(function* ({ certificates, debian, java, node }: Bases) {
  const api = yield* Effect.forEach(["1.0.0", "1.1.0", "1.2.0"], (version) =>
    Effect.flatMap(Images.layer(`api ${version}`, 90_000), (application) =>
      Images.image({ flavour: "docker", layers: [debian, certificates, java, application] })
    )
  )
  const assets = yield* Images.layer("web assets", 120_000)
  const web = yield* Effect.forEach(["2.0.0", "2.1.0"], (version) =>
    Effect.flatMap(Images.layer(`web ${version}`, 36_000), (application) =>
      Images.image({ layers: [debian, certificates, node, assets, application] })
    )
  )
  const signature = yield* Images.image({
    layers: [yield* Images.layer("signature", 250, "application/vnd.dev.cosign.simplesigning.v1+json")],
    subject: web[1]!
  })
  const cache = yield* Images.buildkitCache([debian, node, yield* Images.layer("web build stage", 190_000)])
  const charts = yield* Effect.forEach(["0.1.0", "0.2.0"], (version) =>
    Effect.gen(function* () {
      const config = yield* Images.blobOf(
        new TextEncoder().encode(JSON.stringify({ name: "shop", version, apiVersion: "v2" })),
        "application/vnd.cncf.helm.config.v1+json"
      )
      const chart = yield* Images.layer(
        `chart ${version}`,
        14_000,
        "application/vnd.cncf.helm.chart.content.v1.tar+gzip"
      )
      return yield* Images.manifestOf(
        "application/vnd.oci.image.manifest.v1+json",
        {
          schemaVersion: 2,
          config: { mediaType: config.mediaType, digest: config.digest, size: config.body.length },
          layers: [{ mediaType: chart.mediaType, digest: chart.digest, size: chart.body.length }]
        },
        { blobs: [config, chart] }
      )
    })
  )
  return [
    Images.repository("acme/shop/api", { "1.0.0": api[0]!, "1.1.0": api[1]!, "1.2.0": api[2]!, latest: api[2]! }),
    Images.repository("acme/shop/cache", { buildcache: cache }),
    Images.repository("acme/shop/chart", { "0.1.0": charts[0]!, "0.2.0": charts[1]! }),
    Images.repository("acme/shop/empty", {}),
    Images.repository("acme/shop/web", {
      "2.0.0": web[0]!,
      "2.1.0": web[1]!,
      latest: web[1]!,
      [`${web[1]!.digest.replace(":", "-")}.sig`]: signature
    })
  ]
})

/** 120 nightly tags. Every tenth points to the same image as the previous one. */
const nightly = Effect.fnUntraced(function* ({ certificates, debian, node }: Bases) {
  const nights = Array.from({ length: 120 }, (_, night) => night + 1)
  const images = yield* Effect.forEach(nights, (night) =>
    Effect.flatMap(Images.layer(`night ${night % 10 === 0 ? night - 1 : night}`, 3_000), (application) =>
      Images.image({ layers: [debian, certificates, node, application] })
    )
  )
  return Images.repository(
    "acme/shop/web/nightly",
    Object.fromEntries(nights.map((night, i) => [`night-${String(night).padStart(3, "0")}`, images[i]!]))
  )
})

const library = Effect.fnUntraced(function* ({ certificates, debian, debianArm, node }: Bases) {
  const plain = yield* Images.image({ flavour: "docker", layers: [debian] })
  const node24 = yield* Effect.forEach(
    [
      { base: debian, platform: "linux/amd64" },
      { base: debianArm, platform: "linux/arm64/v8" }
    ],
    ({ base, platform }) =>
      Effect.gen(function* () {
        const runtime = platform === "linux/amd64" ? node : yield* Images.layer(`node 24 ${platform}`, 290_000)
        const image = yield* Images.image({ layers: [base, certificates, runtime] })
        return { image, platform }
      })
  )
  const node24Index = yield* multiarch(node24)
  const debug = yield* multiarch([
    {
      image: yield* Images.image({ layers: [debian, yield* Images.layer("debug tools", 150_000)] }),
      platform: "linux/amd64"
    }
  ])
  const bundle = yield* Images.index({ images: [{ image: node24Index }, { image: debug }] })
  const windows = yield* Images.index({
    flavour: "docker",
    images: [
      { image: plain, platform: "linux/amd64" },
      {
        image: yield* Images.image({
          flavour: "docker",
          layers: [yield* Images.layer("windows application", 64_000)],
          foreign: [yield* Images.layer("windows base", 200_000)]
        }),
        platform: "windows/amd64"
      }
    ]
  })
  return [
    Images.repository("library/base/debian", { "12": plain, bookworm: plain }),
    Images.repository("library/base/node", { "24": node24Index, "24-debug": debug }),
    Images.repository("library/tools/bundle", { "1": bundle }),
    Images.repository("library/tools/portable", { "1": windows })
  ]
})

/**
 * The repositories, in the order in which a registry lists them. One has no tags, one has more tags than a page of
 * GitLab's, one is unreadable, and one has a name that looks like the path of a list of tags.
 */
export const repositories: Effect.Effect<ReadonlyArray<Images.Repository>> = Effect.gen(function* () {
  const shared = yield* bases
  const secret = yield* Images.image({ layers: [shared.debian, yield* Images.layer("secret", 50_000)] })
  const inner = yield* Images.image({ layers: [shared.debian, yield* Images.layer("inner", 20_000)] })
  return [
    ...(yield* shop(shared)),
    yield* nightly(shared),
    Images.repository(
      "acme/vault/secrets",
      { "1": secret },
      new Registry.Denied({ detail: "the container registry of this project is switched off" })
    ),
    Images.repository("group/tags/inner", { latest: inner, tags: inner }),
    ...(yield* library(shared))
  ]
})
