import { Effect } from "effect"
import type { Steps } from "./ChildProcess.ts"

type Run = (...args: ReadonlyArray<unknown>) => Effect.Effect<unknown, unknown>

const [name, ...args] = JSON.parse(process.argv[2]!) as [keyof Steps, ...ReadonlyArray<unknown>]
const steps = name === "crawl" ? await import("./Crawling.ts") : await import("./Keeping.ts")
const step = (steps as unknown as Readonly<Record<keyof Steps, Run>>)[name]
process.stdout.write(JSON.stringify(await Effect.runPromise(step(...args))))
