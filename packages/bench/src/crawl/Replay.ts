/**
 * The floor: the same requests again, by nothing but undici.
 */
import { Pool } from "@effect/platform-node/Undici"
import { Effect } from "effect"
import type { Recorded } from "./Requests.ts"

/**
 * Sends the requests in their order through a pool of `concurrency` connections, each used for one request at a time, and
 * reads every answer to its end. An answer of another status than then is a defect: the figures would mean nothing.
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
