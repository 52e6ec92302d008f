/** The address of a client behind proxies that the configuration trusts. */
import { Effect } from "effect"
import { Headers, HttpMiddleware, HttpServerRequest, type HttpServerResponse } from "effect/http"
import { NetAddress } from "effect/net"
import type { IncomingHttpHeaders } from "node:http"
import { BlockList, isIP } from "node:net"

/** This machine: a proxy on it belongs to this server. */
const thisMachine: ReadonlyArray<string> = ["127.0.0.0/8", "::1/128"]

/** Whether the text is an address or a network such as `10.0.0.0/8`. */
export const isNetwork = (text: string): boolean => {
  const [address = "", bits, ...rest] = text.split("/")
  const family = isIP(address)
  if (family === 0 || rest.length > 0) return false
  return bits === undefined || (/^\d{1,3}$/.test(bits) && Number(bits) <= (family === 4 ? 32 : 128))
}

/**
 * Whether an address is one of a trusted proxy.
 *
 * Node's `BlockList` holds the networks, as effect's `IpNetwork` refuses `10.1.2.3/8` and an address without a length.
 */
export const trusts = (networks: ReadonlyArray<string> = thisMachine) => {
  const trusted = new BlockList()
  for (const network of networks) {
    const [address = "", bits] = network.split("/")
    const family = isIP(address) === 6 ? "ipv6" : "ipv4"
    trusted.addSubnet(address, Number(bits ?? (family === "ipv6" ? 128 : 32)), family)
  }
  return (address: string): boolean => {
    const family = isIP(address)
    return family !== 0 && trusted.check(address, family === 6 ? "ipv6" : "ipv4")
  }
}

/** The parts between separators that are not in a quoted string (RFC 9110, section 5.6.4). */
const parts = (text: string, separator: "," | ";"): ReadonlyArray<string> =>
  text.match(separator === "," ? /(?:[^,"]|"(?:[^"\\]|\\.)*")+/g : /(?:[^;"]|"(?:[^"\\]|\\.)*")+/g) ?? []

/**
 * The address of a hop, as proxies write it: quoted or not, in brackets or not, with or without a port (RFC 7239, section
 * 6) or a zone. Text without an address stays as it is.
 */
const addressOf = (hop: string): string => {
  const text = hop.trim().replace(/^"(.*)"$/s, (_, quoted: string) => quoted.replace(/\\(.)/gs, "$1"))
  const address = /^\[([^\]]*)\](?::.*)?$/s.exec(text)?.[1] ?? /^([^:]*):[^:]*$/s.exec(text)?.[1] ?? text
  return address.trim().replace(/%.*$/s, "")
}

/** The hops that the headers name, the client first: of `X-Forwarded-For`, or of `Forwarded` (RFC 7239) where there is none. */
const hopsOf = (headers: IncomingHttpHeaders): ReadonlyArray<string> => {
  const all = (name: string) => [headers[name] ?? []].flat().join(",")
  const [listed, forwarded] = [all("x-forwarded-for"), all("forwarded")]
  if (listed.trim() !== "") return parts(listed, ",").map(addressOf)
  return parts(forwarded, ",").map((element) => {
    const node = parts(element, ";").flatMap((pair) => /^\s*for\s*=(.*)$/is.exec(pair)?.[1] ?? [])[0]
    return node === undefined ? "unknown" : addressOf(node)
  })
}

/** Whether the headers say for whom a proxy forwards the request. */
export const isForwarded = ({ forwarded, "x-forwarded-for": listed }: IncomingHttpHeaders): boolean =>
  listed !== undefined || forwarded !== undefined

/**
 * The middleware that takes the client's address from the headers of trusted proxies: the last one that is no trusted
 * proxy's. effect takes it from `X-Forwarded-For`, but reads neither quotes nor zones there, nor `Forwarded`.
 */
export const make = (networks?: ReadonlyArray<string>) => {
  const isTrusted = trusts(networks)
  const middleware = HttpMiddleware.xForwardedHeaders({
    trustedProxies: (address) => isTrusted(NetAddress.formatIp(address))
  })
  return <E, R>(
    app: Effect.Effect<HttpServerResponse.HttpServerResponse, E, R | HttpServerRequest.HttpServerRequest>,
    headers: IncomingHttpHeaders
  ) =>
    Effect.updateService(middleware(app), HttpServerRequest.HttpServerRequest, (request) =>
      request.modify({
        headers: Headers.set(request.headers, "x-forwarded-for", hopsOf(headers).join(", ")),
        peerAddress: request.peerAddress
      })
    )
}
