/** The files of the web page. */
import { NodeServices } from "@effect/platform-node"
import { Effect } from "effect"
import { fileURLToPath } from "node:url"
import * as Ui from "./http/service/DashboardFiles.ts"

/** The files of the dashboard; none if it is not built. They are in the package's `dist/ui`. */
export const files: Effect.Effect<Ui.Files> = Effect.provide(
  Ui.load(fileURLToPath(new URL("../dist/ui", import.meta.url))),
  NodeServices.layer
)
