/**
 * A TCP proxy on loopback that does to connections what networks and broken servers do.
 */
import * as Net from "node:net"
import { Effect, type Scope } from "effect"
import { listen } from "./Servers.ts"

/**
 * What happens to the bytes of one side once so many of them have passed. `reset` ends the connection with RST, `end`
 * half-closes it towards the other side, `stall` lets nothing more through; bytes are sent instead of everything that
 * would follow, and `repeat` sends them without end.
 */
export interface Fault {
  /** Whose bytes are met. Default: those of the server. */
  readonly of?: Side | undefined
  /** How many bytes pass before. Default 0: the connection is accepted, and nothing passes. */
  readonly after?: number | undefined
  /** Whether the bytes of all connections are counted together since the fault was set, instead of those of each. */
  readonly together?: boolean | undefined
  readonly effect: "reset" | "end" | "stall" | { readonly bytes: Uint8Array; readonly repeat?: boolean }
}

export type Side = "client" | "server"

/**
 * How the proxy treats connections; by default as if it was not there.
 */
export interface Behaviour {
  readonly fault?: Fault | undefined
  /** Milliseconds by which every piece is late, in both directions. */
  readonly delay?: number | undefined
  /** Bytes per second that the server's side passes on each connection. */
  readonly rate?: number | undefined
}

/**
 * A running proxy.
 */
export interface FaultProxy {
  readonly port: number
  /** Changes the behaviour, for open connections as well. */
  readonly set: (behaviour: Behaviour) => Effect.Effect<void>
  /** How many connections there were, are, and were at the most at one time. */
  readonly connections: { total: number; open: number; most: number }
  /** Bytes that passed from each side, over all connections. */
  readonly passed: Record<Side, number>
  /** Bytes that were sent instead of them without end, over all connections. */
  repeated: number
  /** What clients sent, up to a mebibyte, whether it was passed on or not. */
  readonly received: () => Buffer
}

/** Throttled bytes pass in so many portions a second. */
const portions = 20

const maximumKept = 2 ** 20

interface State {
  behaviour: Behaviour
  /** Bytes of each side since the behaviour was set. */
  since: Record<Side, number>
}

/** Sends bytes again and again, no faster than they are taken. */
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

/** What both directions of a connection know of it. */
interface Connection {
  struck: boolean
}

/** Lets the bytes of one side through as the behaviour says. */
const pump = (
  side: Side,
  [from, into]: readonly [Net.Socket, Net.Socket],
  connection: Connection,
  state: State,
  proxy: FaultProxy
) => {
  let counted = 0
  let over = false

  const strike = ({ effect }: Fault) => {
    over = true
    connection.struck = true
    if (effect === "stall") return void from.pause()
    if (effect === "reset") {
      into.resetAndDestroy()
      return void from.destroy()
    }
    if (effect === "end") return void into.end()
    if (effect.repeat === true) return repeat(into, effect.bytes, proxy)
    into.write(effect.bytes)
  }

  const pass = (piece: Buffer) => {
    if (over || piece.length === 0 || into.destroyed) return
    counted += piece.length
    state.since[side] += piece.length
    proxy.passed[side] += piece.length
    if (!into.write(piece)) {
      from.pause()
      into.once("drain", () => {
        if (!over) from.resume()
      })
    }
  }

  const later = (milliseconds: number, run: () => void) => {
    from.pause()
    setTimeout(() => {
      run()
      if (!over) from.resume()
    }, milliseconds)
  }

  const throttled = (piece: Buffer, rate: number) => {
    const portion = Math.max(1, Math.floor(rate / portions))
    later(1000 / portions, () => {
      pass(piece.subarray(0, portion))
      if (piece.length > portion) throttled(piece.subarray(portion), rate)
    })
  }

  const send = (piece: Buffer) => {
    const { delay, rate } = state.behaviour
    if (rate !== undefined && side === "server") return throttled(piece, rate)
    if (delay !== undefined) return later(delay, () => pass(piece))
    pass(piece)
  }

  /** How many bytes may still pass. */
  const left = (fault: Fault) => (fault.after ?? 0) - (fault.together === true ? state.since[side] : counted)

  from.on("data", (piece: Buffer) => {
    if (over) return
    const { fault } = state.behaviour
    if (fault === undefined || (fault.of ?? "server") !== side || left(fault) >= piece.length) return send(piece)
    pass(piece.subarray(0, Math.max(0, left(fault))))
    strike(fault)
  })
  from.on("end", () => {
    // After a fault there is nobody left to wait for.
    if (connection.struck) from.destroy()
    else into.end()
  })
}

/**
 * Starts a proxy to a port of the loopback interface on a free port. It ends with the scope, with all connections.
 */
export const start = Effect.fnUntraced(function* (
  target: number,
  behaviour: Behaviour = {}
): Effect.fn.Return<FaultProxy, never, Scope.Scope> {
  const state: State = { behaviour, since: { client: 0, server: 0 } }
  const sockets = new Set<Net.Socket>()
  const kept: Array<Buffer> = []
  let keptBytes = 0

  const server = Net.createServer({ allowHalfOpen: true }, (client) => {
    const upstream = Net.connect({ port: target, host: "127.0.0.1", allowHalfOpen: true })
    proxy.connections.total += 1
    proxy.connections.open += 1
    proxy.connections.most = Math.max(proxy.connections.most, proxy.connections.open)
    for (const socket of [client, upstream]) {
      sockets.add(socket)
      // Both sides are closed whatever ended one of them.
      socket.on("error", () => {})
      socket.on("close", () => {
        sockets.delete(socket)
        client.destroy()
        upstream.destroy()
      })
    }
    client.on("close", () => (proxy.connections.open -= 1))
    client.on("data", (piece: Buffer) => {
      if (keptBytes > maximumKept) return
      kept.push(piece)
      keptBytes += piece.length
    })
    const connection: Connection = { struck: false }
    pump("client", [client, upstream], connection, state, proxy)
    pump("server", [upstream, client], connection, state, proxy)
  })

  const proxy: FaultProxy = {
    port: 0,
    set: (behaviour) =>
      Effect.sync(() => {
        state.behaviour = behaviour
        state.since = { client: 0, server: 0 }
      }),
    connections: { total: 0, open: 0, most: 0 },
    passed: { client: 0, server: 0 },
    repeated: 0,
    received: () => Buffer.concat(kept)
  }
  const port = yield* listen(server, () => {
    for (const socket of sockets) socket.destroy()
  })
  return Object.assign(proxy, { port })
})
