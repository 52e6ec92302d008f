/**
 * Debian's `docker-registry` (distribution 2.8) with its files in a temporary directory.
 */
import * as Fs from "node:fs/promises"
import * as Path from "node:path"
import { Effect, type Scope } from "effect"
import * as Certificates from "./Certificates.ts"
import { serve } from "./Program.ts"
import { freePort, run, ServerError, temporaryDirectory } from "./Servers.ts"
import * as TokenService from "./TokenService.ts"

/**
 * An image to push: its blobs and manifests, the children of an index first. `Images.Image` of
 * `@gitlab-registry-usage/core/testing` has this type.
 */
export interface Image {
  readonly digest: string
  readonly mediaType: string
  readonly body: Uint8Array
  readonly blobs: ReadonlyArray<{ readonly digest: string; readonly body: Uint8Array }>
  readonly children: ReadonlyArray<Image>
}

export interface Options {
  /** The users of the registry's token service; without it the registry needs no authentication. */
  readonly tokens?: Omit<TokenService.Options, "key" | "certificate"> | undefined
  /** Whether the registry requires HTTP Basic authentication, with `basicAccount` as the only account. */
  readonly basic?: boolean | undefined
  /** Whether manifests may be deleted. Default `true`. */
  readonly deletable?: boolean | undefined
  /** The URL for notifications, and their `Authorization` header. Default: none. */
  readonly notify?: { readonly url: string; readonly authorization: string } | undefined
}

/**
 * A running registry. `storage` is the directory of its files.
 */
export interface DockerRegistry {
  readonly url: URL
  readonly storage: string
  readonly tokens: TokenService.TokenService | undefined
  /** Pushes an image under a tag, or by its digest alone. */
  readonly push: (repository: string, tag: string | undefined, image: Image) => Effect.Effect<void, ServerError>
  /** Deletes a manifest by its digest. */
  readonly remove: (repository: string, digest: string) => Effect.Effect<void, ServerError>
  /** Runs the registry's garbage collection, including untagged manifests, and returns its output. */
  readonly collectGarbage: Effect.Effect<string, ServerError>
  /** The bytes of all blobs on the disk. */
  readonly bytesOnDisk: Effect.Effect<number>
}

/**
 * The one account of a registry with HTTP Basic authentication.
 */
export const basicAccount = { username: "basic", password: "basic-secret" }

/** The bcrypt hash of that password. */
const basicHash = "$2y$04$abcdefghijklmnopqrstuuAdKTTw86Br40mshUKL2KnOayIvCt1v6"

const program = "/usr/bin/docker-registry"

const configuration = (
  options: Options,
  paths: { readonly port: number; readonly storage: string; readonly bundle: string; readonly htpasswd: string },
  realm: string | undefined
): string =>
  // JSON is valid YAML, and quotes strings.
  JSON.stringify({
    version: 0.1,
    log: { level: "warn", accesslog: { disabled: true } },
    storage: {
      filesystem: { rootdirectory: paths.storage },
      delete: { enabled: options.deletable ?? true },
      maintenance: { uploadpurging: { enabled: false } }
    },
    http: { addr: `127.0.0.1:${paths.port}`, secret: "test", debug: {} },
    validation: { manifests: { urls: { allow: ["^https?://"] } } },
    compatibility: { schema1: { enabled: true } },
    ...(realm !== undefined
      ? { auth: { token: { realm, ...TokenService.names, rootcertbundle: paths.bundle } } }
      : options.basic === true
        ? { auth: { htpasswd: { realm: "test", path: paths.htpasswd } } }
        : {}),
    ...(options.notify === undefined
      ? {}
      : {
          notifications: {
            endpoints: [
              {
                name: "usage",
                url: options.notify.url,
                headers: { Authorization: [options.notify.authorization] },
                timeout: "1s",
                threshold: 3,
                backoff: "1s"
              }
            ]
          }
        })
  })

/**
 * Starts a registry on a free port, which stops when the scope closes; its files go with it.
 */
export const start = Effect.fnUntraced(function* (
  options: Options = {}
): Effect.fn.Return<DockerRegistry, ServerError, Scope.Scope> {
  const home = yield* temporaryDirectory
  const file = (name: string) => Path.join(home, name)
  const [storage, config, htpasswd] = [file("storage"), file("config.yml"), file("htpasswd")]
  const certificates = yield* Certificates.make(home, { names: "DNS:localhost" })
  const read = (path: string) => Effect.promise(() => Fs.readFile(path, "utf8"))
  const tokens =
    options.tokens === undefined
      ? undefined
      : yield* TokenService.start({
          ...options.tokens,
          key: yield* read(certificates.key),
          certificate: yield* read(certificates.certificate)
        })
  yield* Effect.promise(() => Fs.writeFile(htpasswd, `${basicAccount.username}:${basicHash}\n`))
  const port = yield* freePort
  const paths = { port, storage, bundle: certificates.authority, htpasswd }
  yield* Effect.promise(() => Fs.writeFile(config, configuration(options, paths, tokens?.realm)))
  yield* serve(program, ["serve", config], port)
  const url = new URL(`http://127.0.0.1:${port}`)

  const authorization = (repository: string): Record<string, string> => {
    if (options.basic === true) {
      const { password, username } = basicAccount
      return { authorization: `Basic ${Buffer.from(`${username}:${password}`).toString("base64")}` }
    }
    return tokens === undefined
      ? {}
      : {
          authorization: `Bearer ${tokens.issue([{ type: "repository", name: repository, actions: ["pull", "push", "delete"] }])}`
        }
  }

  const send = (
    repository: string,
    target: string | URL,
    method: string,
    headers: Record<string, string>,
    body?: Uint8Array
  ) =>
    Effect.flatMap(
      Effect.promise(async () => {
        const response = await fetch(new URL(target, url), {
          method,
          headers: { ...headers, ...authorization(repository) },
          ...(body === undefined ? {} : { body: new Uint8Array(body) })
        })
        return { response, text: await response.text() }
      }),
      ({ response, text }) =>
        response.ok
          ? Effect.succeed(response)
          : Effect.fail(new ServerError({ detail: `${method} of ${repository}: ${response.status} ${text}` }))
    )

  const uploaded = new Set<string>()
  const upload = Effect.fnUntraced(function* (
    repository: string,
    blob: { readonly digest: string; readonly body: Uint8Array }
  ) {
    if (uploaded.has(`${repository}@${blob.digest}`)) return
    const begun = yield* send(repository, `/v2/${repository}/blobs/uploads/`, "POST", {})
    const target = new URL(begun.headers.get("location") ?? "", url)
    target.searchParams.set("digest", blob.digest)
    yield* send(repository, target, "PUT", { "content-type": "application/octet-stream" }, blob.body)
    uploaded.add(`${repository}@${blob.digest}`)
  })

  const push = Effect.fnUntraced(function* (
    repository: string,
    tag: string | undefined,
    image: Image
  ): Effect.fn.Return<void, ServerError> {
    for (const blob of image.blobs) yield* upload(repository, blob)
    for (const child of image.children) yield* push(repository, undefined, child)
    const target = `/v2/${repository}/manifests/${tag ?? image.digest}`
    yield* send(repository, target, "PUT", { "content-type": image.mediaType }, image.body)
  })

  return {
    url,
    storage,
    tokens,
    push,
    remove: (repository, digest) =>
      Effect.asVoid(send(repository, `/v2/${repository}/manifests/${digest}`, "DELETE", {})),
    collectGarbage: run(program, ["garbage-collect", "--delete-untagged", config]),
    bytesOnDisk: Effect.promise(async () => {
      const entries = await Fs.readdir(storage, { recursive: true, withFileTypes: true })
      const blobs = entries.filter((entry) => entry.name === "data" && entry.parentPath.includes("/v2/blobs/"))
      const sizes = await Promise.all(blobs.map((entry) => Fs.stat(Path.join(entry.parentPath, entry.name))))
      return sizes.reduce((sum, { size }) => sum + size, 0)
    })
  }
})
