/** The web page, from where it was built. */
import { NodeServices } from "@effect/platform-node"
import { Effect } from "effect"
import { fileURLToPath } from "node:url"
import * as Ui from "./http/service/DashboardFiles.ts"

/**
 * The files of the dashboard, none where it was not built. They lie within the package, beside what the sources are
 * built into.
 */
export const files: Effect.Effect<Ui.Files> = Effect.provide(
  Ui.load(fileURLToPath(new URL("../dist/ui", import.meta.url))),
  NodeServices.layer
)
