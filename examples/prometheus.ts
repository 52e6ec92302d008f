// A Prometheus exporter: crawls every hour, and serves the figures at http://127.0.0.1:$PORT/metrics.
//   PORT=9200 REGISTRY_URL=https://registry.example.com REGISTRY_USER=usage REGISTRY_TOKEN=… node examples/prometheus.ts
import { NodeHttpServer, NodeRuntime } from "@effect/platform-node"
import { Collector, OpenMetrics, SnapshotStore } from "@gitlab-registry-usage/core"
import { Config, Effect, Layer, Option } from "effect"
import { HttpRouter, HttpServerResponse } from "effect/http"
import { createServer } from "node:http"
import * as Registry from "./registry.ts"

const metrics = Effect.gen(function* () {
  const { current } = yield* Collector.Collector
  const snapshot = yield* current
  if (Option.isNone(snapshot)) return HttpServerResponse.empty({ status: 503 })
  const text = OpenMetrics.render(OpenMetrics.families(snapshot.value, { maxRepositories: 1000 }))
  return HttpServerResponse.text(text, { contentType: "application/openmetrics-text; version=1.0.0; charset=utf-8" })
})

const layer = Layer.unwrap(
  Effect.map(Config.Port("PORT"), (port) =>
    HttpRouter.serve(HttpRouter.add("GET", "/metrics", metrics)).pipe(
      Layer.provide(Collector.layer({ interval: "1 hour" })),
      Layer.provide([Registry.layer, SnapshotStore.layerMemory]),
      Layer.provide(NodeHttpServer.layer(createServer, { host: "127.0.0.1", port }))
    )
  )
)

NodeRuntime.runMain(Layer.launch(layer))
