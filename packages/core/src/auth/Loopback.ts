/**
 * Hosts that are this machine.
 *
 * @since 0.1.0
 */

const ipv4Loopback = /^127(?:\.(?:25[0-5]|2[0-4]\d|1?\d?\d)){3}$/

/**
 * Whether the host of a URL is this machine, so that nobody can read the traffic on the way: `localhost`, `[::1]`, or an
 * address of 127.0.0.0/8.
 *
 * @category guards
 * @since 0.1.0
 */
export const isLoopback = ({ hostname }: { readonly hostname: string }): boolean =>
  hostname === "localhost" || hostname === "[::1]" || ipv4Loopback.test(hostname)
