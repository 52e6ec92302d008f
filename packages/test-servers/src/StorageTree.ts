/**
 * Writes the files of a `docker-registry` by hand: also what no client can push, as a crash or another program leaves it.
 *
 * Source: distribution 2.8, registry/storage/paths.go.
 */
import * as Crypto from "node:crypto"
import * as Fs from "node:fs"
import * as Path from "node:path"

/** What a manifest states of a blob, true to the stored bytes. */
export interface Stored {
  readonly digest: string
  readonly size: number
}

export type StorageTree = ReturnType<typeof make>

export const digestOf = (bytes: Uint8Array): string =>
  `sha256:${Crypto.createHash("sha256").update(bytes).digest("hex")}`

/** The tree below the storage directory of a registry. Paths are relative to `docker/registry/v2`. */
export const make = (storage: string) => {
  const root = Path.join(storage, "docker", "registry", "v2")
  const hex = (digest: string) => digest.slice("sha256:".length)
  const data = (digest: string) => `blobs/sha256/${hex(digest).slice(0, 2)}/${hex(digest)}/data`
  const revision = (repository: string, digest: string) =>
    `repositories/${repository}/_manifests/revisions/sha256/${hex(digest)}/link`
  const current = (repository: string, tag: string) => `repositories/${repository}/_manifests/tags/${tag}/current/link`

  const write = (path: string, content: Uint8Array | string) => {
    const file = Path.join(root, path)
    Fs.mkdirSync(Path.dirname(file), { recursive: true })
    Fs.writeFileSync(file, content)
  }

  const store = (body: Uint8Array): Stored => {
    const digest = digestOf(body)
    write(data(digest), body)
    return { digest, size: body.length }
  }

  return {
    root,
    data,
    revision,
    current,
    write,
    /** A blob that the repository may serve. */
    blob: (repository: string, body: Uint8Array): Stored => {
      const stored = store(body)
      write(`repositories/${repository}/_layers/sha256/${hex(stored.digest)}/link`, stored.digest)
      return stored
    },
    /** A manifest of the repository, tagged or not, as its bytes or as what they are in JSON. */
    manifest: (repository: string, tag: string | undefined, content: unknown): Stored => {
      const body = content instanceof Uint8Array ? content : new TextEncoder().encode(JSON.stringify(content))
      const stored = store(body)
      write(revision(repository, stored.digest), stored.digest)
      if (tag !== undefined) write(current(repository, tag), stored.digest)
      return stored
    },
    /** Removes everything. */
    clear: () => Fs.rmSync(root, { recursive: true, force: true })
  }
}
