/**
 * How many connections are open at once, in all and from one address. Node limits only their number in all, and effect
 * neither.
 */
import { readFileSync } from "node:fs"
import type { Server } from "node:http"
import type { Socket } from "node:net"
import { LoginAttempts } from "@gitlab-registry-usage/core"

export interface Limits {
  /** How many connections may be open at once. */
  readonly maximum: number
  /** How many of them may come from one address. */
  readonly perAddress: number
  /** Addresses without a limit of their own: proxies, which connect for many clients. */
  readonly isExempt: (address: string) => boolean
  /** How long an idle connection stays open (milliseconds): usually, and while more than half of `maximum` are open. */
  readonly keepAlive: { readonly usual: number; readonly crowded: number }
  /** A connection was closed at once, because there were too many in all or from its address. */
  readonly refused: (limit: "all" | "address", address: string) => void
}

/** Files that are not connections: the database, the registry, other ports, and what Node itself has open. */
const otherFiles = 200

/** How many files this process may open at once (Linux), of which each connection is one; infinite where unknown. */
const openFiles = (): number => {
  try {
    const [, soft] = /^Max open files +(\d+)/m.exec(readFileSync("/proc/self/limits", "utf8")) ?? []
    return soft === undefined ? Number.POSITIVE_INFINITY : Number(soft)
  } catch {
    return Number.POSITIVE_INFINITY
  }
}

/**
 * The number of connections, lowered where the process may not open as many files. Without files left, no port would take
 * a connection, and so no health check.
 */
export const affordable = (maximum: number, files = openFiles()): number =>
  Math.min(maximum, Math.max(files - otherFiles, Math.floor(files / 2)))

/** The address whose connections are counted together, as sign-ins are. */
export const source = LoginAttempts.source

/** Limits the connections of a server, and closes idle ones sooner when few are left, so that a health check gets one. */
export const limit = (server: Server, { isExempt, keepAlive, maximum, perAddress, refused }: Limits): void => {
  const counted = new WeakSet<Socket>()
  const open = new Map<string, number>()
  let all = 0
  const change = (address: string, by: 1 | -1) => {
    all += by
    server.keepAliveTimeout = all > maximum / 2 ? keepAlive.crowded : keepAlive.usual
    const own = (open.get(address) ?? 0) + by
    if (own === 0) open.delete(address)
    else open.set(address, own)
    return own
  }
  server.maxConnections = maximum
  server.on("drop", (data) => refused("all", data?.remoteAddress ?? ""))
  server.on("connection", (socket: Socket) => {
    // A connection that asked for an upgrade is taken again.
    if (counted.has(socket)) return
    counted.add(socket)
    const remote = socket.remoteAddress ?? ""
    const address = source(remote)
    const own = change(address, 1)
    socket.once("close", () => change(address, -1))
    if (own <= perAddress || isExempt(remote)) return
    refused("address", address)
    socket.destroy()
  })
}
