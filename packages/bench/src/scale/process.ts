import { Effect } from "effect"
import type { Crawled, Loaded, Saved, Step } from "./Step.ts"

const run = async (step: Step): Promise<Crawled | Saved | Loaded> => {
  if (step._tag === "crawl") {
    const { crawl } = await import("./Crawling.ts")
    return Effect.runPromise(crawl(step.tags, step.listDigests))
  }
  const { load, save } = await import("./Keeping.ts")
  return Effect.runPromise<Saved | Loaded, unknown>(step._tag === "save" ? save(step.path, step.tags) : load(step.path))
}

process.stdout.write(JSON.stringify(await run(JSON.parse(process.argv[2]!) as Step)))
