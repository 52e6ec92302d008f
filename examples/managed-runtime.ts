// A collector in a program without other effects: its own HTTP server says how much is on disk.
//   PORT=8080 REGISTRY_URL=… REGISTRY_USER=… REGISTRY_TOKEN=… node examples/managed-runtime.ts
import { Bytes, Collector, SnapshotStore, Usage } from "@gitlab-registry-usage/core"
import { Layer, ManagedRuntime, Option } from "effect"
import { createServer } from "node:http"
import * as Registry from "./registry.ts"

const runtime = ManagedRuntime.make(
  Collector.layer({ interval: "1 hour" }).pipe(Layer.provide([Registry.layer, SnapshotStore.layerMemory]))
)
const collector = await runtime.runPromise(Collector.Collector)

const onDisk = async () => {
  const snapshot = Option.getOrUndefined(await runtime.runPromise(collector.current))
  const total = snapshot && Usage.total(snapshot.usage)
  return total === undefined ? "unknown" : Bytes.format(total.diskSize)
}

const server = createServer(async (_, response) => response.end(`on disk: ${await onDisk()}\n`))
server.listen(Number(process.env["PORT"]), "127.0.0.1")
process.once("SIGTERM", () => server.close(() => runtime.dispose()))
