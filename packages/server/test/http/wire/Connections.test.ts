import { describe, expect, it } from "@effect/vitest"
import fc from "fast-check"
import { createServer } from "node:http"
import { connect, type AddressInfo, type Socket } from "node:net"
import { once } from "node:events"
import * as Connections from "../../../src/http/wire/Connections.ts"

describe("source", () => {
  it("is the address of IPv4, also within IPv6, and the network /64 of IPv6", () => {
    for (const [address, expected] of [
      ["192.0.2.1", "192.0.2.1"],
      ["::ffff:192.0.2.1", "192.0.2.1"],
      ["::FFFF:192.0.2.1", "192.0.2.1"],
      ["2001:db8:1:2:3:4:5:6", "2001:db8:1:2::/64"],
      ["2001:db8:1:2::6", "2001:db8:1:2::/64"],
      ["2001:db8::6", "2001:db8:0:0::/64"],
      ["::1", "0:0:0:0::/64"],
      ["::", "0:0:0:0::/64"],
      ["fe80::1%eth0", "fe80:0:0:0::/64"],
      ["", ""]
    ] as const) {
      expect(Connections.source(address), address).toBe(expected)
    }
  })

  it("does not depend on the second half of an IPv6 address (property)", () =>
    fc.assert(
      fc.property(fc.array(fc.integer({ min: 1, max: 65_535 }), { minLength: 8, maxLength: 8 }), (groups) => {
        const text = (numbers: ReadonlyArray<number>) => numbers.map((number) => number.toString(16)).join(":")
        expect(Connections.source(text(groups))).toBe(`${text(groups.slice(0, 4))}::/64`)
        expect(Connections.source(`${text(groups.slice(0, 4))}::1`)).toBe(Connections.source(text(groups)))
      })
    ))
})

it("affordable leaves files for everything else", () => {
  expect(Connections.affordable(10_000, Number.POSITIVE_INFINITY)).toBe(10_000)
  expect(Connections.affordable(10_000, 1_048_576)).toBe(10_000)
  expect(Connections.affordable(10_000, 1024)).toBe(824)
  expect(Connections.affordable(10_000, 256)).toBe(128)
  expect(Connections.affordable(50, 1024)).toBe(50)
})

describe("limit", () => {
  /** Opens so many connections; how many stay open, and what was refused. */
  const opened = async (count: number, isExempt: boolean) => {
    const refused: Array<string> = []
    const server = createServer()
    Connections.limit(server, {
      maximum: 12,
      perAddress: 5,
      isExempt: () => isExempt,
      keepAlive: { usual: 5000, crowded: 1000 },
      refused: (limit, address) => refused.push(`${limit} ${address}`)
    })
    server.listen(0, "127.0.0.1")
    await once(server, "listening")
    const sockets: Array<Socket> = []
    const open = async () => {
      const socket = connect((server.address() as AddressInfo).port, "127.0.0.1")
      socket.on("error", () => {})
      sockets.push(socket)
      await Promise.race([once(socket, "close"), once(socket, "connect")])
    }
    for (let i = 0; i < count; i++) await open()
    const aMoment = () => new Promise((resolve) => setTimeout(resolve, 200))
    await aMoment()
    const stay = sockets.filter(({ closed }) => !closed)
    // One that closes makes room for another.
    stay[0]!.destroy()
    await aMoment()
    const before = refused.length
    await open()
    await aMoment()
    const again = refused.length === before && !sockets.at(-1)!.closed
    for (const socket of sockets) socket.destroy()
    server.close()
    return { stay: stay.length, refused: [...new Set(refused)], again }
  }

  it("refuses those of one address beyond its limit", async () => {
    expect(await opened(9, false)).toEqual({ stay: 5, refused: ["address 127.0.0.1"], again: true })
  })

  it("does not limit proxies by address, but in all", async () => {
    expect(await opened(15, true)).toEqual({ stay: 12, refused: ["all 127.0.0.1"], again: true })
  })
})
