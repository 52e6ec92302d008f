/** The baseline: the same requests, sent with undici alone. */
import { Pool } from "@effect/platform-node/Undici"
import { Effect } from "effect"
import type { Recorded } from "./Requests.ts"

/**
 * Sends the requests in order through a pool of `concurrency` connections, each with one request at a time, and reads
 * every response to its end. A response with another status than the recorded one is a defect.
 */
export const replay = (origin: URL, requests: ReadonlyArray<Recorded>, concurrency: number): Effect.Effect<void> =>
  Effect.promise(async () => {
    const pool = new Pool(origin, { connections: concurrency })
    let next = 0
    const worker = async () => {
      for (let request = requests[next++]; request !== undefined; request = requests[next++]) {
        const { body, statusCode } = await pool.request({
          method: request.method as "GET" | "HEAD",
          path: request.url.pathname + request.url.search,
          headers: request.headers
        })
        await body.arrayBuffer()
        if (statusCode !== request.status) throw new Error(`${request.url.href} answered ${statusCode}`)
      }
    }
    await Promise.all(Array.from({ length: concurrency }, worker))
    await pool.close()
  })
