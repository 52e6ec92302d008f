/** What arrives in another protocol than the server speaks on that port, which is nearly always a setting of a proxy. */
import type { Server } from "node:http"
import { Server as TlsServer } from "node:tls"

/** The first bytes of a connection in Latin-1, and what they mean. */
const beginnings: ReadonlyArray<readonly [begin: string, meaning: string]> = [
  [
    "PROXY ",
    "a PROXY header (version 1), which this server does not read: remove send-proxy from the proxy's settings, and let it send X-Forwarded-For"
  ],
  [
    "\r\n\r\n\0\r\nQUIT\n",
    "a PROXY header (version 2), which this server does not read: remove send-proxy-v2 from the proxy's settings, and let it send X-Forwarded-For"
  ],
  [
    "PRI * HTTP/2.0\r\n",
    "HTTP/2 without TLS (h2c), which this server does not speak: let the proxy use HTTP/1.1 towards it"
  ],
  [
    "\x16\x03",
    "TLS, while this port speaks HTTP: let the proxy use http:// towards it, or set tls_certificate_file and tls_key_file"
  ]
]

/** How often each meaning is reported (milliseconds). */
const interval = 60_000

const meaningOf = (packet: unknown): string | undefined => {
  if (!Buffer.isBuffer(packet)) return undefined
  const begin = packet.subarray(0, 16).toString("latin1")
  return beginnings.find(([known]) => begin.startsWith(known))?.[1]
}

/** Reports what clients send in another protocol. Node's own answer to it, 400, stays. */
export const notice = (server: Server, report: (message: string) => void): void => {
  const reported = new Map<string, number>()
  const once = (meaning: string, address: string | undefined) => {
    const last = reported.get(meaning) ?? Number.NEGATIVE_INFINITY
    if (performance.now() - last < interval) return
    reported.set(meaning, performance.now())
    report(`${address ?? "a client"} sends ${meaning}`)
  }
  const emit = server.emit.bind(server)
  // A listener of `clientError` would have to answer in place of Node.
  server.emit = (event: string | symbol, ...args: ReadonlyArray<unknown>) => {
    if (event === "clientError") {
      const [error, socket] = args as [{ readonly rawPacket?: unknown }, { readonly remoteAddress?: string }]
      const meaning = meaningOf(error.rawPacket)
      if (meaning !== undefined) once(meaning, socket.remoteAddress)
    }
    return emit(event as string, ...args)
  }
  if (!(server instanceof TlsServer)) return
  server.on("tlsClientError", (error: NodeJS.ErrnoException, socket) => {
    if (error.code === "ERR_SSL_HTTP_REQUEST") {
      once("HTTP, while this port speaks TLS: let the proxy use https:// towards it", socket.remoteAddress)
    }
  })
}
