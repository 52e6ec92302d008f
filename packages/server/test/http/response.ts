/** Responses that the client of the tests cannot express: of raw requests, and problem documents. */
import { expect } from "@effect/vitest"
import { Effect } from "effect"
import { HttpServer } from "effect/http"
import { createConnection } from "node:net"

/** Sends these bytes and reads the response to its end. */
export const raw = (request: string) =>
  Effect.gen(function* () {
    const { address } = yield* HttpServer.HttpServer
    const port = (address as { port: number }).port
    return yield* Effect.callback<string, Error>((resume) => {
      const socket = createConnection(port, "127.0.0.1", () => socket.end(request))
      let text = ""
      socket.on("data", (chunk) => (text += chunk))
      socket.on("close", () => resume(Effect.succeed(text)))
      socket.on("error", (error) => resume(Effect.fail(error)))
    })
  })

/** Expects a problem document. */
export const isProblem = (answer: { headers: Record<string, unknown>; json: unknown; status: number }) => {
  expect(answer.headers["content-type"]).toBe("application/problem+json")
  expect(answer.json).toMatchObject({ type: "about:blank", status: answer.status })
  expect((answer.json as { detail: string }).detail.length).toBeGreaterThan(10)
}
