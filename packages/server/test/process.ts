/** The built server as a process, as an operator starts it. */
import { existsSync } from "node:fs"
import { createServer } from "node:http"
import { connect, type Socket } from "node:net"
import { NodeHttpServer } from "@effect/platform-node"
import { Demo, DemoRegistry } from "@gitlab-registry-usage/demo"
import { JwtTokens, KeySet } from "@gitlab-registry-usage/adapter-jwt"
import { Program } from "@gitlab-registry-usage/test-servers"
import { ok } from "node:assert/strict"
import { Context, Effect, Layer, Redacted } from "effect"
import { ini, secret, written } from "./config/fixture.ts"

const bin = `${import.meta.dirname}/../dist/bin.js`

type Values = Readonly<Record<string, Readonly<Record<string, string | undefined>>>>

export interface ServerProcess extends Program.Program {
  readonly port: number
  readonly url: string
}

/** Runs the built program on a registry, with the arguments after those that name the configuration. */
export const runServer = Effect.fnUntraced(function* (
  registry: string,
  changes: Values = {},
  args: ReadonlyArray<string> = [],
  nodeFlags: ReadonlyArray<string> = []
) {
  if (!existsSync(bin)) return yield* Effect.die(new Error("the server is not built: run `npm run build` first"))
  const path = yield* Effect.orDie(
    written(
      ini({
        ...changes,
        general: { socket_port: "0", ...changes["general"] },
        jwt: { issuer: "test", audience: "test", ...changes["jwt"] },
        registry: { gitlab_base_url: registry, registry_base_url: registry, ...changes["registry"] }
      })
    )
  )
  return yield* Program.start([...nodeFlags, bin, "-c", path, ...args])
})

/**
 * Starts the server on a registry. Nobody can sign in where the directory is left as it is; `token` makes tokens.
 */
export const startServer = Effect.fnUntraced(function* (
  registry: string,
  changes: Values = {},
  nodeFlags: ReadonlyArray<string> = []
) {
  const program = yield* runServer(registry, changes, [], nodeFlags)
  const [, port] = yield* program.says(/listening on http:\/\/127\.0\.0\.1:(\d+)/)
  return { ...program, port: Number(port), url: `http://127.0.0.1:${port}` } satisfies ServerProcess
})

/** An embedded registry over HTTP, and the keys of a configuration that read it. */
export const demoRegistryWith = Effect.fnUntraced(function* (options: Partial<DemoRegistry.Options>) {
  const context = yield* Layer.build(
    Layer.unwrap(
      Effect.map(Demo.repositories, (repositories) => DemoRegistry.layer({ repositories, ...options }))
    ).pipe(Layer.provide(NodeHttpServer.layer(createServer, { host: "127.0.0.1", port: 0 })))
  )
  const registry = Context.get(context, DemoRegistry.DemoRegistry)
  const { password, username } = registry.credentials
  return { registry, credentials: { username, access_token: Redacted.value(password) } }
})

export const demoRegistry = demoRegistryWith({})

/** A token as the server itself would issue it. */
export const token = Effect.gen(function* () {
  const current = KeySet.sharedSecret(Redacted.make(secret))
  const { tokens } = yield* JwtTokens.make({ current, issuer: "test", audience: "test" })
  return Redacted.value((yield* tokens.issue({ username: "alice" })).token)
}).pipe(Effect.orDie)

/** The answer to a request, with the time it took in milliseconds. */
export const ask = (url: string, headers: Record<string, string> = {}, milliseconds = 10_000) =>
  Effect.tryPromise(async () => {
    const begin = performance.now()
    const response = await fetch(url, { headers, signal: AbortSignal.timeout(milliseconds) })
    const body = await response.text()
    return { status: response.status, headers: response.headers, body, took: performance.now() - begin }
  })

/** A socket on which bytes are sent by hand. `closed` tells when it was closed, in milliseconds after it was opened. */
export interface RawSocket {
  readonly socket: Socket
  readonly received: () => string
  readonly closed: () => number | undefined
}

export const open = (port: number, first = ""): RawSocket => {
  const begin = performance.now()
  let received = ""
  let closed: number | undefined
  const socket = connect(port, "127.0.0.1", () => {
    if (first !== "") socket.write(first)
  })
  socket.on("data", (piece) => (received += piece.toString("latin1")))
  socket.on("error", () => {})
  socket.on("close", () => (closed = performance.now() - begin))
  return { socket, received: () => received, closed: () => closed }
}

/** Waits until it is so, at most so many milliseconds; tells whether it is. */
export const eventually = Effect.fnUntraced(function* (check: () => boolean, milliseconds: number) {
  const end = performance.now() + milliseconds
  while (!check() && performance.now() < end) yield* Effect.sleep("20 millis")
  return check()
})

export const percentile = (values: ReadonlyArray<number>, share: number): number =>
  values.toSorted((a, b) => a - b)[Math.min(values.length - 1, Math.floor(values.length * share))]!

/**
 * That others were answered in between, and not after what was under way: had they waited for it, there would be one or two
 * for each. It is counted and not timed, as a busy machine makes both sides slow.
 */
export const notHeldUp = (answered: number, underWay = 10) => {
  ok(answered >= 2 * underWay, `only ${answered} were answered in between`)
}

/**
 * How long others waited (p99), as a share of how long all that was under way took together: about 1 where they waited for
 * its end. On a busy machine both sides are slow.
 */
export const heldRatio = (others: ReadonlyArray<number>, underWay: number): number =>
  percentile(others, 0.99) / underWay
