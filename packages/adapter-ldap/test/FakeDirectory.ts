/** A directory that does on purpose what a real one does only when it is broken or not a directory at all. */
import * as Net from "node:net"
import { Effect } from "effect"
import { BerReader, BerWriter } from "ldapts"

export const operation = { bind: 0x60, search: 0x63, extended: 0x77 } as const

export interface Request {
  readonly id: number
  readonly operation: number
}

export interface FakeDirectory {
  readonly url: string
  /** Everything that was received, over all connections. */
  readonly received: () => Buffer
  readonly requests: ReadonlyArray<Request>
  /** How many connections there were, are, and were at the most at one time. */
  readonly connections: { total: number; open: number; most: number }
  /** How many bytes the kernel took from us. */
  readonly sent: () => number
}

const message = (id: number, tag: number, write: (writer: BerWriter) => void): Buffer => {
  const writer = new BerWriter()
  writer.startSequence()
  writer.writeInt(id)
  writer.startSequence(tag)
  write(writer)
  writer.endSequence()
  writer.endSequence()
  return writer.buffer
}

export const result = (id: number, tag: number, code: number, text = ""): Buffer =>
  message(id, tag, (writer) => {
    writer.writeEnumeration(code)
    writer.writeString("")
    writer.writeString(text)
  })

export const bindResult = (id: number, code: number, text?: string) => result(id, 0x61, code, text)
export const searchDone = (id: number, code = 0) => result(id, 0x65, code)
export const extendedResult = (id: number, code: number) => result(id, 0x78, code)
export const entry = (id: number, dn: string, uid: string): Buffer =>
  message(id, 0x64, (writer) => {
    writer.writeString(dn)
    writer.startSequence()
    writer.startSequence()
    writer.writeString("uid")
    writer.startSequence(0x31)
    writer.writeString(uid)
    writer.endSequence()
    writer.endSequence()
    writer.endSequence()
  })

/** Answers as a directory in which everybody is the user `alice` with any password. */
export const friendly = (request: Request, socket: Net.Socket): void => {
  if (request.operation === operation.bind) socket.write(bindResult(request.id, 0))
  if (request.operation === operation.search) {
    socket.write(Buffer.concat([entry(request.id, "uid=alice,dc=example,dc=test", "alice"), searchDone(request.id)]))
  }
}

const parse = (received: Buffer): Request => {
  const reader = new BerReader(received)
  reader.readSequence()
  const id = reader.readInt()!
  return { id, operation: reader.readSequence()! }
}

/** Listens until the scope closes. `answer` is called with each request that arrives in the clear. */
export const serve = (
  answer: (request: Request, socket: Net.Socket) => void,
  onConnect: (socket: Net.Socket) => void = () => {}
) =>
  Effect.gen(function* () {
    const chunks: Array<Buffer> = []
    const requests: Array<Request> = []
    const sockets = new Set<Net.Socket>()
    const connections = { total: 0, open: 0, most: 0 }
    let sent = 0
    const server = Net.createServer((socket) => {
      sockets.add(socket)
      connections.total += 1
      connections.open += 1
      connections.most = Math.max(connections.most, connections.open)
      socket.on("error", () => {})
      socket.on("close", () => {
        sent += socket.bytesWritten
        connections.open -= 1
        sockets.delete(socket)
      })
      socket.on("data", (chunk) => {
        chunks.push(chunk)
        // What begins otherwise is TLS.
        if (chunk[0] !== 0x30) return
        const request = parse(chunk)
        requests.push(request)
        answer(request, socket)
      })
      onConnect(socket)
    })
    yield* Effect.acquireRelease(
      Effect.callback<void>((resume) => void server.listen(0, "127.0.0.1", () => resume(Effect.void))),
      () =>
        Effect.callback<void>((resume) => {
          for (const socket of sockets) socket.destroy()
          server.close(() => resume(Effect.void))
        })
    )
    const { port } = server.address() as Net.AddressInfo
    const fake: FakeDirectory = {
      url: `ldap://127.0.0.1:${port}`,
      received: () => Buffer.concat(chunks),
      requests,
      connections,
      sent: () => sent
    }
    return fake
  })
