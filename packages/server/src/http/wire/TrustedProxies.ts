/** The address of a client behind proxies that the configuration trusts. */
import { HttpMiddleware } from "effect/http"
import { NetAddress } from "effect/net"
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

/** The middleware that takes the client's address from `X-Forwarded-For`: the last one that is no trusted proxy's. */
export const make = (networks?: ReadonlyArray<string>) => {
  const isTrusted = trusts(networks)
  return HttpMiddleware.xForwardedHeaders({ trustedProxies: (address) => isTrusted(NetAddress.formatIp(address)) })
}
