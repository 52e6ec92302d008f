/**
 * Who the client is where a proxy stands between.
 *
 * @since 0.1.0
 */
import { BlockList, isIP } from "node:net"

/** This machine: a proxy on it is ours. */
const thisMachine: ReadonlyArray<string> = ["127.0.0.0/8", "::1/128"]

/** An IPv4 address that is written as IPv6 is one. */
const plain = (address: string) => (address.startsWith("::ffff:") ? address.slice(7) : address)

/**
 * Whether the text is an address or a network such as `10.0.0.0/8`.
 *
 * @category guards
 * @since 0.1.0
 */
export const isNetwork = (text: string): boolean => {
  const [address = "", bits, ...rest] = text.split("/")
  const family = isIP(address)
  if (family === 0 || rest.length > 0) return false
  return bits === undefined || (/^\d{1,3}$/.test(bits) && Number(bits) <= (family === 4 ? 32 : 128))
}

/**
 * The client's address, from the address of the connection and `X-Forwarded-For`: the last address in it that is not of
 * a trusted proxy. What comes before may be made up.
 *
 * @category constructors
 * @since 0.1.0
 */
export const make = (networks: ReadonlyArray<string> = thisMachine) => {
  const trusted = new BlockList()
  for (const network of networks) {
    const [address = "", bits] = network.split("/")
    const family = isIP(address) === 6 ? "ipv6" : "ipv4"
    trusted.addSubnet(address, Number(bits ?? (family === "ipv6" ? 128 : 32)), family)
  }
  const isTrusted = (address: string) => {
    const family = isIP(address)
    return family !== 0 && trusted.check(address, family === 6 ? "ipv6" : "ipv4")
  }
  return (connection: string, forwardedFor: string | ReadonlyArray<string> | undefined): string => {
    let client = plain(connection)
    if (forwardedFor === undefined || !isTrusted(client)) return client
    const hops = String(forwardedFor).split(",")
    for (let hop = hops.pop(); hop !== undefined && isTrusted(client); hop = hops.pop()) {
      const address = plain(hop.trim())
      if (isIP(address) === 0) return client
      client = address
    }
    return client
  }
}
