/**
 * The web page below `/ui/`.
 *
 * @since 0.1.0
 */
import { NodeServices } from "@effect/platform-node"
import { Layer } from "effect"
import { fileURLToPath } from "node:url"
import * as DashboardFiles from "./http/service/DashboardFiles.ts"

/**
 * Has the server or the app above it serve the page of this package, which is read once, when the layer is built. A program
 * that is bundled into one file brings no page: it copies `dist/ui` of this package and provides `layerDirectory`.
 *
 * @category layers
 * @since 0.1.0
 */
export const layer: Layer.Layer<never> = Layer.suspend(() =>
  layerDirectory(fileURLToPath(new URL("../dist/ui", import.meta.url)))
)

/**
 * Has the server or the app above it serve the files of a directory. Where the directory does not exist, there is no page.
 *
 * @category layers
 * @since 0.1.0
 */
export const layerDirectory = (directory: string): Layer.Layer<never> =>
  Layer.effect(DashboardFiles.Current, DashboardFiles.load(directory)).pipe(Layer.provide(NodeServices.layer))
