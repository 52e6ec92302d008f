// A registry adapter: the Registry port over the storage directory of docker-registry or of a GitLab registry without
// metadata database.
import { Bytes, Digest, MediaType, Registry } from "@gitlab-registry-usage/core"
import { Effect, FileSystem, Layer, Path, type PlatformError, Result, Stream } from "effect"
import { createHash } from "node:crypto"

type Operation = Registry.RegistryError["operation"]

const malformed = new Registry.Malformed({ detail: "the bytes on disk do not fit their digest" })

/** The port's one error, for any error of the disk. */
const failing = (operation: Operation, target: string) =>
  Effect.mapError((error: PlatformError.PlatformError | Registry.RegistryReason) => {
    if (error._tag !== "PlatformError") return new Registry.RegistryError({ operation, target, reason: error })
    const reason =
      error.reason._tag === "NotFound"
        ? new Registry.NotFound({ detail: "not on disk" })
        : new Registry.Unreachable({ detail: error.message })
    return new Registry.RegistryError({ operation, target, reason })
  })

/** A manifest says its type, unless it is of the first OCI specification or of before 2016. */
const mediaTypeOf = (body: Uint8Array) =>
  Result.try(() => {
    const json = JSON.parse(new TextDecoder().decode(body)) as Record<string, unknown>
    if (typeof json["mediaType"] === "string") return json["mediaType"]
    if (json["schemaVersion"] === 1) return MediaType.dockerSchema1Signed
    return "manifests" in json ? MediaType.ociIndex : MediaType.ociManifest
  }).pipe(Result.mapError(() => new Registry.Malformed({ detail: "the manifest is not JSON" })))

export const make = Effect.fnUntraced(function* (directory: string) {
  const fs = yield* FileSystem.FileSystem
  const path = yield* Path.Path
  const root = path.join(directory, "docker/registry/v2")
  const inRepository = (name: string, ...parts: ReadonlyArray<string>) =>
    path.join(root, "repositories", name, ...parts)
  const tagsOf = (name: string) => inRepository(name, "_manifests/tags")
  const link = (name: string, kind: "_layers" | "_manifests/revisions", digest: Digest.Digest) =>
    inRepository(name, kind, Digest.algorithm(digest), Digest.encoded(digest), "link")
  const dataOf = (digest: Digest.Digest) => {
    const encoded = Digest.encoded(digest)
    return path.join(root, "blobs", Digest.algorithm(digest), encoded.slice(0, 2), encoded, "data")
  }

  const namesBelow = (name: string): Stream.Stream<string, PlatformError.PlatformError> =>
    Stream.unwrap(
      Effect.map(fs.readDirectory(inRepository(name)), (entries) =>
        Stream.concat(
          entries.includes("_manifests") ? Stream.succeed(name) : Stream.empty,
          Stream.fromIterable(entries.filter((entry) => !entry.startsWith("_")).toSorted()).pipe(
            Stream.flatMap((entry) => namesBelow(name === "" ? entry : `${name}/${entry}`))
          )
        )
      )
    )
  const digestOf = Effect.fnUntraced(function* (name: string, tag: string) {
    const text = yield* fs.readFileString(path.join(tagsOf(name), tag, "current/link"))
    return Digest.isDigest(text.trim()) ? Digest.Digest.make(text.trim()) : yield* malformed
  })
  const tagNames = Effect.fnUntraced(function* (name: string) {
    const entries = yield* fs.readDirectory(inRepository(name, "_manifests"))
    return entries.includes("tags") ? (yield* fs.readDirectory(tagsOf(name))).toSorted() : []
  })
  const bytesOf = Effect.fnUntraced(function* (digest: Digest.Digest) {
    const body = yield* fs.readFile(dataOf(digest))
    const hash = createHash(Digest.algorithm(digest)).update(body).digest("hex")
    return hash === Digest.encoded(digest) ? body : yield* malformed
  })
  const sizeOf = Effect.fnUntraced(function* (name: string, digest: Digest.Digest) {
    yield* fs.access(link(name, "_layers", digest))
    return Bytes.make(Number((yield* fs.stat(dataOf(digest))).size))
  })

  return Registry.Registry.of({
    repositories: namesBelow("").pipe(
      Stream.catch((error) => Stream.fromEffect(failing("repositories", "")(Effect.fail(error))))
    ),
    tags: (name) =>
      Stream.fromIterableEffect(
        Effect.map(tagNames(name), (names) => names.map((name) => ({ name }))).pipe(failing("tags", name))
      ),
    resolve: (name, tag) => digestOf(name, tag).pipe(failing("resolve", `${name}:${tag}`)),
    manifest: (name, reference) =>
      Effect.gen(function* () {
        const digest = Digest.isDigest(reference) ? reference : yield* digestOf(name, reference)
        yield* fs.access(link(name, "_manifests/revisions", digest))
        const body = yield* bytesOf(digest)
        return { digest, mediaType: yield* Effect.fromResult(mediaTypeOf(body)), body }
      }).pipe(failing("manifest", `${name}${Digest.isDigest(reference) ? "@" : ":"}${reference}`)),
    blob: (name, digest, maxBytes) =>
      Effect.gen(function* () {
        if ((yield* sizeOf(name, digest)) <= maxBytes) return yield* bytesOf(digest)
        return yield* new Registry.TooLarge({ detail: `the blob has more than ${maxBytes} bytes` })
      }).pipe(failing("blob", `${name}@${digest}`)),
    blobSize: (name, digest) => sizeOf(name, digest).pipe(failing("blobSize", `${name}@${digest}`)),
    deleteManifest: (name, digest) =>
      Effect.gen(function* () {
        yield* fs.remove(link(name, "_manifests/revisions", digest))
        for (const tag of yield* tagNames(name)) {
          if ((yield* digestOf(name, tag)) === digest)
            yield* fs.remove(path.join(tagsOf(name), tag), { recursive: true })
        }
      }).pipe(failing("deleteManifest", `${name}@${digest}`))
  })
})

export const layer = (directory: string) => Layer.effect(Registry.Registry, make(directory))
