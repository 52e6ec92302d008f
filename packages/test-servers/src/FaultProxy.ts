/**
 * A TCP proxy on loopback that injects the faults of networks and broken servers.
 */
import { once } from "node:events"
import * as Net from "node:net"
import { setTimeout } from "node:timers/promises"
import { Effect, type Scope } from "effect"
import { listen } from "./Servers.ts"

/**
 * A fault of one side after a number of bytes. `reset` ends the connection with RST, `end` half-closes it towards the
 * other side, `stall` passes nothing more on; `bytes` are sent in place of all further bytes, with `repeat` without end.
 */
export interface Fault {
  /** The side that sends the bytes. Default: the server. */
  readonly of?: Side | undefined
  /** Bytes that pass before the fault. Default 0: the connection is accepted, and nothing passes. */
  readonly after?: number | undefined
  /** Whether the bytes of all connections since the fault was set are counted, instead of those of each connection. */
  readonly together?: boolean | undefined
  readonly effect: "reset" | "end" | "stall" | { readonly bytes: Uint8Array; readonly repeat?: boolean }
}

export type Side = "client" | "server"

/** The behaviour of the proxy. By default it passes everything on. */
export interface Behaviour {
  readonly fault?: Fault | undefined
  /** Milliseconds by which each chunk is late, in both directions. */
  readonly delay?: number | undefined
  /** Bytes per second of the server's side, on each connection. */
  readonly rate?: number | undefined
}

/**
 * A running proxy.
 */
export interface FaultProxy {
  readonly port: number
  /** Changes the behaviour, for open connections as well. */
  readonly set: (behaviour: Behaviour) => Effect.Effect<void>
  /** How many connections are open, and the most at one time. */
  readonly connections: { open: number; most: number }
  /** Bytes that passed from each side, over all connections. */
  readonly passed: Record<Side, number>
  /** Bytes that a repeating fault sent, over all connections. */
  repeated: number
  /** The bytes that clients sent, up to about a mebibyte, passed on or not. */
  readonly received: () => Buffer
}

/** Portions of throttled bytes per second. */
const portions = 20

const maximumReceived = 2 ** 20

interface State {
  behaviour: Behaviour
  /** Bytes of each side since the behaviour was set. */
  since: Record<Side, number>
  readonly received: Array<Buffer>
  receivedBytes: number
}

/** Writes bytes again and again, as fast as the socket takes them. */
const repeat = (into: Net.Socket, bytes: Uint8Array, proxy: FaultProxy) => {
  const more = () => {
    let taken = true
    while (!into.destroyed && taken) {
      taken = into.write(bytes)
      proxy.repeated += bytes.length
    }
  }
  into.on("drain", more)
  more()
}

const strike = ({ effect }: Fault, from: Net.Socket, into: Net.Socket, proxy: FaultProxy) => {
  // What follows is read and dropped; at its end the connection is closed.
  from.once("end", () => from.destroy()).resume()
  if (effect === "stall") return
  if (effect === "reset") {
    into.resetAndDestroy()
    from.destroy()
  } else if (effect === "end") into.end()
  else if (effect.repeat === true) repeat(into, effect.bytes, proxy)
  else into.write(effect.bytes)
}

/** Passes the bytes of one side on, with the faults of the behaviour. Both directions share `connection`. */
const pump = async (
  side: Side,
  [from, into]: readonly [Net.Socket, Net.Socket],
  connection: { struck: boolean },
  state: State,
  proxy: FaultProxy
) => {
  let counted = 0
  const pass = async (chunk: Buffer) => {
    if (chunk.length === 0 || into.destroyed) return
    counted += chunk.length
    state.since[side] += chunk.length
    proxy.passed[side] += chunk.length
    if (!into.write(chunk)) await once(into, "drain")
  }

  for await (const chunk of from.iterator({ destroyOnReturn: false }) as AsyncIterable<Buffer>) {
    if (side === "client" && state.receivedBytes <= maximumReceived) {
      state.received.push(chunk)
      state.receivedBytes += chunk.length
    }
    const { delay = 0, fault, rate } = state.behaviour
    if (fault !== undefined && (fault.of ?? "server") === side) {
      const left = (fault.after ?? 0) - (fault.together === true ? state.since[side] : counted)
      if (left < chunk.length) {
        await pass(chunk.subarray(0, Math.max(0, left)))
        connection.struck = true
        return strike(fault, from, into, proxy)
      }
    }
    const portion = rate === undefined || side === "client" ? chunk.length : Math.max(1, Math.floor(rate / portions))
    for (let at = 0; at < chunk.length; at += portion) {
      const pause = portion === chunk.length ? delay : 1000 / portions
      if (pause > 0) await setTimeout(pause)
      await pass(chunk.subarray(at, at + portion))
    }
  }
  // After a fault the other side need not wait.
  if (connection.struck) from.destroy()
  else into.end()
}

/**
 * Starts a proxy to a port of the loopback interface on a free port. It ends with the scope, with all connections.
 */
export const start = Effect.fnUntraced(function* (
  target: number,
  behaviour: Behaviour = {}
): Effect.fn.Return<FaultProxy, never, Scope.Scope> {
  const state: State = { behaviour, since: { client: 0, server: 0 }, received: [], receivedBytes: 0 }
  const sockets = new Set<Net.Socket>()

  const server = Net.createServer({ allowHalfOpen: true }, (client) => {
    const upstream = Net.connect({ port: target, host: "127.0.0.1", allowHalfOpen: true })
    proxy.connections.open += 1
    proxy.connections.most = Math.max(proxy.connections.most, proxy.connections.open)
    for (const socket of [client, upstream]) {
      sockets.add(socket)
      // Both sides are closed when one of them ends.
      socket.on("error", () => {})
      socket.on("close", () => {
        sockets.delete(socket)
        client.destroy()
        upstream.destroy()
      })
    }
    client.on("close", () => (proxy.connections.open -= 1))
    const connection = { struck: false }
    // A socket that is destroyed ends its direction with an error.
    pump("client", [client, upstream], connection, state, proxy).catch(() => {})
    pump("server", [upstream, client], connection, state, proxy).catch(() => {})
  })

  const proxy: FaultProxy = {
    port: 0,
    set: (behaviour) =>
      Effect.sync(() => {
        state.behaviour = behaviour
        state.since = { client: 0, server: 0 }
      }),
    connections: { open: 0, most: 0 },
    passed: { client: 0, server: 0 },
    repeated: 0,
    received: () => Buffer.concat(state.received)
  }
  const port = yield* listen(server, () => {
    for (const socket of sockets) socket.destroy()
  })
  return Object.assign(proxy, { port })
})
