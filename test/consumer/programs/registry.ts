// A minimal registry for a crawl: one image of 1000 bytes, without its config and manifest.
import { createHash } from "node:crypto"
import { createServer } from "node:http"
import type { AddressInfo } from "node:net"

const descriptor = (kind: string, size: number, letter: string) => ({
  mediaType: `application/vnd.oci.image.${kind}`,
  digest: `sha256:${letter.repeat(64)}`,
  size
})

const manifest = JSON.stringify({
  schemaVersion: 2,
  mediaType: "application/vnd.oci.image.manifest.v1+json",
  config: descriptor("config.v1+json", 10, "a"),
  layers: [descriptor("layer.v1.tar+gzip", 1000, "b")]
})
const digest = `sha256:${createHash("sha256").update(manifest).digest("hex")}`

/** The bytes that deleting the image frees. */
export const stored = 1010 + Buffer.byteLength(manifest)

/** Serves on loopback until `close` is called. */
export const serve = async () => {
  const server = createServer((request, response) => {
    const { pathname } = new URL(request.url!, "http://localhost")
    const answers: Readonly<Record<string, string>> = {
      "/v2/": "{}",
      "/v2/_catalog": '{"repositories":["group/app"]}',
      "/v2/group/app/tags/list": '{"name":"group/app","tags":["latest"]}',
      "/v2/group/app/manifests/latest": manifest,
      [`/v2/group/app/manifests/${digest}`]: manifest
    }
    const body = answers[pathname]
    response.writeHead(body === undefined ? 404 : 200, {
      "content-type": body === manifest ? "application/vnd.oci.image.manifest.v1+json" : "application/json",
      ...(body === manifest ? { "docker-content-digest": digest } : {})
    })
    response.end(body)
  })
  await new Promise<void>((resolve) => server.listen(0, "127.0.0.1", resolve))
  const { port } = server.address() as AddressInfo
  return { url: `http://127.0.0.1:${port}`, close: () => server.close() }
}
