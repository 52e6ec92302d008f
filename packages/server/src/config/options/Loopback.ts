/**
 * Hosts that are this machine.
 *
 * @since 0.1.0
 */
import { isIP } from "node:net"

/**
 * Whether the URL leads to this machine, so that nobody is on the way.
 *
 * @category guards
 * @since 0.1.0
 */
export const isLoopback = ({ hostname }: URL): boolean => {
  const host = hostname.replace(/^\[|\]$/g, "")
  return host === "localhost" || host === "::1" || (isIP(host) === 4 && host.startsWith("127."))
}
