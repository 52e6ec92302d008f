import * as NodeHttp from "node:http"
import type { AddressInfo } from "node:net"
import { Effect } from "effect"

/** A web server that counts who asks it for anything. */
export const Http = Effect.gen(function* () {
  let requests = 0
  const server = NodeHttp.createServer((_, response) => {
    requests += 1
    response.end("{}")
  })
  yield* Effect.acquireRelease(
    Effect.callback<void>((resume) => void server.listen(0, "127.0.0.1", () => resume(Effect.void))),
    () => Effect.callback<void>((resume) => void server.close(() => resume(Effect.void)))
  )
  return { url: `http://127.0.0.1:${(server.address() as AddressInfo).port}/keys`, requests: () => requests }
})
