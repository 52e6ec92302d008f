// A collector inside of another program, which warns each time that a crawl finds more than a budget of bytes on disk.
//   REGISTRY_URL=… REGISTRY_USER=… REGISTRY_TOKEN=… node examples/collector.ts 50GB
import { NodeRuntime } from "@effect/platform-node"
import { Bytes, Collector, SizeText, SnapshotStore, Usage } from "@gitlab-registry-usage/core"
import { Effect, Layer, Option, Stream } from "effect"
import * as Registry from "./registry.ts"

const budget = SizeText.parseSetting(process.argv[2] ?? "")
if (budget === undefined) throw new Error(`give a budget: ${SizeText.forms}`)

const watch = Effect.gen(function* () {
  const { changes } = yield* Collector.Collector
  yield* Stream.runForEach(changes, (snapshot) => {
    if (Option.isNone(snapshot)) return Effect.logInfo("no crawl has ended yet")
    const { usage } = snapshot.value
    const total = Usage.total(usage)
    if (total === undefined || usage.inventory.gaps.length > 0)
      return Effect.logError("some of the registry is unknown")
    const text = `${Bytes.format(total.diskSize)} of ${Bytes.format(budget)}`
    return total.diskSize > budget ? Effect.logWarning(`over budget: ${text}`) : Effect.logInfo(text)
  })
})

const collector = Collector.layer({ interval: "1 hour" }).pipe(
  Layer.provide([Registry.layer, SnapshotStore.layerMemory])
)
NodeRuntime.runMain(watch.pipe(Effect.provide(collector)))
