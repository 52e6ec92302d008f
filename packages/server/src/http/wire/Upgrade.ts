/**
 * `Upgrade` (RFC 9110, section 7.8), which no route offers, is ignored: the request is answered as any other, and so are
 * those that follow on its connection. Node answers the request, but drops what arrived behind it.
 */
import type { IncomingMessage, Server, ServerResponse } from "node:http"
import type { Duplex } from "node:stream"

/** The head of the request as it was sent, without its wish for another protocol. */
const withoutUpgrade = ({ httpVersion, method, rawHeaders, url }: IncomingMessage): Buffer => {
  const lines = [`${method} ${url} HTTP/${httpVersion}`]
  for (let at = 0; at < rawHeaders.length; at += 2) {
    const [name, value] = [rawHeaders[at]!, rawHeaders[at + 1]!]
    if (name.toLowerCase() === "upgrade") continue
    const isConnection = name.toLowerCase() === "connection"
    const kept = isConnection ? value.split(",").filter((option) => option.trim().toLowerCase() !== "upgrade") : [value]
    if (!isConnection || kept.length > 0) lines.push(`${name}: ${kept.join(",")}`)
  }
  return Buffer.from(`${lines.join("\r\n")}\r\n\r\n`, "latin1")
}

/** Ignores upgrades. `event` is the one with which the server takes a connection. */
export const ignore = (server: Server, event: "connection" | "secureConnection"): void => {
  /** Connection → the response of its latest request. */
  const responses = new WeakMap<Duplex, ServerResponse>()
  server.on("request", ({ socket }: IncomingMessage, outgoing: ServerResponse) => responses.set(socket, outgoing))
  server.on("upgrade", (incoming: IncomingMessage, socket: Duplex, head: Buffer) => {
    const again = () => {
      if (socket.destroyed) return
      server.emit(event, socket)
      // The parser reads the connection itself: what is unshifted would never reach it.
      socket.emit("data", Buffer.concat([withoutUpgrade(incoming), head]))
    }
    // Responses are sent in the order of their requests.
    const before = responses.get(socket)
    if (before === undefined || before.writableFinished) again()
    else before.once("close", again)
  })
}
