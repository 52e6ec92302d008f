/**
 * `main.ts --minutes N [--rate N] [--faults SHARE] [--json FILE] [--record FILE]`: runs the soak and prints its series.
 * `--json` writes all samples, `--record` the figures of the whole.
 */
import { writeFileSync } from "node:fs"
import { parseArgs } from "node:util"
import { Effect } from "effect"
import { problems, run, type Sample, summary } from "./Soak.ts"

const { values } = parseArgs({
  options: {
    minutes: { type: "string", default: "10" },
    rate: { type: "string", default: "50" },
    faults: { type: "string", default: "0.01" },
    json: { type: "string" },
    record: { type: "string" }
  }
})
const seconds = Number(values.minutes) * 60
const columns = ["seconds", "rss MiB", "heap MiB", "descriptors", "reads", "5xx", "crawls", "failed"]
const row = (cells: ReadonlyArray<string | number>) =>
  console.log(cells.map((cell) => String(cell).padStart(12)).join(""))
const mebibytes = (bytes: number) => (bytes / 2 ** 20).toFixed(1)

row(columns)
const report = await Effect.runPromise(
  run({
    seconds,
    every: Math.max(1, Math.min(60, seconds / 30)),
    rate: Number(values.rate),
    faults: Number(values.faults),
    onSample: (sample: Sample) =>
      row([
        sample.seconds,
        mebibytes(sample.resident),
        mebibytes(sample.heap),
        sample.descriptors,
        sample.reads,
        sample.serverErrors,
        sample.crawls,
        sample.failedCrawls
      ])
  })
)
const found = problems(report)
if (values.json !== undefined)
  writeFileSync(values.json, `${JSON.stringify({ ...report, problems: found }, null, 2)}\n`)
if (values.record !== undefined) writeFileSync(values.record, `${JSON.stringify(summary(report), null, 2)}\n`)
const { latency, injected } = report
console.log(
  `\n${injected} faults; reads took ${latency.median.toFixed(1)} ms (median), ${latency.p99.toFixed(1)} ms (p99): ` +
    (found.length === 0 ? "flat, and no errors" : found.join("; "))
)
process.exit(found.length === 0 ? 0 : 1)
