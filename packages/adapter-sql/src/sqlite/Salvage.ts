import { Worker } from "node:worker_threads"
import { Clock, Effect } from "effect"
import * as Tables from "../database/Tables.ts"
import { type Salvaged, type Task, text } from "./SalvageWorker.ts"

/** How long salvaging may take, in milliseconds; rows that are not read by then are lost. */
const limit = 60_000

const work = (task: Task) =>
  Effect.callback<Salvaged, Error>((resume) => {
    const worker = new Worker(text, { eval: true, name: "sqlite-salvage", workerData: task })
    worker.on("message", (salvaged: Salvaged) => resume(Effect.succeed(salvaged)))
    worker.on("error", (error) => resume(Effect.fail(error)))
    worker.on("exit", () => resume(Effect.fail(new Error("the thread ended"))))
    return Effect.promise(() => worker.terminate())
  })

/**
 * Copies what can be read of a damaged file into a new database that has its tables: all rows, or those of the snapshots
 * of which no row is missing. Reports the result in the log.
 */
export const salvage = Effect.fnUntraced(function* (damaged: string, database: string) {
  const end = (yield* Clock.currentTimeMillis) + limit
  const task = { damaged, database, versioned: Tables.all.map(({ name }) => name), end }
  const result = yield* work(task).pipe(
    // Copying the file and counting its rows come on top.
    Effect.timeout(limit * 2),
    Effect.match({
      onFailure: (error) => `nothing of it could be salvaged (${error.message}), and an empty one begins`,
      onSuccess: ({ snapshots }) =>
        snapshots === 0
          ? "no snapshot of it can be read, and an empty one begins"
          : `${snapshots} of its snapshots can be read and are kept`
    })
  )
  yield* Effect.logError(`the database ${database} is damaged: it was set aside as ${damaged}; ${result}`)
})
