import { describe, expect, layer } from "@effect/vitest"
import { Context, Effect, Layer } from "effect"
import * as Image from "./Image.ts"
class Built extends Context.Service<Built, Image.Image>()("Built") {}
describe("image", () => {
  layer(Layer.effect(Built, Image.build), { excludeTestServices: true, timeout: 600_000 })("as it is built", (it) => {
    it.effect("x", () =>
      Effect.gen(function* () {
        const image = yield* Built
        console.log(image.configuration, image.files)
        const help = yield* Image.run(image, ["--help"])
        console.log(yield* help.end, help.output())
      })
    )
  })
})
