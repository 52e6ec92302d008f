/**
 * The variables that Kubernetes sets in every container of a namespace for each of its Services: for one named
 * `gitlab-registry-usage-database` they begin like those of a section.
 *
 * Source: Kubernetes, "Discovering services", "Environment variables".
 */

/** What they are called behind the name of the Service, except for `_PORT`. */
const suffix = /_(?:SERVICE_HOST|SERVICE_PORT(?:_\w+)?|PORT_\d+_(?:TCP|UDP|SCTP)(?:_(?:PROTO|PORT|ADDR))?)$/

/** The value of `…_PORT`, which is no value of any key whose name ends so: those are numbers. */
const portUrl = /^(?:tcp|udp|sctp):\/\/\S+:\d+$/i

/** Whether a variable is one of a Service, and so sets no key. */
export const isServiceLink = (name: string, value: string): boolean =>
  suffix.test(name) || (name.endsWith("_PORT") && portUrl.test(value))
