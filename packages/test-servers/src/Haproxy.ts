/**
 * Debian's HAProxy as a load balancer.
 */
import * as Fs from "node:fs/promises"
import * as Path from "node:path"
import { Effect, type Scope } from "effect"
import { serve } from "./Program.ts"
import { freePort, type ServerError, temporaryDirectory } from "./Servers.ts"

/** The directives of `listen`, by the name of the balancer. Each balancer listens on a port of its own. */
export type Balancers<Name extends string> = Readonly<Record<Name, string>>

/** Starts HAProxy with these balancers, and returns the port of each. It stops when the scope closes. */
export const start = Effect.fnUntraced(function* <Name extends string>(
  balancers: Balancers<Name>
): Effect.fn.Return<Readonly<Record<Name, number>>, ServerError, Scope.Scope> {
  const directory = yield* temporaryDirectory
  const names = Object.keys(balancers) as Array<Name>
  const ports = yield* Effect.forEach(names, () => freePort)
  const listen = names.map(
    (name, i) => `
listen ${name}
  bind 127.0.0.1:${ports[i]}
  ${balancers[name].trim().replaceAll(/\n\s*/g, "\n  ")}`
  )
  const configuration = `
global
  maxconn 1000
defaults
  timeout connect 3s
  timeout client 30s
  timeout server 30s
${listen.join("\n")}
`
  const path = Path.join(directory, "haproxy.cfg")
  yield* Effect.promise(() => Fs.writeFile(path, configuration))
  yield* serve("/usr/sbin/haproxy", ["-db", "-f", path], ports[0]!)
  return Object.fromEntries(names.map((name, i) => [name, ports[i]!])) as Record<Name, number>
})
